"""What the AWS load balancer controller refuses or passes over, of an Ingress and its Services.

From kubernetes-sigs/aws-load-balancer-controller at 225f445 (v3.5.0); the file is named at each
rule, under pkg/ingress where no folder is given. A key that the controller does not know it passes
over without a word, and a value that it cannot read keeps the whole Ingress from being built.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.session

Manifest = Mapping[str, Any]
PREFIX = "alb.ingress.kubernetes.io/"
# docs/guide/ingress/annotations.md (the table), pkg/annotations/constants.go
_TEXTS = frozenset(
    [
        "load-balancer-name",
        "group.name",
        "subnets",
        "security-groups",
        "customer-owned-ipv4-pool",
        "wafv2-acl-arn",
        "wafv2-acl-name",
        "waf-acl-id",
        "inbound-cidrs",
        "security-group-prefix-lists",
        "certificate-arn",
        "ssl-policy",
        "healthcheck-port",
        "healthcheck-path",
        "success-codes",
        "auth-on-unauthenticated-request",
        "auth-scope",
        "auth-session-cookie",
        "ipam-ipv4-pool-id",
        "minimum-load-balancer-capacity",
    ]
)
_NUMBERS = frozenset(
    [
        "group.order",
        "ssl-redirect",
        "healthcheck-interval-seconds",
        "healthcheck-timeout-seconds",
        "healthy-threshold-count",
        "unhealthy-threshold-count",
        "auth-session-timeout",
    ]
)
_BOOLEANS = frozenset(
    [
        "manage-backend-security-group-rules",
        "shield-advanced-protection",
        "use-regex-path-match",
        "multi-cluster-target-group",
        "enable-frontend-nlb",
    ]
)
_MAPS = frozenset(
    ["tags", "load-balancer-attributes", "target-group-attributes", "target-node-labels"]
)
_JSON = frozenset(
    ["listen-ports", "auth-idp-cognito", "auth-idp-oidc", "jwt-validation", "mutual-authentication"]
)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    # model_build_load_balancer.go, model_build_target_group.go
    "scheme": ("internal", "internet-facing"),
    "ip-address-type": ("ipv4", "dualstack", "dualstack-without-public-ipv4"),
    "target-type": ("instance", "ip"),
    "backend-protocol": ("HTTP", "HTTPS"),
    "backend-protocol-version": ("HTTP1", "HTTP2", "GRPC"),
    "healthcheck-protocol": ("HTTP", "HTTPS"),
    "auth-type": ("none", "oidc", "cognito"),
}
_NAMED = re.compile(
    r"(actions|conditions|transforms)\.[\w-]+|listener-attributes\.(HTTP|HTTPS)-\d+"
)
# Those that it reads of a Service, too (the table's column "Location").
_OF_SERVICES = frozenset(
    [
        "tags",
        "target-type",
        "backend-protocol",
        "backend-protocol-version",
        "target-group-attributes",
        "healthcheck-port",
        "healthcheck-protocol",
        "healthcheck-path",
        "healthcheck-interval-seconds",
        "healthcheck-timeout-seconds",
        "healthy-threshold-count",
        "unhealthy-threshold-count",
        "success-codes",
        "auth-type",
        "target-node-labels",
        "multi-cluster-target-group",
    ]
)
_MOST_GROUPS, _LONGEST, _LAST_PORT = 5, 128, 65535
# ELB's quotas: values in a condition and in a rule, rules of a load balancer
_MOST_OF_A_CONDITION, _MOST_OF_A_RULE, _MOST_RULES = 3, 5, 100


@functools.cache
def attributes(shape: str) -> frozenset[str]:
    """Return the attributes that ELB's own model names, of a load balancer or a target group."""
    model: Any = botocore.session.get_session().get_service_model("elbv2")
    text = model.shape_for(shape).members["Key"].documentation
    return frozenset(re.findall(r"<code>([a-z0-9_.]+)</code>", text))


