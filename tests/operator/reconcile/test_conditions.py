"""The conditions: the contract's words, at the right moment, and nothing that changes by itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.golden_settings import DESIRED, golden_settings

from appinstance_local.paths import REPO
from appinstance_operator.api.spec import AppInstance, parse
from appinstance_operator.cli import documents as cli_io
from appinstance_operator.reconcile.conditions import (
    Check,
    Report,
    cause_in_words,
    find_condition,
    ingress_check,
    migration_check,
    refused_secret,
    secrets_check,
    status,
    workloads_check,
)

CASE = DESIRED / "golden" / "minimal"
SETTINGS = golden_settings(CASE)
(BODY,) = cli_io.read_resources(CASE / "appinstance.yaml")
INSTANCE: AppInstance = parse(BODY)
Status = dict[str, Any]
OK = Check("NetworkPoliciesApplied", "True", "Applied", "closed")
WAITS = Check("SecretsReady", "False", "ExternalSecretNotSynced", "secret x not synced: y")
ROLLS = Check("WorkloadsAvailable", "False", "RolloutInProgress", "0 of 2")

CONTRACT = {
    "Ready": {
        "ReconcileSucceeded", "Progressing", "DependencyNotReady", "InvalidSpec", "Suspended",
    },
    "Reconciling": {"NewGeneration", "DriftDetected", "ProgressingWithRetry"},
    "Stalled": {"InvalidSpec", "AccessDenied", "RetriesExhausted"},
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
    "ready": Report(checks=(OK,)),
    "waits": Report(checks=(OK, WAITS)),
    "rolls": Report(checks=(OK, ROLLS)),
    "invalid": Report(invalid="host is wrong"),
    "suspended": Report(suspended=True),
    "stalled": Report(checks=(OK,), stalled=("AccessDenied", "denied")),
    "exhausted": Report(checks=(OK,), stalled=("RetriesExhausted", "given up")),
    "retrying": Report(checks=(OK,), retrying="no answer"),
    "drifted": Report(checks=(OK, ROLLS), drifted=True),
}


def _status(
    report: Report, before: dict[str, Any] | None = None, now: str = "t1"
) -> dict[str, Any]:
    body = {**BODY, "metadata": {**BODY["metadata"], "generation": 3}, "status": before or {}}
    return status(body, INSTANCE, SETTINGS, {}, report, now)


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


@pytest.mark.parametrize("name", ["invalid", "stalled", "exhausted"])
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


def _external(ready: str, synced: str, message: str = "") -> dict[str, Any]:
    return {
        "metadata": {"generation": 2},
        "status": {
            "conditions": [{"type": "Ready", "status": ready, "message": message}],
            "syncedResourceVersion": synced,
        },
    }


WANTED = [
    {
        "kind": "ExternalSecret",
        "metadata": {"name": "acme-database"},
        "spec": {"data": [{"remoteRef": {"key": "apps/acme/db"}}]},
    }
]


@pytest.mark.parametrize(
    ("live", "ok", "says"),
    [
        (_external("True", "2-x"), True, "all secrets are synced"),
        (_external("True", "1-x"), False, "has not answered yet"),
        (_external("False", "2-x", "AccessDenied"), False, "apps/acme/db not synced: AccessDenied"),
    ],
    ids=["synced", "of an older spec", "refused"],
)
def test_secrets(live: dict[str, Any], ok: bool, says: str) -> None:
    told = secrets_check(WANTED, {("ExternalSecret", "acme-database"): live})
    assert told.ok is ok
    assert says in told.message


def test_a_secret_that_nobody_answered_for_yet_is_progress_and_a_refused_one_is_not() -> None:
    def reason(live: dict[str, Any]) -> str:
        told = secrets_check(WANTED, {("ExternalSecret", "acme-database"): live})
        return str(_conditions(_status(Report(checks=(OK, told))))["Ready"]["reason"])

    assert reason({"metadata": {"generation": 1}}) == "Progressing"
    assert reason(_external("False", "1-x", "AccessDenied")) == "DependencyNotReady"


def test_the_cause_is_the_clouds_own_words_without_what_differs_each_time() -> None:
    event = (
        "error processing spec.data[0] (key: apps/acme/db), err: operation error Secrets Manager: "
        "GetSecretValue, https response error StatusCode: 400, RequestID: 1a-2b, "
        "AccessDeniedException: not authorized"
    )
    words = cause_in_words(event)
    assert "RequestID" not in words
    assert words.endswith("AccessDeniedException: not authorized")
    refused = _external("False", "2-x", "could not get secret data from provider")
    children = {("ExternalSecret", "acme-database"): refused}
    assert refused_secret(WANTED, children) == "acme-database"
    told = secrets_check(WANTED, children, words)
    assert "apps/acme/db not synced: operation error" in told.message


def test_a_rollout_is_judged_as_kubectl_judges_it() -> None:
    def told(**seen: Any) -> Check:
        body = {
            "metadata": {"name": "acme-backend", "generation": 4},
            "spec": {"replicas": 2},
            "status": {
                "observedGeneration": 4, "replicas": 2, "updatedReplicas": 2,
                "availableReplicas": 2, **seen,
            },
        }  # fmt: skip
        fine = {**body, "metadata": {"name": "acme-frontend", "generation": 4}}
        children = {("Deployment", "acme-backend"): body, ("Deployment", "acme-frontend"): fine}
        return workloads_check(INSTANCE, children)

    assert told().ok
    assert told(observedGeneration=3).reason == "RolloutInProgress"
    assert told(updatedReplicas=1).reason == "RolloutInProgress"
    assert told(replicas=3).reason == "RolloutInProgress", "old pods are still there"
    assert told(availableReplicas=1).reason == "RolloutInProgress"
    stuck = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    assert told(conditions=stuck).reason == "ProgressDeadlineExceeded"


def test_migrations_and_address() -> None:
    job = {"metadata": {"name": "acme-migrate-1"}}
    assert migration_check(None, {}).ok
    assert migration_check(job, {}).reason == "Running"
    assert ingress_check(INSTANCE, {}).reason == "AddressPending"
