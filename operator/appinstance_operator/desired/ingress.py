"""The Ingress: `/api` goes to the backend, the rest to the frontend (without one, to the backend).

For the AWS load balancer controller all that matters is set in words, because its defaults are not
ours: its TLS policy is from 2016, and without a redirect it serves plain HTTP. Other classes get
the portable part. No `group.name` is ever set: with one, another Ingress could change our rules.
"""

from __future__ import annotations

import json
from typing import Any

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, Component

from . import names
from .base import manifest, metadata

_ALB = "alb.ingress.kubernetes.io"
_LISTEN = json.dumps([{"HTTP": 80}, {"HTTPS": 443}], separators=(",", ":"))


def _alb_annotations(settings: Settings) -> dict[str, str]:
    edge = settings.edge
    annotations = {
        f"{_ALB}/scheme": edge.scheme,
        f"{_ALB}/target-type": "ip",
        f"{_ALB}/listen-ports": _LISTEN,
        f"{_ALB}/ssl-redirect": "443",
        f"{_ALB}/ssl-policy": edge.tls_policy,
        # On the port that serves: the edge needs no other one (docs/adr/0070).
        f"{_ALB}/healthcheck-port": "traffic-port",
        f"{_ALB}/healthcheck-path": "/healthz",
        f"{_ALB}/healthcheck-protocol": "HTTP",
        f"{_ALB}/load-balancer-attributes": ",".join(
            (
                "routing.http.drop_invalid_header_fields.enabled=true",
                "routing.http.desync_mitigation_mode=strictest",
            )
        ),
    }
    if edge.security_group_ids:
        annotations[f"{_ALB}/security-groups"] = ",".join(edge.security_group_ids)
        # The pods' groups name this one already; the controller has nothing to open.
        annotations[f"{_ALB}/manage-backend-security-group-rules"] = "false"
    if edge.certificate_arn:
        annotations[f"{_ALB}/certificate-arn"] = edge.certificate_arn
    # Removing the annotation would leave an attached ACL in place; `none` takes it off.
    annotations[f"{_ALB}/wafv2-acl-arn"] = edge.waf_acl_arn or "none"
    return annotations


def _path(instance: AppInstance, path: str, component: Component) -> dict[str, Any]:
    return {
        "path": path,
        "pathType": "Prefix",
        "backend": {
            "service": {
                "name": names.of(instance, component.name),
                "port": {"number": component.port},
            }
        },
    }


def ingress(instance: AppInstance, settings: Settings) -> Manifest:
    """Return the Ingress of the instance."""
    is_alb = settings.edge.class_name == "alb"
    page = instance.frontend or instance.backend
    return manifest(
        "networking.k8s.io/v1",
        "Ingress",
        metadata(instance, instance.name, "edge", _alb_annotations(settings) if is_alb else None),
        spec={
            "ingressClassName": settings.edge.class_name,
            "rules": [
                {
                    "host": host,
                    "http": {
                        "paths": [
                            _path(instance, "/api", instance.backend),
                            _path(instance, "/", page),
                        ]
                    },
                }
                for host in instance.served_hosts
            ],
            "tls": [{"hosts": list(instance.served_hosts)}],
        },
    )
