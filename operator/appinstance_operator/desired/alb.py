"""What of an Ingress the AWS load balancer controller reads: annotations, and rules by source.

Its defaults are not ours: its TLS policy is from 2016, and without a redirect it serves plain HTTP.
No `group.name` is ever set: with one, another Ingress could change our rules.

`allowFrom` is a condition of each listener rule, not the controller's `inbound-cidrs`: those are
rules of a group that it makes itself, and passed over where the load balancer has groups of its own
(docs/adr/0043). ELB takes three values in a condition and five in a rule, of which host and path
take three: so a rule has two networks, and there is one for each two. What no rule lets through is
answered with 404 by the listener itself.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, Component

from . import names

_PREFIX = "alb.ingress.kubernetes.io"
_LISTEN = [{"HTTP": 80}, {"HTTPS": 443}]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _rule_name(component: Component, number: int) -> str:
    return f"{component.name}-from-{number}"


def backends(instance: AppInstance, component: Component) -> list[dict[str, Any]]:
    """Return the backends of an Ingress's path, by source: each is an action in an annotation."""
    return [
        {
            "service": {
                "name": _rule_name(component, number),
                "port": {"name": "use-annotation"},
            }
        }
        for number, _ in enumerate(instance.exposure.by_rule)
    ]


def _source_rules(instance: AppInstance) -> Iterator[tuple[str, str]]:
    for component, (number, networks) in itertools.product(
        instance.components, enumerate(instance.exposure.by_rule)
    ):
        name = _rule_name(component, number)
        target = {
            "serviceName": names.of(instance, component.name),
            "servicePort": component.port,
        }
        action = {"type": "forward", "forwardConfig": {"targetGroups": [target]}}
        condition = {"field": "source-ip", "sourceIpConfig": {"values": list(networks)}}
        yield f"{_PREFIX}/actions.{name}", _json(action)
        yield f"{_PREFIX}/conditions.{name}", _json([condition])


def rules_in_words(instance: AppInstance, settings: Settings) -> dict[str, str]:
    """Return the annotations of the instance's Ingress."""
    edge, exposure = settings.edge, instance.exposure
    found = {
        f"{_PREFIX}/scheme": "internal" if exposure.internal else edge.scheme,
        f"{_PREFIX}/target-type": "ip",
        f"{_PREFIX}/listen-ports": _json(_LISTEN),
        f"{_PREFIX}/ssl-redirect": "443",
        f"{_PREFIX}/ssl-policy": edge.tls_policy,
        # On the port that serves: the edge needs no other one (docs/adr/0029).
        f"{_PREFIX}/healthcheck-port": "traffic-port",
        f"{_PREFIX}/healthcheck-path": "/healthz",
        f"{_PREFIX}/healthcheck-protocol": "HTTP",
        f"{_PREFIX}/load-balancer-attributes": ",".join(
            (
                "routing.http.drop_invalid_header_fields.enabled=true",
                "routing.http.desync_mitigation_mode=strictest",
            )
        ),
    }
    inside = edge.internal if exposure.internal else None
    groups = (inside and inside.security_group_ids) or edge.security_group_ids
    if groups:
        found[f"{_PREFIX}/security-groups"] = ",".join(groups)
        # The pods' groups name this one already; the controller has nothing to open.
        found[f"{_PREFIX}/manage-backend-security-group-rules"] = "false"
    certificate = exposure.certificate_arn or edge.certificate_arn
    if certificate:
        found[f"{_PREFIX}/certificate-arn"] = certificate
    # Removing the annotation would leave an attached ACL in place; `none` takes it off.
    found[f"{_PREFIX}/wafv2-acl-arn"] = edge.waf_acl_arn or "none"
    return {**found, **dict(_source_rules(instance))}
