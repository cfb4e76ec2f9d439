"""Nothing of an Ingress that we render does the load balancer controller refuse or pass over."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.alb_rules import PREFIX, attributes, refusals

from appinstance_local.paths import REPO

_GOLDEN = (
    *sorted(Path(__file__).parent.glob("golden/*/expected.yaml")),
    *sorted((REPO / "tests" / "charts" / "golden").glob("*.yaml")),
    *sorted((REPO / "manifests").rglob("*.yaml")),
)
_FEWEST = 10


def _objects(path: Path) -> list[dict[str, Any]]:
    return [item for item in yaml.safe_load_all(path.read_text()) if isinstance(item, dict)]


def _ingresses(path: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each Ingress of class alb with the Services beside it."""
    objects = _objects(path)
    services = {item["metadata"]["name"]: item for item in objects if item.get("kind") == "Service"}
    return [
        (item, services)
        for item in objects
        if item.get("kind") == "Ingress" and item["spec"].get("ingressClassName") == "alb"
    ]


_WITH_ALB = [path for path in _GOLDEN if _ingresses(path)]
_ONE, _SERVICES = _ingresses(
    Path(__file__).parent / "golden" / "security-groups" / "expected.yaml"
)[0]


@pytest.mark.parametrize("path", _WITH_ALB, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_ingress_is_refused_or_passed_over(path: Path) -> None:
    for ingress, services in _ingresses(path):
        assert refusals(ingress, services) == []


def test_there_are_ingresses() -> None:
    assert len(_WITH_ALB) >= _FEWEST


def _put(key: str, value: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(ingress: dict[str, Any], _services: dict[str, Any]) -> None:
        ingress["metadata"]["annotations"][PREFIX + key] = value

    return change


def _gone(key: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(ingress: dict[str, Any], _services: dict[str, Any]) -> None:
        del ingress["metadata"]["annotations"][PREFIX + key]

    return change


def _path(**change: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def apply(ingress: dict[str, Any], _services: dict[str, Any]) -> None:
        ingress["spec"]["rules"][0]["http"]["paths"][0] |= change

    return apply


def _of_service(
    change: Callable[[dict[str, Any]], object],
) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def apply(ingress: dict[str, Any], services: dict[str, Any]) -> None:
        path = ingress["spec"]["rules"][0]["http"]["paths"][0]
        change(services[path["backend"]["service"]["name"]])

    return apply


def _other_port(service: dict[str, Any]) -> None:
    service["spec"]["ports"][0]["port"] = 1


def _annotated(service: dict[str, Any]) -> None:
    service["metadata"]["annotations"] = {f"{PREFIX}scheme": "internal"}


def _long_host(ingress: dict[str, Any], _services: dict[str, Any]) -> None:
    ingress["spec"]["rules"][0]["host"] = f"{'a' * 63}.{'b' * 63}.example.com"


def _sources(*networks: str) -> str:
    return json.dumps([{"field": "source-ip", "sourceIpConfig": {"values": networks}}])


def _many_hosts(ingress: dict[str, Any], _services: dict[str, Any]) -> None:
    ingress["spec"]["rules"] *= 51


def _old_class(ingress: dict[str, Any], _services: dict[str, Any]) -> None:
    ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "alb"


_WRONG: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], None], str]] = {
    "a misspelt key": (_put("ssl-polcy", "x"), "ssl-polcy"),
    "a key of another kind of load balancer": (_put("aws-load-balancer-type", "nlb"), "not one"),
    "an unknown scheme": (_put("scheme", "public"), "scheme"),
    "an unknown type of target": (_put("target-type", "pod"), "target-type"),
    "targets by node": (_put("target-type", "instance"), "NodePort"),
    "ports that are no JSON": (_put("listen-ports", "80,443"), "listen-ports"),
    "no port": (_put("listen-ports", "[]"), "listen-ports"),
    "a port that there is not": (_put("listen-ports", '[{"HTTPS":70000}]'), "listen-ports"),
    "a protocol that it has not": (_put("listen-ports", '[{"TCP":443}]'), "listen-ports"),
    "a redirect to HTTP": (_put("ssl-redirect", "80"), "ssl-redirect"),
    "a redirect to nowhere": (_put("ssl-redirect", "8443"), "ssl-redirect"),
    "a redirect by word": (_put("ssl-redirect", "true"), "number"),
    "HTTPS without a certificate": (_gone("certificate-arn"), "certificate-arn"),
    "a policy of another service": (_put("ssl-policy", "TLSv1.2_2021"), "ssl-policy"),
    "attributes that are no pairs": (_put("load-balancer-attributes", "a,b=c"), "k1=v1"),
    "an attribute that ELB has not": (
        _put("load-balancer-attributes", "routing.http.drop_invalid_headers.enabled=true"),
        "ELB knows no",
    ),
    "an attribute of target groups": (
        _put("load-balancer-attributes", "deregistration_delay.timeout_seconds=5"),
        "ELB knows no",
    ),
    "a boolean in other words": (_put("manage-backend-security-group-rules", "no"), "true or"),
    "a switch without its groups": (_gone("security-groups"), "passed over"),
    "more groups than there may be": (_put("security-groups", "a,b,c,d,e,f"), "five"),
    "a web ACL of CloudFront": (
        _put("wafv2-acl-arn", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/n/0"),
        "wafv2",
    ),
    "a web ACL by name": (_put("wafv2-acl-arn", "platform"), "wafv2"),
    "a health check on no port": (_put("healthcheck-port", "health-port"), "healthcheck-port"),
    "a health check by TCP": (_put("healthcheck-protocol", "TCP"), "healthcheck-protocol"),
    "a path with a wildcard": (_path(path="/api/*"), "wildcard"),
    "a path that is too long": (_path(path=f"/{'a' * 126}"), "128"),
    "a path without a service": (_path(backend={"resource": {"kind": "x"}}), "no service"),
    "a service that is not there": (
        _path(backend={"service": {"name": "x", "port": {"number": 1}}}),
        "not there",
    ),
    "a port that the service has not": (_of_service(_other_port), "no port"),
    "an annotation at a service that is read of none": (_of_service(_annotated), "not read"),
    "a host that is too long": (_long_host, "128"),
    "the class as it was once": (_old_class, "ingress.class"),
    "an action that is not there": (
        _path(backend={"service": {"name": "x", "port": {"name": "use-annotation"}}}),
        "actions.x",
    ),
    "conditions that are no list": (_put("conditions.shop-backend", "x"), "not a list"),
    "four networks in a condition": (
        _put("conditions.shop-backend", _sources("10.0.0.0/8", "10.1.0.0/16", "::/1", "8::/16")),
        "3 values in a condition",
    ),
    "three networks beside a host and a path": (
        _put("conditions.shop-backend", _sources("10.0.0.0/8", "10.1.0.0/16", "8000::/1")),
        "5 values in a rule",
    ),
    "a source that is none": (
        _put("conditions.shop-backend", '[{"field":"source-ip"}]'), "source-ip with its values",
    ),
    "more rules than there may be": (_many_hosts, "100 at most"),
}  # fmt: skip


@pytest.mark.parametrize("name", _WRONG)
def test_what_is_wrong_is_found(name: str) -> None:
    change, told = _WRONG[name]
    ingress, services = copy.deepcopy(_ONE), copy.deepcopy(_SERVICES)
    assert refusals(ingress, services) == []
    change(ingress, services)
    assert any(told in sentence for sentence in refusals(ingress, services))


def test_elbs_model_names_its_attributes() -> None:
    """They are read out of its documentation: none would let every one be unknown."""
    assert "routing.http.drop_invalid_header_fields.enabled" in attributes("LoadBalancerAttribute")
    assert "deregistration_delay.timeout_seconds" in attributes("TargetGroupAttribute")
