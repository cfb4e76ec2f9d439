"""How each area is judged: what is known good stays so through a hiccup, a refusal does not."""

from __future__ import annotations

from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.errors import CloudAccessDenied, CloudUnavailable
from appinstance_operator.api.spec import AppInstance, parse
from appinstance_operator.reconcile.checks import (
    Check,
    cause_in_words,
    gated,
    ingress_check,
    known_good,
    migration_check,
    refused_secret,
    roles_check,
    secrets_check,
    workloads_check,
)
from appinstance_operator.reconcile.conditions import Report, ready_check

BODY = golden_instance(DESIRED / "golden" / "minimal")
INSTANCE: AppInstance = parse(BODY)
PRESENT = {"acme-database": "one"}


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
        (_external("False", "1-x", "AccessDenied"), False, "apps/acme/db not synced: AccessDenied"),
    ],
    ids=["synced", "of an older spec", "refused and never synced"],
)
def test_secrets(live: dict[str, Any], ok: bool, says: str) -> None:
    told = secrets_check(WANTED, {("ExternalSecret", "acme-database"): live}, PRESENT)
    assert told.ok is ok
    assert says in told.message


def test_a_secret_that_nobody_answered_for_yet_is_progress_and_a_refused_one_is_not() -> None:
    def reason(live: dict[str, Any]) -> str:
        told = secrets_check(WANTED, {("ExternalSecret", "acme-database"): live}, {})
        return ready_check(Report(checks=(told,))).reason

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
    refused = _external("False", "1-x", "could not get secret data from provider")
    children = {("ExternalSecret", "acme-database"): refused}
    assert refused_secret(WANTED, children) == "acme-database"
    told = secrets_check(WANTED, children, {}, words)
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
        children = {
            ("Deployment", f"{INSTANCE.name}-backend"): body,
            ("Deployment", f"{INSTANCE.name}-frontend"): fine,
        }
        return workloads_check(INSTANCE, children)

    assert told().ok
    assert told(observedGeneration=3).reason == "RolloutInProgress"
    assert told(updatedReplicas=1).reason == "RolloutInProgress"
    assert told(replicas=3).reason == "RolloutInProgress", "old pods are still there"
    assert told(availableReplicas=1).reason == "RolloutInProgress"
    stuck = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    assert told(conditions=stuck).reason == "ProgressDeadlineExceeded"
    assert told(conditions=stuck, observedGeneration=3).reason == "RolloutInProgress", "not of this"


def test_pods_that_a_rule_of_the_namespace_refuses_are_told_without_what_differs_each_time() -> (
    None
):
    def told(pod: str) -> str:
        words = f'pods "{pod}" is forbidden: failed quota: q: must specify limits.cpu for: backend'
        refused = {"type": "ReplicaFailure", "status": "True", "message": words}
        body = {
            "metadata": {"name": "acme-backend"},
            "spec": {"replicas": 2},
            "status": {"conditions": [refused]},
        }
        return workloads_check(INSTANCE, {("Deployment", f"{INSTANCE.name}-backend"): body}).message

    assert told("acme-backend-6ffb-x1") == (
        "acme-backend: 0 of 2 pods are available; the cluster refuses its pods: "
        "failed quota: q: must specify limits.cpu for: backend"
    )
    assert told("acme-backend-6ffb-x1") == told("acme-backend-6ffb-x2")


def test_migrations_and_address() -> None:
    job = {"metadata": {"name": "acme-migrate-1"}}
    assert migration_check(None, {}, good=False).ok
    waits = migration_check(job, {}, good=False)
    assert waits.reason == "Running"
    assert "is not there yet" in waits.message, "no Job of that name was seen"
    runs = migration_check(job, {("Job", job["metadata"]["name"]): job}, good=False)
    assert "is running" in runs.message
    assert migration_check(job, {}, good=True).ok, "it ran for this spec; only its Job is gone"
    assert ingress_check(INSTANCE, {}).reason == "AddressPending"


