"""The conditions: the contract's words, at the right moment, and nothing that changes by itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_local.paths import REPO
from appinstance_operator.api.spec import AppInstance, parse
from appinstance_operator.reconcile import checks
from appinstance_operator.reconcile.bodies import find_condition
from appinstance_operator.reconcile.checks import Check
from appinstance_operator.reconcile.conditions import Report, conditions
from appinstance_operator.reconcile.status import Seen, status

CASE = DESIRED / "golden" / "minimal"
SETTINGS = golden_settings(CASE)
BODY = golden_instance(CASE)
INSTANCE: AppInstance = parse(BODY)
Status = dict[str, Any]
FINE = tuple(
    Check(area, "True", reason, words)
    for area, reason, words in (
        (checks.NETWORK, "Applied", "closed"),
        (checks.CLOUD, "RolesReady", "in place"),
        (checks.SECRETS, "SecretSynced", "all"),
        (checks.MIGRATIONS, "Applied", "at the version"),
        (checks.WORKLOADS, "MinimumReplicasAvailable", "acme-backend: 2 pods"),
        (checks.INGRESS, "AddressAssigned", "the load balancer's address is lb"),
    )
)
OK = FINE[0]
WAITS = Check("SecretsReady", "False", "ExternalSecretNotSynced", "secret x not synced: y")
ROLLS = Check("WorkloadsAvailable", "False", "RolloutInProgress", "0 of 2", waiting=True)

CONTRACT = {
    "Ready": {
        "ReconcileSucceeded", "Progressing", "DependencyNotReady", "InvalidSpec", "Suspended",
    },
    "Reconciling": {"NewGeneration", "DriftDetected", "ProgressingWithRetry"},
    "Stalled": {
        "InvalidSpec", "NotAllowed", "HostTaken", "NameTaken", "MigrationFailed", "AccessDenied",
        "RetriesExhausted", "InternalError",
    },
    "NetworkPoliciesApplied": {"Applied", "InvalidRule"},
    "CloudAccessReady": {"RolesReady", "RolePending", "AccessDenied"},
    "SecretsReady": {"SecretSynced", "SecretStoreNotReady", "ExternalSecretNotSynced"},
    "MigrationsApplied": {"Applied", "Running", "MigrationFailed"},
    "WorkloadsAvailable": {
        "MinimumReplicasAvailable", "RolloutInProgress", "ProgressDeadlineExceeded",
    },
    "IngressReady": {"AddressAssigned", "AddressPending"},
}  # fmt: skip

REPORTS = {
    "ready": Report(checks=FINE),
    "waits": Report(checks=(OK, WAITS)),
    "rolls": Report(checks=(*FINE[:4], ROLLS, FINE[5])),
    "incomplete": Report(checks=FINE[:5]),
    "invalid": Report(refused=("InvalidSpec", "host is wrong")),
    "not allowed": Report(refused=("NotAllowed", "entry is another's")),
    "taken": Report(refused=("HostTaken", "host is taken")),
    "suspended": Report(suspended=True),
    "stalled": Report(checks=FINE, stalled=("AccessDenied", "denied")),
    "exhausted": Report(checks=FINE, stalled=("RetriesExhausted", "given up")),
    "crashed": Report(stalled=("InternalError", "broke")),
    "retrying": Report(checks=FINE, retrying="no answer"),
    "drifted": Report(checks=(OK, ROLLS), drifted=True),
}


def _status(
    report: Report, before: dict[str, Any] | None = None, now: str = "t1"
) -> dict[str, Any]:
    body = {**BODY, "metadata": {**BODY["metadata"], "generation": 3}, "status": before or {}}
    return status(body, Seen(INSTANCE, {}, ()), SETTINGS, report, now)


def _conditions(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["type"]: item for item in made["conditions"]}


@pytest.mark.parametrize("name", REPORTS)
def test_only_words_of_the_contract(name: str) -> None:
    for kind, item in _conditions(_status(REPORTS[name])).items():
        assert item["reason"] in CONTRACT[kind], kind
        assert item["message"]


@pytest.mark.parametrize("name", REPORTS)
def test_kstatus_is_right_at_every_moment(name: str) -> None:
    made = _conditions(_status(REPORTS[name]))
    ready = made["Ready"]["status"] == "True"
    assert ready == (name == "ready")
    assert not ("Reconciling" in made and "Stalled" in made)
    assert not (ready and ("Reconciling" in made or "Stalled" in made))
    for kind in ("Reconciling", "Stalled"):
        assert made.get(kind, {"status": "True"})["status"] == "True"


def test_the_crds_first_word_is_the_contracts_and_gives_way_to_the_first_report() -> None:
    crd = yaml.safe_load((REPO / "manifests" / "crd" / "appinstances.yaml").read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    first = schema["status"]["default"]
    (ready,) = first["conditions"]
    # kstatus: no Ready at all is "Current"; Unknown is "InProgress".
    assert (ready["type"], ready["status"]) == ("Ready", "Unknown")
    assert ready["reason"] in CONTRACT["Ready"]
    for name, report in REPORTS.items():
        told = find_condition({"status": _status(report, first, now="t2")}, "Ready")
        assert (told["lastTransitionTime"], told["observedGeneration"]) == ("t2", 3), name


@pytest.mark.parametrize(
    "name", ["invalid", "not allowed", "taken", "stalled", "exhausted", "crashed"]
)
def test_stalled_when_waiting_does_not_help(name: str) -> None:
    made = _conditions(_status(REPORTS[name]))
    assert made["Stalled"]["message"] == made["Ready"]["message"]


def test_suspended_is_neither_ready_nor_reconciling() -> None:
    made = _conditions(_status(REPORTS["suspended"], _status(REPORTS["ready"])))
    assert (made["Ready"]["status"], made["Ready"]["reason"]) == ("False", "Suspended")
    assert "Reconciling" not in made
    assert made["NetworkPoliciesApplied"]["status"] == "True", "what was said stays"


def test_a_no_op_changes_nothing_to_the_byte() -> None:
    first = _status(REPORTS["ready"], now="t1")
    assert _status(REPORTS["ready"], first, now="t2") == first


def test_the_transition_time_moves_only_when_the_status_flips() -> None:
    first = _status(REPORTS["waits"], now="t1")
    other = Check("SecretsReady", "False", "SecretStoreNotReady", "the store")
    second = _status(Report(checks=(OK, other)), first, now="t2")
    assert _conditions(second)["SecretsReady"]["lastTransitionTime"] == "t1"
    fine = Check("SecretsReady", "True", "SecretSynced", "all")
    third = _status(Report(checks=(OK, fine)), second, now="t3")
    assert _conditions(third)["SecretsReady"]["lastTransitionTime"] == "t3"


def test_ready_takes_the_words_of_what_blocks() -> None:
    made = _conditions(_status(REPORTS["waits"]))
    assert made["Ready"]["reason"] == "DependencyNotReady"
    assert made["Ready"]["message"] == "secret x not synced: y"
    assert _conditions(_status(REPORTS["rolls"]))["Ready"]["reason"] == "Progressing"


def test_a_type_stands_in_the_list_once_and_the_worse_word_wins() -> None:
    """A list with two of a type is refused by the API server: the status would never be written."""
    good, bad = FINE[1], Check(checks.CLOUD, "False", "AccessDenied", "no")
    for both in ((good, bad), (bad, good)):
        listed = conditions(Report(checks=(OK, *both)), (), 1, "t", new=True)
        types = [item["type"] for item in listed]
        assert len(types) == len(set(types))
        assert {item["type"]: item["status"] for item in listed}[checks.CLOUD] == "False"


def test_ready_says_what_was_seen_and_no_more() -> None:
    words = _conditions(_status(REPORTS["ready"]))["Ready"]["message"]
    assert words == "acme-backend: 2 pods; the load balancer's address is lb (not asked over HTTPS)"
    asked = Check(checks.REACHABLE, "True", "Answered", "https://h answered 200 at lb")
    words = _conditions(_status(Report(checks=(*FINE, asked))))["Ready"]["message"]
    assert words.endswith("https://h answered 200 at lb")


def test_not_reachable_is_told_and_does_not_take_readiness_away() -> None:
    asked = Check(checks.REACHABLE, "False", "NoAnswer", "https://h did not answer at lb")
    found = _conditions(_status(Report(checks=(*FINE, asked))))
    assert (found["Reachable"]["status"], found["Ready"]["status"]) == ("False", "True")


def _deployment(image: str, *, rolled: bool) -> dict[str, Any]:
    return {
        "metadata": {"name": "shop-backend", "generation": 2},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {
            "observedGeneration": 2, "replicas": 2 if rolled else 3, "updatedReplicas": 2,
            "readyReplicas": 2, "availableReplicas": 2,
        },
    }  # fmt: skip


def test_the_roles_are_told_once_they_are_in_place() -> None:
    """By them it is known later which roles an instance had and which are to go."""
    arns = _status(REPORTS["ready"])["roles"]
    assert set(arns) == {"backend", "secrets"}
    assert "roles" not in _status(REPORTS["waits"])
    pending = Check(checks.CLOUD, "False", "RolePending", "being made", waiting=True)
    assert _status(Report(checks=(OK, pending)), {"roles": {"backend": "old"}})["roles"] == {
        "backend": "old"
    }


def test_the_status_says_what_is_not_what_is_wanted() -> None:
    name = f"{INSTANCE.name}-backend"

    def told(image: str, *, rolled: bool, before: Status) -> Status:
        body = {**BODY, "metadata": {**BODY["metadata"], "generation": 3}, "status": before}
        children = {("Deployment", name): _deployment(image, rolled=rolled)}
        order = (("Deployment", name), ("Ingress", INSTANCE.name))
        return status(body, Seen(INSTANCE, children, order), SETTINGS, REPORTS["rolls"], "t")

    first = told("old", rolled=True, before={})
    assert first["images"] == {"backend": "old"}
    assert first["inventory"] == [{"kind": "Deployment", "name": name}], "the Ingress is not there"
    assert told("new", rolled=False, before=first)["images"] == {"backend": "old"}
    assert told("new", rolled=True, before=first)["images"] == {"backend": "new"}
