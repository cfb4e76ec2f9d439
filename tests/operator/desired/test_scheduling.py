"""How pods are replaced and where they run: within half of them, and within what is offered."""

from __future__ import annotations

from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_values

from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"


def _pods(
    scheduling: dict[str, Any] | None = None, pods: dict[str, Any] | None = None, **backend: Any
) -> dict[str, Any]:
    """Return the pod specs by component; of the backend with changes."""
    body = golden_instance(CASE)
    spec = {**body["spec"], "backend": {**body["spec"]["backend"], **backend}}
    spec |= {"scheduling": scheduling} if scheduling else {}
    settings = parse_settings({**golden_values(CASE), "pods": pods or {}})
    return {
        item["metadata"]["labels"]["app.kubernetes.io/component"]: item["spec"]["template"]["spec"]
        for item in documents.planned({**body, "spec": spec}, settings).objects
        if item["kind"] in ("Deployment", "Job")
    }


@pytest.mark.parametrize(
    ("backend", "most"),
    [
        ({"replicas": 1}, 0),
        ({}, 1),
        ({"replicas": 3}, 1),
        ({"replicas": 9}, 4),
        ({"autoscaling": {"maxReplicas": 9}}, 1),
        ({"autoscaling": {"minReplicas": 4, "maxReplicas": 9}}, 2),
    ],
)
def test_half_of_the_least_pods_may_be_missing_and_no_more(
    backend: dict[str, Any], most: int
) -> None:
    _pods(**backend, strategy={"maxUnavailable": most})
    with pytest.raises(InvalidSpec, match="more than half"):
        _pods(**backend, strategy={"maxUnavailable": most + 1})


def test_all_pods_ask_for_the_nodes_that_the_spec_asks_for() -> None:
    offered = {"allowedNodeLabels": {"arch": ["arm64"]}, "nodeSelector": {"pool": "tenants"}}
    for name, pod in _pods({"nodeSelector": {"arch": "arm64"}}, offered).items():
        assert pod["nodeSelector"] == {"pool": "tenants", "arch": "arm64"}, name


@pytest.mark.parametrize("label", [("arch", "amd64"), ("Arch", "arm64"), ("pool", "tenants")])
def test_what_is_not_offered_to_the_letter_is_refused(label: tuple[str, str]) -> None:
    offered = {"allowedNodeLabels": {"arch": ["arm64"]}, "nodeSelector": {"pool": "tenants"}}
    with pytest.raises(InvalidSpec, match="not offered by this platform"):
        _pods({"nodeSelector": dict([label])}, offered)


def test_without_an_offer_nothing_may_be_asked() -> None:
    with pytest.raises(InvalidSpec, match="it offers none"):
        _pods({"nodeSelector": {"kubernetes.io/hostname": "a"}})


def test_a_required_spread_is_over_zones_alone_and_by_version() -> None:
    zones, nodes = _pods({"topologySpread": "Required"})["backend"]["topologySpreadConstraints"]
    assert zones["topologyKey"] == "topology.kubernetes.io/zone"
    assert zones["whenUnsatisfiable"] == "DoNotSchedule"
    assert zones["matchLabelKeys"] == ["pod-template-hash"]
    assert nodes["whenUnsatisfiable"] == "ScheduleAnyway"
