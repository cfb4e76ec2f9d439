"""`appinstance why`: from what is seen to the chain of causes and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from appinstance_operator.cli import causes
from appinstance_operator.cli.causes import World, next_steps, why

_BACKEND = {"app.kubernetes.io/component": "backend"}


def _condition(kind: str, status: str, reason: str, message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _instance(*conditions: Mapping[str, str], seen: int = 1, **meta: Any) -> dict[str, Any]:
    return {
        "kind": "AppInstance",
        "metadata": {"name": "acme", "namespace": "acme", "generation": 1, **meta},
        "status": {"observedGeneration": seen, "conditions": list(conditions)},
    }


def _object(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "labels": _BACKEND}, **parts}


def _pod(**status: Any) -> dict[str, Any]:
    return _object("Pod", "acme-backend-1", status=status)


def _container(**parts: Any) -> dict[str, Any]:
    return {"phase": "Running", "containerStatuses": [{"name": "backend", **parts}]}


def _warning(kind: str, name: str, message: str) -> dict[str, Any]:
    about = {"kind": kind, "name": name}
    return {"type": "Warning", "reason": "Failed", "message": message, "involvedObject": about}


_WAITS = _condition("Ready", "False", "DependencyNotReady", "waits")
_WORKLOADS = _condition("WorkloadsAvailable", "False", "RolloutInProgress", "backend 0/2")
_DEPLOYMENT = _object("Deployment", "acme-backend", spec={"replicas": 2}, status={})


def test_one_that_is_ready_has_no_cause_and_no_next_step() -> None:
    world = World(_instance(_condition("Ready", "True", "ReconcileSucceeded", "all runs")), [])
    assert causes.is_ready(world.instance)
    assert why(world).because == ()
    assert next_steps(why(world)) == []


def test_a_status_of_an_older_spec_is_not_believed() -> None:
    world = World(_instance(_condition("Ready", "True", "ReconcileSucceeded"), seen=0), [])
    assert not causes.is_ready(world.instance)
    assert "has not looked at this spec yet" in why(world).says


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        ("Suspended", "set spec.suspend to false"),
        ("NotAllowed", "ask the platform team for a grant"),
        ("HostTaken", "choose another host"),
        ("NameTaken", "what is in the way"),
        ("InvalidSpec", "appinstance validate"),
    ],
)
def test_what_the_spec_itself_is_to_blame_for(reason: str, step: str) -> None:
    stalled = _condition("Stalled", "True", reason, "because")
    ready = _condition("Ready", "False", reason, "because")
    tree = why(World(_instance(ready, stalled), []))
    assert tree.says == f"{reason}: because"
    assert step in next_steps(tree)[0]


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("ResourceNotFoundException: can't find it", "create apps/acme/db in Secrets Manager"),
        ("AccessDeniedException: not authorized", "whether the role may read apps/acme/db"),
        ("some other thing", "see whether apps/acme/db is there"),
    ],
)
def test_a_secret_that_is_not_synced(message: str, step: str) -> None:
    area = _condition("SecretsReady", "False", "ExternalSecretNotSynced", "not synced")
    secret = _object(
        "ExternalSecret", "acme-database",
        spec={"data": [{"remoteRef": {"key": "apps/acme/db"}}]},
        status={"conditions": [_condition("Ready", "False", "SecretSyncedError", "could not")]},
    )  # fmt: skip
    events = [_warning("ExternalSecret", "acme-database", message)] * 2
    tree = why(World(_instance(_WAITS, area), [secret], events))
    (found,) = tree.because
    assert found.what == "SecretsReady"
    assert [item.what for item in found.because] == ["ExternalSecret acme-database"]
    assert [item.says for item in found.because[0].because] == [f"Failed: {message}"]
    assert step in next_steps(tree)[0]


@pytest.mark.parametrize(
    ("status", "says", "step"),
    [
        (
            _container(
                state={"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
            ),
            "ImagePullBackOff: no such image",
            "whether the image exists",
        ),
        (
            _container(
                state={"waiting": {"reason": "CrashLoopBackOff"}},
                lastState={"terminated": {"exitCode": 3, "reason": "Error"}},
            ),
            "ended with code 3",
            "kubectl appi logs acme --component backend --previous",
        ),
        (
            _container(
                state={"waiting": {"reason": "CrashLoopBackOff"}},
                lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            ),
            "want of memory",
            "raise resources.limits.memory",
        ),
        (
            {"conditions": [_condition("PodScheduled", "False", "Unschedulable", "0/3 nodes")]},
            "has no node: 0/3 nodes",
            "no node has room",
        ),
        (_container(state={"running": {}}), "readiness probe", "kubectl appi logs acme"),
        ({"phase": "Pending"}, "is being started", "kubectl appi logs acme"),
    ],
    ids=["image", "crash", "memory", "node", "probe", "start"],
)
def test_a_pod_that_does_not_run(status: dict[str, Any], says: str, step: str) -> None:
    world = World(_instance(_WAITS, _WORKLOADS), [_DEPLOYMENT, _pod(**status)])
    tree = why(world)
    deployment = tree.because[0].because[0]
    assert deployment.says == "0 of 2 pods are ready"
    assert says in deployment.because[0].says
    assert step in next_steps(tree)[0]


def test_pods_that_the_cluster_refuses_are_told_with_the_rule() -> None:
    words = 'pods "acme-backend-1" is forbidden: maximum memory usage per Container is 64Mi'
    status = {"conditions": [_condition("ReplicaFailure", "True", "FailedCreate", words)]}
    refused = _object("Deployment", "acme-backend", spec={"replicas": 2}, status=status)
    tree = why(World(_instance(_WAITS, _WORKLOADS), [refused]))
    (area,) = tree.because
    (deployment,) = area.because
    assert [cause.says for cause in deployment.because] == [words]
    assert next_steps(tree) == [
        "see the quotas, limits and policies of the namespace: change the resources of backend, or "
        "ask the platform team"
    ]


def test_an_object_that_is_refused_is_not_waited_for() -> None:
    message = "the API server refused it (403): exceeded quota"
    stalled = _condition("Stalled", "True", "ApplyRefused", message)
    area = _condition("WorkloadsAvailable", "False", "RolloutInProgress", message)
    assert next_steps(why(World(_instance(_WAITS, stalled, area), []))) == [
        "see the message: a policy or quota of the namespace, or a field's value"
    ]


def test_a_failed_migration_leads_to_its_logs() -> None:
    area = _condition("MigrationsApplied", "False", "MigrationFailed", "failed")
    job = _object(
        "Job", "acme-migrate-1",
        status={"conditions": [_condition("Failed", "True", "BackoffLimitExceeded", "twice")]},
    )  # fmt: skip
    tree = why(World(_instance(_WAITS, area), [job]))
    assert tree.because[0].because[0].says == "twice"
    assert "kubectl appi logs acme --component migrate" in next_steps(tree)[0]


def test_a_failed_run_of_a_job_is_told_of_an_instance_that_is_ready() -> None:
    failed = _condition("JobsSucceeded", "False", "RunFailed", "nightly failed")
    body = _instance(_condition("Ready", "True", "ReconcileSucceeded", "fine"), failed)
    run = {"job": "nightly", "run": "acme-job-nightly-1", "time": "today", "message": "twice"}
    body["status"]["failedRuns"] = [run]
    tree = why(World(body, []))
    assert tree.says == "is ready: fine"
    assert [item.what for item in tree.because] == ["Job acme-job-nightly-1"]
    assert next_steps(tree) == ["read `kubectl appi logs acme --component job-nightly`"]


def test_the_runs_of_jobs_are_no_migrations() -> None:
    area = _condition("MigrationsApplied", "False", "Running", "waits")
    run = _object("Job", "acme-job-nightly-1")
    run["metadata"]["labels"] = {"app.kubernetes.io/component": "job-nightly"}
    assert why(World(_instance(_WAITS, area), [run])).because[0].because == ()


def test_areas_that_are_fine_are_left_out() -> None:
    fine = _condition("CloudAccessReady", "True", "RolesReady")
    tree = why(World(_instance(_WAITS, fine, _WORKLOADS), []))
    assert [item.what for item in tree.because] == ["WorkloadsAvailable"]
    assert next_steps(tree)


@pytest.mark.parametrize("status", [None, {}, {"conditions": None}, {"conditions": [{}]}])
def test_a_status_of_any_form_is_no_trouble(status: Any) -> None:
    body = {"kind": "AppInstance", "metadata": {"name": "acme"}, "status": status}
    assert next_steps(why(World(body, [{"kind": "Pod", "metadata": {"name": "p"}}])))
