"""What counts as drift: a change of what we ask for, and nothing that the API server fills in."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from appinstance_operator.kube.drift import differences

POLICY: dict[str, Any] = {
    "kind": "NetworkPolicy",
    "spec": {
        "podSelector": {"matchLabels": {"app": "x"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [
            {
                "to": [{"ipBlock": {"cidr": "10.0.0.0/16"}}],
                "ports": [{"protocol": "TCP", "port": 1}],
            }
        ],
    },
}


def _policy(path: list[Any], value: Any) -> dict[str, Any]:
    live = copy.deepcopy(POLICY)
    target: Any = live["spec"]
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    return live


def test_the_same_is_no_drift() -> None:
    live = copy.deepcopy(POLICY)
    del live["spec"]["ingress"]  # the API server drops empty lists
    assert differences(POLICY, live) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["ingress"], [{}]),
        (["egress"], [{}]),
        (["egress", 0, "to"], []),
        (["egress", 0, "ports"], []),
        (["egress", 0, "ports", 0, "endPort"], 65535),
        (["egress", 0, "to", 0, "ipBlock", "cidr"], "0.0.0.0/0"),
        (["podSelector", "matchLabels", "more"], "labels"),
        (["podSelector", "matchExpressions"], [{"key": "a", "operator": "Exists"}]),
        (["policyTypes"], ["Ingress"]),
    ],
    ids=str,
)
def test_every_opening_of_a_policy_is_drift(path: list[Any], value: Any) -> None:
    assert differences(POLICY, _policy(path, value))


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"cpu": "500m"}, {"cpu": "0.5"}),
        ({"memory": "1Gi"}, {"memory": "1024Mi"}),
        ({"port": 80}, {"port": "80"}),
        ({"env": [{"name": "A", "value": ""}]}, {"env": [{"name": "A"}]}),
        ({"a": {}}, {}),
        ({"a": []}, {"a": None}),
        ({"a": 1}, {"a": 1, "filledIn": True}),
    ],
    ids=str,
)
def test_what_means_the_same_is_no_drift(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    assert differences({"spec": wanted}, {"spec": live}) == ()


def test_an_injected_container_is_others_business_and_a_changed_one_is_ours() -> None:
    wanted = {"spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    beside = {
        "spec": {"containers": [{"name": "proxy", "image": "p"}, {"name": "a", "image": "a:1"}]}
    }
    changed = {"spec": {"containers": [{"name": "a", "image": "a:2"}]}}
    assert differences(wanted, beside) == ()
    assert differences(wanted, changed) == ("spec.containers[a].image",)
    assert differences(wanted, {"spec": {"containers": []}}) == ("spec.containers",)


@pytest.mark.parametrize(
    ("name", "ours", "added"),
    [
        ("paths", {"path": "/", "pathType": "Prefix"}, {"path": "/admin", "pathType": "Exact"}),
        ("metrics", {"type": "Resource", "resource": {"name": "cpu"}}, {"type": "Pods"}),
    ],
)
def test_an_element_more_in_an_atomic_list_is_drift(
    name: str, ours: dict[str, Any], added: dict[str, Any]
) -> None:
    wanted = {"spec": {name: [ours]}}
    assert differences(wanted, {"spec": {name: [dict(ours)]}}) == ()
    assert differences(wanted, {"spec": {name: [ours, added]}}) == (f"spec.{name}",)
    assert differences(wanted, {"spec": {name: [added, ours]}}) == (f"spec.{name}",)


def test_a_service_must_choose_exactly_our_pods() -> None:
    wanted = {"spec": {"selector": {"app": "x"}}}
    assert differences(wanted, {"spec": {"selector": {"app": "x", "more": "y"}}})


def test_labels_annotations_and_owners_count_and_others_may_add() -> None:
    wanted = {"metadata": {"labels": {"a": "1"}, "ownerReferences": [{"uid": "u", "name": "n"}]}}
    same = {
        "metadata": {"labels": {"a": "1", "b": "2"}, "ownerReferences": [{"uid": "u", "name": "n"}]}
    }
    assert differences(wanted, same) == ()
    assert differences(wanted, {"metadata": {"labels": {"a": "2"}}}) == (
        "metadata.labels.a",
        "metadata.ownerReferences",
    )
