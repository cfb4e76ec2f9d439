"""The Ingress: what of the host goes to the backend, and what to the frontend.

What matters to the AWS load balancer controller is in alb.py; other classes get the portable part.
"""

from __future__ import annotations

from typing import Any

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, Component

from . import alb, names
from .base import manifest, metadata


def _path(instance: AppInstance, path: str, component: Component) -> list[dict[str, Any]]:
    service = {
        "service": {"name": names.of(instance, component.name), "port": {"number": component.port}}
    }
    # Only of class alb: elsewhere `allowFrom` is refused (api/exposure.py).
    backends = alb.backends(instance, component) or [service]
    return [{"path": path, "pathType": "Prefix", "backend": backend} for backend in backends]


def ingress(instance: AppInstance, settings: Settings) -> Manifest:
    """Return the Ingress of the instance."""
    is_alb = settings.edge.class_name == "alb"
    annotations = alb.rules_in_words(instance, settings) if is_alb else None
    components = {component.name: component for component in instance.components}
    return manifest(
        "networking.k8s.io/v1",
        "Ingress",
        metadata(instance, instance.name, "edge", annotations),
        spec={
            "ingressClassName": settings.edge.class_name,
            "rules": [
                {
                    "host": host,
                    "http": {
                        "paths": [
                            rule
                            for route in instance.routes
                            for rule in _path(instance, route.path, components[route.to])
                        ]
                    },
                }
                for host in instance.served_hosts
            ],
            "tls": [{"hosts": list(instance.served_hosts)}],
        },
    )