def _map(value: str) -> dict[str, str] | None:
    """Read a stringMap as pkg/annotations/parser.go does; None where it refuses."""
    pairs = [item.partition("=") for item in value.split(",") if item]
    if any(not sign or not key.strip() for key, sign, _ in pairs):
        return None
    return {key.strip(): given.strip() for key, _, given in pairs}


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _unreadable(key: str, value: str) -> str | None:
    """Return what is wrong with a value by its kind."""
    if key in _CHOICES:
        return None if value in _CHOICES[key] else f"must be one of {', '.join(_CHOICES[key])}"
    # strconv's own words for a boolean
    checks: tuple[tuple[frozenset[str], Callable[[str], bool], str], ...] = (
        (_NUMBERS, lambda item: re.fullmatch(r"-?\d+", item) is not None, "must be a number"),
        (_BOOLEANS, lambda item: item in {"true", "false"}, "must be true or false"),
        (_MAPS, lambda item: _map(item) is not None, "must be k1=v1,k2=v2"),
        (_JSON, lambda item: _json(item) is not None, "must be JSON"),
        (_TEXTS, bool, "must not be empty"),
    )
    for keys, holds, words in checks:
        if key in keys:
            return None if holds(value) else words
    return None if _NAMED.fullmatch(key) else "is not one that the controller knows"


def _annotations(item: Manifest) -> dict[str, str]:
    found = item["metadata"].get("annotations", {})
    return {key: value for key, value in found.items() if key.startswith(PREFIX)}


def _ports(value: str) -> dict[int, str] | None:
    """Return protocol by port (model_build_listener.go), None where it refuses."""
    parsed = _json(value)
    if not isinstance(parsed, list) or not parsed:
        return None
    found = {port: protocol for entry in parsed for protocol, port in entry.items()}
    fits = all(
        isinstance(port, int) and 1 <= port <= _LAST_PORT and protocol in {"HTTP", "HTTPS"}
        for port, protocol in found.items()
    )
    return found if fits else None


def _listeners(own: Mapping[str, str]) -> Iterator[str]:
    certificate = own.get("certificate-arn")
    default = '[{"HTTPS":443}]' if certificate else '[{"HTTP":80}]'
    ports = _ports(own.get("listen-ports", default))
    if ports is None:
        yield "listen-ports: a list of HTTP or HTTPS with ports from 1 to 65535"
        return
    redirect = own.get("ssl-redirect", "")
    if redirect and ports.get(int(redirect)) != "HTTPS":
        yield f"ssl-redirect: no HTTPS listener on {redirect} (model_builder.go)"
    if "HTTPS" in ports.values() and not certificate:
        # model_build_certificates.go looks for one in ACM by the hosts, for which it has no right.
        yield "certificate-arn: HTTPS without one"
    if "HTTPS" not in ports.values() and "ssl-policy" in own:
        yield "ssl-policy: nothing listens by HTTPS, so it is passed over"


def _values(own: Mapping[str, str]) -> Iterator[str]:
    for key, shape in (
        ("load-balancer-attributes", "LoadBalancerAttribute"),
        ("target-group-attributes", "TargetGroupAttribute"),
    ):
        unknown = set(_map(own.get(key, "")) or {}) - attributes(shape)
        if unknown:
            yield f"{key}: ELB knows no {', '.join(sorted(unknown))}"
    groups = own.get("security-groups", "")
    if len(groups.split(",")) > _MOST_GROUPS:
        yield "security-groups: a load balancer has five at most"
    if "manage-backend-security-group-rules" in own and not groups:
        # model_build_load_balancer.go: with groups of its own making it manages the rules always.
        yield "manage-backend-security-group-rules: without security-groups it is passed over"
    acl = own.get("wafv2-acl-arn", "none")
    if acl != "none" and not re.fullmatch(
        r"arn:[\w-]+:wafv2:[\w-]+:\d{12}:regional/webacl/.+", acl
    ):
        yield "wafv2-acl-arn: none, or the ARN of a regional web ACL"
    policy = own.get("ssl-policy", "ELBSecurityPolicy-2016-08")
    if not policy.startswith("ELBSecurityPolicy-"):
        yield "ssl-policy: not the name of one of ELB's"


def _rules(
    ingress: Manifest, services: Mapping[str, Manifest], own: Mapping[str, str]
) -> Iterator[str]:
    every = ingress["spec"].get("rules", ())
    if sum(len(rule["http"]["paths"]) for rule in every) > _MOST_RULES:
        yield f"rules: a load balancer has {_MOST_RULES} at most"
    for rule in every:
        host = rule.get("host", "")
        if len(host) > _LONGEST:
            yield f"host: ELB takes {_LONGEST} characters in a condition"
        for path in rule["http"]["paths"]:
            if path["pathType"] in {"Exact", "Prefix"} and set(path["path"]) & set("*?"):
                yield f"path {path['path']}: no wildcard in one (model_build_listener_rules.go)"
            if len(path["path"].rstrip("/")) + len("/*") > _LONGEST:
                # The same file: a prefix stands there as it is, and once more with /* behind it.
                yield f"path {path['path']}: ELB takes {_LONGEST} characters in a condition"
            backend = path["backend"].get("service")
            if backend is None:
                yield f"path {path['path']}: no service (enhanced_backend_builder.go)"
                continue
            yield from _conditions(host, path, backend["name"], own)
            if backend["port"].get("name") == "use-annotation":
                yield from _action(backend["name"], services, own)
                continue
            yield from _backend(backend, services, own)


