"""Rules of what is rendered that hold for every spec and all settings, beside the golden cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_settings, golden_values

from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"
PROMETHEUS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}


def _objects(spec: dict[str, Any] | None = None, **settings: Any) -> dict[tuple[str, str], Any]:
    (body,) = documents.read_resources(CASE / "appinstance.yaml")
    changed = {**body, "spec": {**body["spec"], **(spec or {})}}
    known = parse_settings({**golden_values(CASE), **settings})
    name = body["metadata"]["name"]
    return {
        (item["kind"], item["metadata"]["name"].removeprefix(f"{name}-")): item
        for item in documents.planned(changed, known).objects
    }


def _backend(**parts: Any) -> dict[str, Any]:
    return {"backend": {"image": "registry.example.com/backend:v1", **parts}}


def test_the_platforms_monitoring_reads_every_backends_metrics_and_nothing_else() -> None:
    without, having = _objects(), _objects(monitoring={"sources": [PROMETHEUS]})
    ours = {"from": [PROMETHEUS], "ports": [{"protocol": "TCP", "port": 9090}]}
    backend = having["NetworkPolicy", "backend"]["spec"]
    assert ours in backend["ingress"]
    assert ours not in without["NetworkPolicy", "backend"]["spec"]["ingress"]
    assert backend["egress"] == without["NetworkPolicy", "backend"]["spec"]["egress"]
    for part in ("frontend", "migrate", "default-deny"):
        assert having["NetworkPolicy", part] == without["NetworkPolicy", part]


@pytest.mark.parametrize(
    ("parts", "budget"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 2}, True),
        ({"autoscaling": {"minReplicas": 1, "maxReplicas": 10}}, True),
        ({"autoscaling": {"minReplicas": 1, "maxReplicas": 1}}, False),
    ],
)
def test_whatever_may_have_two_pods_has_a_disruption_budget(
    parts: dict[str, Any], budget: bool
) -> None:
    assert (("PodDisruptionBudget", "backend") in _objects(_backend(**parts))) is budget


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ({}, "512Mi"),
        ({"limits": {"cpu": "2"}}, "512Mi"),
        ({"requests": {"memory": "64Mi"}}, "512Mi"),
        ({"requests": {"memory": "2Gi"}}, "2Gi"),
        ({"limits": {"memory": "1Gi"}}, "1Gi"),
    ],
)
def test_no_container_is_without_a_limit_of_memory(given: dict[str, Any], limit: str) -> None:
    spec = _objects(_backend(resources=given))["Deployment", "backend"]["spec"]["template"]["spec"]
    assert spec["containers"][0]["resources"]["limits"]["memory"] == limit
    (job,) = [item for (kind, _), item in _objects().items() if kind == "Job"]
    for container in job["spec"]["template"]["spec"]["containers"]:
        assert container["resources"]["limits"]["memory"]


# What holds in every case, also if somebody writes the golden files anew

CASES = sorted(path for path in (DESIRED / "golden").iterdir())
every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: str(path.name))


def _of(case: Path, *kinds: str) -> list[dict[str, Any]]:
    (body,) = documents.read_resources(case / "appinstance.yaml")
    objects = documents.planned(body, golden_settings(case)).objects
    found = [item for item in objects if item["kind"] in kinds]
    assert found
    return found


@every_case
def test_no_pod_writes_to_its_root_or_knows_the_clusters_api(case: Path) -> None:
    for item in _of(case, "Deployment", "Job"):
        pod = item["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
    for item in _of(case, "ServiceAccount"):
        assert item["automountServiceAccountToken"] is False


def _names_somebody(peer: Mapping[str, Any]) -> bool:
    if "ipBlock" in peer:
        return not str(peer["ipBlock"]["cidr"]).endswith("/0")
    return bool(
        (peer.get("namespaceSelector") or {}).get("matchLabels")
        and (peer.get("podSelector") or {}).get("matchLabels")
    )


@every_case
def test_every_opening_names_somebody_and_a_port(case: Path) -> None:
    for policy in _of(case, "NetworkPolicy"):
        spec = policy["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["podSelector"]["matchLabels"]
        rules = [(rule["from"], rule["ports"]) for rule in spec["ingress"]]
        rules += [(rule["to"], rule["ports"]) for rule in spec["egress"]]
        for peers, ports in rules:
            assert peers
            assert all(map(_names_somebody, peers)), policy["metadata"]["name"]
            assert all(0 < port["port"] < 65536 for port in ports)
            assert ports


@every_case
def test_a_page_gets_to_dns_alone_and_a_migration_to_the_database_too(case: Path) -> None:
    database = golden_settings(case).database.port
    allowed = {"frontend": {53}, "migrate": {53, database}, "network": set[int]()}
    for policy in _of(case, "NetworkPolicy"):
        part = policy["metadata"]["labels"]["app.kubernetes.io/component"]
        ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        assert part not in allowed or ports == allowed[part]


@every_case
def test_a_load_balancer_of_aws_speaks_https_alone_and_is_shared_with_nobody(case: Path) -> None:
    (ingress,) = _of(case, "Ingress")
    (rule,) = ingress["spec"]["rules"]
    assert ingress["spec"]["tls"] == [{"hosts": [rule["host"]]}]
    if ingress["spec"]["ingressClassName"] != "alb":
        return
    said = {
        key.partition("/")[2]: value for key, value in ingress["metadata"]["annotations"].items()
    }
    assert said["ssl-redirect"] == "443"
    assert said["ssl-policy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert said["certificate-arn"]
    assert said["target-type"] == "ip"
    assert "group.name" not in said
    assert said["wafv2-acl-arn"]