@pytest.mark.parametrize(
    ("live", "good"),
    [
        (_external("False", "2-x", "throttled"), False),
        ({"metadata": {"generation": 1}}, True),
        ({}, True),
    ],
    ids=["refused after it was synced", "made again and unanswered", "missing"],
)
def test_values_that_can_not_be_read_again_stay_in_use_with_a_warning(
    live: dict[str, Any], good: bool
) -> None:
    children = {("ExternalSecret", "acme-database"): live}
    told = secrets_check(WANTED, children, PRESENT, good=good)
    assert told.ok
    assert told.warning
    assert not secrets_check(WANTED, children, {}, good=good).ok, "there are no values"


def test_a_changed_spec_of_a_secret_is_not_known_good_by_the_old_one() -> None:
    children = {("ExternalSecret", "acme-database"): _external("False", "1-x", "denied")}
    assert not secrets_check(WANTED, children, PRESENT, good=False).ok


def test_roles_that_were_in_place_stay_so_while_iam_does_not_answer() -> None:
    hiccup, denied = CloudUnavailable("no answer"), CloudAccessDenied("denied")
    assert roles_check(None, pending=False, good=True) == roles_check(None, pending=True, good=True)
    told = roles_check(hiccup, pending=False, good=True)
    assert (told.status, told.warning) == ("True", "no answer")
    assert roles_check(hiccup, pending=False, good=False).reason == "RolePending"
    assert roles_check(denied, pending=False, good=False).reason == "AccessDenied"
    assert roles_check(None, pending=True, good=False).waiting


def test_known_good_is_of_this_very_spec() -> None:
    body: dict[str, Any] = {
        "metadata": {"generation": 2},
        "status": {
            "conditions": [{"type": "SecretsReady", "status": "True", "observedGeneration": 2}]
        },
    }
    assert known_good(body, "SecretsReady")
    assert not known_good({**body, "metadata": {"generation": 3}}, "SecretsReady")
    assert not known_good(body, "CloudAccessReady")


def _job(reason: str) -> dict[tuple[str, str], Any]:
    failed = {"type": "Failed", "status": "True", "reason": reason, "message": "why"}
    return {("Job", "acme-migrate-1"): {"status": {"conditions": [failed]}}}


def test_a_failed_migration_says_whether_it_is_tried_again() -> None:
    job = {"metadata": {"name": "acme-migrate-1"}}
    for reason, words in (
        ("BackoffLimitExceeded", "tried again by itself"),
        ("DeadlineExceeded", "tried again by itself"),
        ("PodFailurePolicy", "trying again cannot help"),
    ):
        told = migration_check(job, _job(reason), good=True)
        assert (told.ok, told.reason) == (False, "MigrationFailed")
        assert words in told.message


def test_the_load_balancers_address_is_told_and_a_missing_readiness_gate_too() -> None:
    entry = {"hostname": "lb.example.com"}
    live = {"status": {"loadBalancer": {"ingress": [entry]}}}
    children = {("Ingress", INSTANCE.name): live}
    told = ingress_check(INSTANCE, children)
    assert told.message == "the load balancer's address is lb.example.com"
    assert told.warning is None
    without = ingress_check(INSTANCE, children, gate=False)
    assert without.ok
    assert "elbv2.k8s.aws/pod-readiness-gate-inject=enabled" in (without.warning or "")


def test_a_gate_is_missing_where_the_controller_asks_for_a_label_that_is_not_there() -> None:
    edge = golden_settings(DESIRED / "golden" / "alb-with-page").edge
    label = "elbv2.k8s.aws/pod-readiness-gate-inject"
    assert gated(edge, {label: "enabled"})
    assert not gated(edge, {label: "disabled"})
    assert not gated(edge, {})
    assert gated(edge, None), "nothing is known of the namespace"
    assert gated(edge.model_copy(update={"readiness_gates": "all"}), {}), "no label is asked for"
    assert gated(edge.model_copy(update={"class_name": "traefik"}), {}), "not an ALB"