def _conditions(
    host: str, path: Mapping[str, Any], name: str, own: Mapping[str, str]
) -> Iterator[str]:
    """Judge the conditions of one listener rule (docs/guide/ingress/annotations.md#conditions)."""
    values = [1 if host else 0]
    values.append(2 if path["pathType"] == "Prefix" and path["path"] != "/" else 1)
    conditions = _json(own.get(f"conditions.{name}", "[]"))
    if not isinstance(conditions, list):
        yield f"conditions.{name}: not a list, so the whole Ingress is not built"
        return
    for condition in conditions:
        networks = condition.get("sourceIpConfig", {}).get("values", [])
        # rule_condition.go; more fields than this one are not rendered here.
        if condition.get("field") != "source-ip" or not networks:
            yield f"conditions.{name}: a source-ip with its values"
        values.append(len(networks))
    if max(values) > _MOST_OF_A_CONDITION:
        yield f"conditions.{name}: ELB takes {_MOST_OF_A_CONDITION} values in a condition"
    if sum(values) > _MOST_OF_A_RULE:
        yield f"conditions.{name}: ELB takes {_MOST_OF_A_RULE} values in a rule"


def _action(name: str, services: Mapping[str, Manifest], own: Mapping[str, str]) -> Iterator[str]:
    """Judge an action that stands in an annotation (enhanced_backend_builder.go)."""
    action = _json(own.get(f"actions.{name}", ""))
    if not isinstance(action, dict) or action.get("type") != "forward":
        yield f"actions.{name}: missing, or not one that forwards"
        return
    for target in action["forwardConfig"]["targetGroups"]:
        port = {"number": int(target["servicePort"])}
        yield from _backend({"name": target["serviceName"], "port": port}, services, own)


def _backend(
    backend: Mapping[str, Any], services: Mapping[str, Manifest], own: Mapping[str, str]
) -> Iterator[str]:
    service = services.get(backend["name"])
    if service is None:
        yield f"service {backend['name']}: not there"
        return
    wanted = backend["port"]
    ports = service["spec"]["ports"]
    found = [
        port
        for port in ports
        if port["port"] == wanted.get("number") or port.get("name", "") == wanted.get("name")
    ]
    if not found:
        yield f"service {backend['name']}: it has no port {wanted}"
    for key, value in _annotations(service).items():
        name = key.removeprefix(PREFIX)
        if name not in _OF_SERVICES:
            yield f"{key}: not read of a Service"
        elif wrong := _unreadable(name, value):
            yield f"{key}: {wrong}"
    health = own.get("healthcheck-port", "traffic-port")
    names = {port.get("name") for port in ports}
    if health != "traffic-port" and not health.isdigit() and health not in names:
        yield "healthcheck-port: traffic-port, a number, or a port of the Service"
    kind = service["spec"].get("type", "ClusterIP")
    if own.get("target-type", "instance") == "instance" and kind == "ClusterIP":
        # model_build_target_group.go: "your service must be of type NodePort or LoadBalancer"
        yield f"target-type: instances need a NodePort, and {backend['name']} is a {kind}"


def refusals(ingress: Manifest, services: Mapping[str, Manifest]) -> list[str]:
    """Return a sentence for each thing of an Ingress that is refused or passed over."""
    metadata = ingress["metadata"]
    found = []
    if "kubernetes.io/ingress.class" in metadata.get("annotations", {}):
        # webhooks/networking/ingress_validator.go
        found.append("kubernetes.io/ingress.class: new usage is forbidden")
    annotations = _annotations(ingress)
    own = {key.removeprefix(PREFIX): value for key, value in annotations.items()}
    found += [f"{key}: {wrong}" for key, value in own.items() if (wrong := _unreadable(key, value))]
    if found:
        return found
    return [*_listeners(own), *_values(own), *_rules(ingress, services, own)]
