"""Calls between AppInstances: an opening is there where both sides say so, and no longer."""

from __future__ import annotations

from typing import Any

import pytest
from support.stage import NAME, NAMESPACE, Stage, stage_settings

OTHER = ("payments", "billing")
SHOP = {"namespace": NAMESPACE, "name": NAME}
BILLING = {"namespace": OTHER[0], "name": OTHER[1]}
TO_BILLING = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "payments"}},
            "podSelector": {
                "matchLabels": {
                    "app.kubernetes.io/name": "appinstance",
                    "app.kubernetes.io/instance": "billing",
                    "app.kubernetes.io/component": "backend",
                }
            },
        }
    ],
    "ports": [{"protocol": "TCP", "port": 8000}],
}
FROM_SHOP = {
    "from": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "acme"}},
            "podSelector": {
                "matchLabels": {
                    "app.kubernetes.io/name": "appinstance",
                    "app.kubernetes.io/instance": "shop",
                    "app.kubernetes.io/component": "backend",
                }
            },
        }
    ],
    "ports": [{"protocol": "TCP", "port": 8000}],
}


def _rules(stage: Stage, namespace: str, name: str, side: str) -> list[Any]:
    policy = stage.cluster.get("NetworkPolicy", namespace, f"{name}-backend")
    assert policy is not None
    rules: list[Any] = policy["spec"][side]
    return rules


def _policies(stage: Stage) -> dict[tuple[str, str], Any]:
    found = (stored.body for stored in stage.cluster.of_kind("NetworkPolicy"))
    return {
        (item["metadata"]["namespace"], item["metadata"]["name"]): item["spec"] for item in found
    }


def _opened(stage: Stage) -> tuple[bool, bool]:
    """Return whether the caller's side and the called one's are open."""
    return (
        TO_BILLING in _rules(stage, NAMESPACE, NAME, "egress"),
        FROM_SHOP in _rules(stage, *OTHER, "ingress"),
    )


def _call(stage: Stage, *, caller: bool = True, called: bool = True) -> None:
    stage.apply(access={"to": [BILLING]} if caller else None)
    stage.apply(OTHER[1], OTHER[0], access={"from": [SHOP]} if called else None)
    stage.settle()


@pytest.fixture
def calling(stage: Stage) -> Stage:
    """A world in which shop may call billing."""
    _call(stage)
    assert _opened(stage) == (True, True)
    return stage


def test_an_opening_is_from_backend_to_backend_on_its_port_and_nothing_else(stage: Stage) -> None:
    _call(stage, caller=False, called=False)
    before = _policies(stage)
    _call(stage)
    after = _policies(stage)
    caller, called = before[NAMESPACE, f"{NAME}-backend"], before[OTHER[0], f"{OTHER[1]}-backend"]
    assert after == {
        **before,
        (NAMESPACE, f"{NAME}-backend"): {**caller, "egress": [*caller["egress"], TO_BILLING]},
        (OTHER[0], f"{OTHER[1]}-backend"): {**called, "ingress": [*called["ingress"], FROM_SHOP]},
    }


@pytest.mark.parametrize(("caller", "called"), [(True, False), (False, True)])
def test_one_side_alone_opens_nothing(stage: Stage, caller: bool, called: bool) -> None:
    _call(stage, caller=caller, called=called)
    assert _opened(stage) == (False, False)


def test_the_status_says_what_is_open_and_where_it_is_reached(calling: Stage) -> None:
    url = "http://billing-backend.payments.svc:8000"
    assert calling.status()["access"] == {"to": [{**BILLING, "url": url}]}
    assert calling.status("billing", "payments")["access"] == {"from": [SHOP]}
    condition = calling.condition("AccessAgreed")
    assert (condition["status"], condition["reason"]) == ("True", "Agreed")
    assert condition["message"] == f"open: to payments/billing at {url}"
    # The name is that of a Service which is there.
    assert calling.cluster.get("Service", "payments", "billing-backend")


