"""Jobs through an instance's life, and what is said of a run that failed."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_controllers import Mood
from support.stage import NAME, V1, V2, Stage

from appinstance_operator.reconcile.bodies import seconds

NIGHTLY = {"name": "nightly", "schedule": "30 2 * * *", "args": ["nightly"], "uses": ["database"]}
NAME_OF_JOB = f"{NAME}-job-nightly"
CRON_JOB = ("CronJob", NAME_OF_JOB)
PLACE = ("CronJob", "acme", NAME_OF_JOB)
BEGUN = "2026-11-28T02:30:00Z"
LATER = "2026-11-29T02:30:00Z"
ENDED = "2026-11-28T02:31:07Z"
WHY = "Job has reached the specified backoff limit"


@pytest.fixture
def keeping(stage: Stage) -> Stage:
    """A world with an instance that is Ready and has a job."""
    stage.apply(jobs=[NIGHTLY])
    stage.settle()
    assert stage.ready() == "True"
    stage.operator_writes()
    return stage


def _run_of(begun: str) -> str:
    return f"{NAME_OF_JOB}-{int(seconds(begun)) // 60}"


def _runs(stage: Stage, begun: str, *, succeeded: str | None = None, active: bool = False) -> None:
    """Do the CronJob controller's part."""
    status: dict[str, Any] = {"lastScheduleTime": begun}
    if succeeded:
        status["lastSuccessfulTime"] = succeeded
    if active:
        status["active"] = [{"kind": "Job", "name": _run_of(begun)}]
    stage.cluster.set_status("cronjob-controller", PLACE, status)


def _ended(stage: Stage, begun: str, kind: str = "Failed", owner: str | None = None) -> None:
    """Make the Job of a run, as the CronJob and Job controllers would, ended."""
    held = stage.must(*CRON_JOB)
    name = _run_of(begun)
    reference = {
        "apiVersion": "batch/v1", "kind": "CronJob", "name": NAME_OF_JOB, "controller": True,
        "uid": owner or held["metadata"]["uid"],
    }  # fmt: skip
    template = held["spec"]["jobTemplate"]
    meta = {
        "name": name, "namespace": "acme", "labels": dict(template["metadata"]["labels"]),
        "ownerReferences": [reference],
    }  # fmt: skip
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}
    stage.cluster.create("cronjob-controller", "Job", job)
    condition = {
        "type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": WHY,
        "lastTransitionTime": ENDED,
    }  # fmt: skip
    stage.cluster.set_status("job-controller", ("Job", "acme", name), {"conditions": [condition]})


def _failed(stage: Stage, begun: str = BEGUN) -> None:
    _ended(stage, begun)
    _runs(stage, begun)
    stage.settle()


def test_one_is_made_and_left_alone(keeping: Stage) -> None:
    keeping.restart()
    keeping.settle()
    assert keeping.operator_writes() == []
    assert keeping.condition("JobsSucceeded")["reason"] == "NoRunFailed"


def test_a_run_that_failed_is_told_by_name_and_time_and_takes_readiness_nothing(
    keeping: Stage,
) -> None:
    _failed(keeping)
    assert keeping.ready() == "True"
    run = _run_of(BEGUN)
    told = keeping.condition("JobsSucceeded")
    assert (told["status"], told["reason"]) == ("False", "RunFailed")
    assert told["message"] == (
        f"job nightly failed at {ENDED} (BackoffLimitExceeded: {WHY}); "
        f"read `kubectl logs job/{run}`"
    )
    assert keeping.status()["failedRuns"] == [
        {"job": "nightly", "run": run, "time": ENDED, "message": f"BackoffLimitExceeded: {WHY}"}
    ]
    events = [item.body["message"] for item in keeping.cluster.of_kind("Event")]
    assert events.count(told["message"]) == 1


def test_it_is_asked_for_once_and_known_after_a_restart_and_when_it_is_gone(
    keeping: Stage,
) -> None:
    _failed(keeping)
    before = keeping.status()["failedRuns"]
    keeping.operator_writes()
    keeping.cluster.delete("ttl-controller", ("Job", "acme", _run_of(BEGUN)))
    keeping.restart()
    keeping.settle()
    assert keeping.status()["failedRuns"] == before
    assert [write for write in keeping.operator_writes() if "Event" not in write] == []


def test_while_the_next_run_goes_on_it_stays_and_goes_once_that_succeeds(keeping: Stage) -> None:
    _failed(keeping)
    _runs(keeping, LATER, active=True)
    keeping.settle()
    assert keeping.status()["failedRuns"][0]["run"] == _run_of(BEGUN)
    _ended(keeping, LATER, "Complete")
    _runs(keeping, LATER, succeeded="2026-11-29T02:32:00Z")
    keeping.settle()
    assert "failedRuns" not in keeping.status()
    assert keeping.condition("JobsSucceeded")["status"] == "True"


