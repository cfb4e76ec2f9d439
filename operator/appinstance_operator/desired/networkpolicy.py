"""NetworkPolicies: the security groups of the ECS design, per component.

Ingress is admitted on the *container* port, because with target type `ip` the load balancer's own
addresses reach the pod, and from the edge on that port alone. Node addresses (probes, which go to
the health port) are always admitted by the network plugin and are never named. DNS is UDP and TCP.
Everything is one object per component, so that an opening can't outlive the component it was for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from appinstance_operator.api.access import NOBODY, Agreed, Key
from appinstance_operator.api.background import DATABASE, EGRESS, MEDIA, Worker
from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, Component
from appinstance_operator.api.values import Peer

from . import names
from .base import manifest, metadata


def _peer(peer: Peer) -> dict[str, Any]:
    if peer.cidr:
        return {"ipBlock": {"cidr": peer.cidr}}
    return {
        "namespaceSelector": _selector(peer.namespace_selector),
        "podSelector": _selector(peer.pod_selector),
    }


def _selector(selector: Any) -> dict[str, Any]:
    return {"matchLabels": dict(selector.match_labels)}


def _tcp(port: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}


def _to(peers: Iterable[Peer], port: int) -> dict[str, Any]:
    return {"to": [_peer(peer) for peer in peers], "ports": [_tcp(port)]}


def _dns(settings: Settings) -> dict[str, Any]:
    dns = settings.dns
    return {
        "to": [
            {
                "namespaceSelector": _selector(dns.namespace_selector),
                "podSelector": _selector(dns.pod_selector),
            }
        ],
        "ports": [{"protocol": "UDP", "port": 53}, _tcp(53)],
    }


def _from_edge(instance: AppInstance, component: Component, settings: Settings) -> dict[str, Any]:
    edge = settings.edge
    inside = edge.internal if instance.exposure.internal else None
    return {
        "from": [_peer(peer) for peer in (inside or edge).sources],
        "ports": [_tcp(component.port)],
    }


def _from_monitoring(component: Component | Worker, settings: Settings) -> list[dict[str, Any]]:
    """Return the rule that lets the platform read metrics, where the settings name who may."""
    sources, port = settings.monitoring.sources, component.metrics.port
    if not sources or port is None:
        return []
    return [{"from": [_peer(peer) for peer in sources], "ports": [_tcp(port)]}]


def _backend(key: Key) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": key[0]}},
        "podSelector": {"matchLabels": names.backend_of(key[1])},
    }


def _between(
    instance: AppInstance, agreed: Agreed
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the ingress and egress rules for other AppInstances' backends."""
    ingress = [
        {"from": [_backend(key)], "ports": [_tcp(instance.backend.port)]} for key in agreed.callers
    ]
    return ingress, [{"to": [_backend(key)], "ports": [_tcp(port)]} for key, port in agreed.called]


def _openings(instance: AppInstance) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the spec's own ingress and egress rules for the backend."""
    ingress = [
        {
            "from": [
                {
                    "namespaceSelector": rule["namespaceSelector"],
                    "podSelector": rule["podSelector"],
                }
            ],
            "ports": [_tcp(port) for port in rule["ports"]],
        }
        for rule in instance.network.ingress
    ]
    egress = [
        {
            "to": [{"ipBlock": {"cidr": rule["cidr"]}}],
            "ports": [_tcp(port) for port in rule["ports"]],
        }
        for rule in instance.network.egress
    ]
    return ingress, egress


def _policy(
    instance: AppInstance,
    component: str,
    ingress: list[dict[str, Any]],
    egress: list[dict[str, Any]],
) -> Manifest:
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        metadata(instance, names.of(instance, component), component),
        spec={
            "podSelector": {"matchLabels": names.selector(instance, component)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    )


def default_deny(instance: AppInstance) -> Manifest:
    """Return the policy that closes every pod of the instance; it comes before any of them."""
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        metadata(instance, names.of(instance, "default-deny"), "network"),
        spec={
            "podSelector": {"matchLabels": names.selector(instance)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [],
        },
    )


def policies(
    instance: AppInstance, settings: Settings, agreed: Agreed = NOBODY
) -> tuple[Manifest, ...]:
    """Return all policies of the instance, the one that denies all first."""
    database = _to(settings.database.destinations, settings.database.port)
    aws = _to(settings.aws_endpoints.destinations, settings.aws_endpoints.port)
    outside = [_to(place.destinations, place.port) for place in settings.outside.named]
    ingress, egress = _openings(instance)
    callers, called = _between(instance, agreed)
    used = [database] if instance.database else []
    used += [aws] if instance.goes_to_aws else []
    found = [
        default_deny(instance),
        _policy(
            instance,
            "backend",
            [
                _from_edge(instance, instance.backend, settings),
                *_from_monitoring(instance.backend, settings),
                *ingress,
                *callers,
            ],
            [_dns(settings), *used, *outside, *egress, *called],
        ),
    ]
    if instance.frontend:
        edge = _from_edge(instance, instance.frontend, settings)
        found.append(_policy(instance, "frontend", [edge], [_dns(settings)]))
    if instance.migrate:
        found.append(_policy(instance, "migrate", [], [_dns(settings), database]))
    uses = {DATABASE: [database], MEDIA: [aws], EGRESS: [*outside, *egress]}
    for process in instance.background:
        opened = [rule for use, rules in uses.items() if use in process.uses for rule in rules]
        asked = _from_monitoring(process, settings) if isinstance(process, Worker) else []
        found.append(_policy(instance, process.name, asked, [_dns(settings), *opened]))
    return tuple(found)