def test_a_side_that_has_not_agreed_looks_like_one_that_is_not_there(stage: Stage) -> None:
    """And an instance is Ready without it: another one's word does not decide about it."""
    stage.apply(access={"to": [BILLING]})
    stage.settle()
    alone = dict(stage.condition("AccessAgreed"))
    assert (alone["status"], alone["reason"]) == ("False", "NotAgreed")
    assert alone["message"] == (
        "not open: access.to payments/billing (it does not name this one under access.from, or is "
        "not there)"
    )
    assert stage.ready() == "True"
    stage.apply(OTHER[1], OTHER[0], backend={"image": "x:1", "port": 8443})
    stage.settle()
    assert stage.condition("AccessAgreed") == alone
    assert "access" not in stage.status()


@pytest.mark.parametrize("side", ["caller", "called"])
def test_a_side_that_withdraws_closes_both(calling: Stage, side: str) -> None:
    _call(calling, caller=side != "caller", called=side != "called")
    assert _opened(calling) == (False, False)
    left = calling.status() if side == "called" else calling.status("billing", "payments")
    assert "access" not in left
    gone = calling.status("billing", "payments") if side == "called" else calling.status()
    assert "AccessAgreed" not in [item["type"] for item in gone["conditions"]]


def test_one_that_is_deleted_closes_it_at_the_other_one(calling: Stage) -> None:
    calling.cluster.delete("user", ("AppInstance", *OTHER))
    calling.settle()
    assert TO_BILLING not in _rules(calling, NAMESPACE, NAME, "egress")
    assert calling.condition("AccessAgreed")["status"] == "False"
    assert calling.ready() == "True"


def test_one_that_is_suspended_stays_as_it_is_and_the_other_side_closes(calling: Stage) -> None:
    calling.apply(suspend=True)
    calling.settle()
    calling.apply(OTHER[1], OTHER[0], access=None)
    calling.settle()
    assert _opened(calling) == (True, False)
    assert calling.condition("AccessAgreed"), "what was said last stays"
    calling.apply(suspend=None)
    calling.settle()
    assert _opened(calling) == (False, False)


def test_the_port_of_the_called_one_is_followed(calling: Stage) -> None:
    calling.apply(OTHER[1], OTHER[0], backend={"image": "registry.example.com/x:1", "port": 8100})
    calling.settle()
    ports = [rule["ports"][0]["port"] for rule in _rules(calling, NAMESPACE, NAME, "egress")]
    assert 8100 in ports
    assert 8000 not in ports
    assert calling.status()["access"]["to"][0]["url"].endswith(":8100")


def test_an_agreement_rolls_no_pods(stage: Stage) -> None:
    _call(stage, caller=False, called=False)
    before = stage.template()
    _call(stage)
    assert stage.template() == before


def test_it_holds_after_a_restart_without_a_write(calling: Stage) -> None:
    calling.operator_writes()
    calling.restart()
    calling.settle()
    # A warning about the namespace's label comes once a process.
    assert [said for said in calling.operator_writes() if "Event/" not in said] == []
    assert _opened(calling) == (True, True)


def test_names_without_a_namespace_are_of_ones_own(stage: Stage) -> None:
    stage.apply(access={"to": [{"name": "billing"}]})
    stage.apply("billing", OTHER[0], access={"from": [SHOP]})
    stage.settle()
    assert stage.condition("AccessAgreed")["status"] == "False"
    stage.apply("billing", NAMESPACE, host="billing-acme.apps.example.com", access={"from": [SHOP]})
    stage.settle()
    assert stage.condition("AccessAgreed")["status"] == "True"


def test_with_security_groups_for_pods_it_is_refused_with_a_sentence() -> None:
    groups = {"backend": ["sg-0bac0000"], "frontend": ["sg-0f000000"]}
    stage = Stage(stage_settings(podSecurityGroups=groups))
    stage.apply(access={"to": [BILLING]})
    stage.settle()
    stalled = stage.condition("Stalled")
    assert stalled["reason"] == "InvalidSpec"
    assert "access can't be opened here: with security groups for pods" in stalled["message"]