def test_a_success_that_is_not_noted_yet_is_no_failure(keeping: Stage) -> None:
    """Kubernetes takes a run off `active` first and notes its success in a later write."""
    _runs(keeping, BEGUN, active=True)
    keeping.settle()
    _ended(keeping, BEGUN, "Complete")
    _runs(keeping, BEGUN)
    keeping.settle()
    assert keeping.condition("JobsSucceeded")["status"] == "True"


def test_a_run_that_goes_on_and_one_that_is_not_there_are_no_failure(keeping: Stage) -> None:
    _runs(keeping, BEGUN, active=True)
    keeping.settle()
    assert keeping.condition("JobsSucceeded")["status"] == "True"
    _runs(keeping, BEGUN)
    keeping.settle()
    assert keeping.condition("JobsSucceeded")["status"] == "True"


def test_somebody_elses_job_of_that_name_says_nothing(keeping: Stage) -> None:
    _ended(keeping, BEGUN, owner="00000000-0000-0000-0000-000000000000")
    _runs(keeping, BEGUN)
    keeping.settle()
    assert keeping.condition("JobsSucceeded")["status"] == "True"


def test_a_manual_run_that_succeeds_later_puts_it_right(keeping: Stage) -> None:
    _failed(keeping)
    _runs(keeping, BEGUN, succeeded="2026-11-28T09:00:00Z")
    keeping.settle()
    assert "failedRuns" not in keeping.status()


def test_without_jobs_nothing_is_said_of_them(keeping: Stage) -> None:
    _failed(keeping)
    keeping.apply(jobs=None)
    keeping.settle()
    assert keeping.get(*CRON_JOB) is None
    assert keeping.condition("JobsSucceeded") == {}
    assert "failedRuns" not in keeping.status()
    left = [name for name in keeping.cluster.objects if name[2] == NAME_OF_JOB]
    assert left == []


def test_suspended_no_run_begins_and_what_was_said_stays(keeping: Stage) -> None:
    _failed(keeping)
    keeping.apply(suspend=True, jobs=[{**NIGHTLY, "schedule": "@hourly"}])
    keeping.settle()
    spec = keeping.must(*CRON_JOB)["spec"]
    assert (spec["suspend"], spec["schedule"]) == (True, "30 2 * * *")
    assert keeping.condition("JobsSucceeded")["status"] == "False"
    keeping.apply(suspend=False)
    keeping.settle()
    spec = keeping.must(*CRON_JOB)["spec"]
    assert (spec["suspend"], spec["schedule"]) == (False, "@hourly")


def test_what_somebody_changes_or_deletes_is_put_right(keeping: Stage) -> None:
    def changed(body: Any) -> Any:
        return {**body, "spec": {**body["spec"], "schedule": "* * * * *"}}

    keeping.cluster.edit("somebody", PLACE, changed)
    keeping.settle()
    assert keeping.must(*CRON_JOB)["spec"]["schedule"] == "30 2 * * *"
    keeping.delete(*CRON_JOB)
    keeping.settle()
    assert keeping.get(*CRON_JOB) is not None


def test_while_a_migration_fails_a_job_keeps_its_image_and_takes_all_else(keeping: Stage) -> None:
    keeping.controllers.jobs.mood = Mood.REFUSES
    keeping.apply(backend={"image": V2}, jobs=[{**NIGHTLY, "suspend": True}])
    keeping.settle()

    def image() -> Any:
        template = keeping.must(*CRON_JOB)["spec"]["jobTemplate"]["spec"]["template"]
        return template["spec"]["containers"][0]["image"]

    assert image() == V1
    assert keeping.must(*CRON_JOB)["spec"]["suspend"] is True
    keeping.controllers.jobs.mood = Mood.WORKS
    keeping.pass_time(3600)
    keeping.settle()
    assert image() == V2
    assert keeping.ready() == "True"


def test_one_that_is_deleted_while_a_gate_is_closed_waits_for_the_gate(keeping: Stage) -> None:
    keeping.controllers.jobs.mood = Mood.REFUSES
    keeping.apply(backend={"image": V2})
    keeping.delete(*CRON_JOB)
    keeping.settle()
    assert keeping.get(*CRON_JOB) is None
    assert keeping.condition("Stalled")["reason"] == "MigrationFailed"


def test_its_runs_are_not_labelled_as_the_operators_own(keeping: Stage) -> None:
    """Or nobody could make one by hand: the admission policy keeps that label for the operator."""
    template = keeping.must(*CRON_JOB)["spec"]["jobTemplate"]
    for labels in (template["metadata"], template["spec"]["template"]["metadata"]):
        assert "app.kubernetes.io/managed-by" not in labels["labels"]
        assert labels["labels"]["app.kubernetes.io/instance"] == NAME
