"""What the settings and the spec decide, beside the golden cases."""

from __future__ import annotations

from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_values

from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"
PROMETHEUS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}


def _objects(spec: dict[str, Any] | None = None, **settings: Any) -> dict[tuple[str, str], Any]:
    body = golden_instance(CASE)
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


@pytest.mark.parametrize(
    ("parts", "args"),
    [({}, ["serve"]), ({"args": ["run", "--fast"]}, ["run", "--fast"]), ({"args": []}, None)],
    ids=["left out", "given", "the image's own"],
)
def test_arguments_are_the_platforms_the_specs_or_the_images_own(
    parts: dict[str, Any], args: list[str] | None
) -> None:
    (container,) = _objects(_backend(**parts))["Deployment", "backend"]["spec"]["template"]["spec"][
        "containers"
    ]
    assert container.get("args") == args


def test_a_probe_that_the_spec_names_in_part_keeps_the_rest_of_the_default() -> None:
    probes = {"readiness": {"periodSeconds": 20}}
    (container,) = _objects(_backend(probes=probes))["Deployment", "backend"]["spec"]["template"][
        "spec"
    ]["containers"]
    readiness = container["readinessProbe"]
    assert readiness["periodSeconds"] == 20
    assert readiness["httpGet"] == {"path": "/readyz", "port": 9090, "scheme": "HTTP"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


@pytest.mark.parametrize(
    ("metrics", "port"),
    [(None, 9090), ({"enabled": False}, None), ({"port": 8000}, 8000), ({"path": "/x"}, 9090)],
    ids=["left out", "off", "the backend's own port", "a path"],
)
def test_the_monitoring_reads_where_the_spec_says_and_nowhere_else(
    metrics: dict[str, Any] | None, port: int | None
) -> None:
    parts = {"port": 8000} | ({} if metrics is None else {"metrics": metrics})
    objects = _objects(_backend(**parts), monitoring={"sources": [PROMETHEUS]})
    rules = objects["NetworkPolicy", "backend"]["spec"]["ingress"]
    read = [rule["ports"] for rule in rules if rule["from"] == [PROMETHEUS]]
    assert read == ([] if port is None else [[{"protocol": "TCP", "port": port}]])
    template = objects["Deployment", "backend"]["spec"]["template"]["metadata"]["annotations"]
    found = {key: value for key, value in template.items() if key.startswith("prometheus.io/")}
    assert bool(found) is (metrics is not None and port is not None)
    if found:
        assert found["prometheus.io/port"] == str(port)
