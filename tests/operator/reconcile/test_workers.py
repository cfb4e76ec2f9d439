"""Workers through an instance's life: they roll, stop and go with it, and wait as it does."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_api import Request
from support.fake_cluster import Refused, Write
from support.fake_controllers import BAD_IMAGE, Mood
from support.stage import NAME, V1, V2, Stage

MAIL = {"name": "mail", "args": ["mail"], "uses": ["database"]}
NIGHTLY = {"name": "nightly", "schedule": "@daily", "args": ["nightly"]}
SCALED = {**MAIL, "autoscaling": {"minReplicas": 2, "maxReplicas": 4}}
DEPLOYMENT = ("Deployment", f"{NAME}-worker-mail")


@pytest.fixture
def working(stage: Stage) -> Stage:
    """A world with an instance that is Ready and has a worker."""
    stage.apply(workers=[MAIL])
    stage.settle()
    assert stage.ready() == "True"
    stage.operator_writes()
    return stage


def _replicas(stage: Stage) -> Any:
    return stage.must(*DEPLOYMENT)["spec"]["replicas"]


def test_the_status_counts_it_and_has_its_image(working: Stage) -> None:
    status = working.status()
    assert status["images"]["workers"] == {"mail": V1}
    assert status["replicas"]["summary"] == "backend 2/2, frontend 2/2, worker-mail 1/1"
    names = {(item["kind"], item["name"]) for item in status["inventory"]}
    assert DEPLOYMENT in names
    assert ("NetworkPolicy", DEPLOYMENT[1]) in names


def test_a_settled_one_is_left_alone(working: Stage) -> None:
    working.restart()
    working.settle()
    assert working.operator_writes() == []


def test_it_rolls_after_the_migration_and_not_where_that_fails(working: Stage) -> None:
    working.controllers.jobs.mood = Mood.REFUSES
    working.apply(backend={"image": V2})
    working.settle()
    assert working.image("worker-mail") == V1
    assert working.status()["images"]["workers"] == {"mail": V1}
    working.controllers.jobs.mood = Mood.WORKS
    working.pass_time(3600)
    working.settle()
    assert working.image("worker-mail") == V2
    assert working.status()["images"]["workers"] == {"mail": V2}


def test_one_that_does_not_start_is_said_and_takes_the_rest_nothing(working: Stage) -> None:
    working.apply(workers=[{**MAIL, "image": BAD_IMAGE}])
    working.settle()
    assert working.ready() == "False"
    assert f"{NAME}-worker-mail" in working.condition("WorkloadsAvailable")["message"]
    assert working.status()["images"]["workers"] == {"mail": V1}
    assert working.must("Deployment", f"{NAME}-backend")["status"]["availableReplicas"] == 2


@pytest.mark.parametrize("gone", [DEPLOYMENT, ("NetworkPolicy", DEPLOYMENT[1])])
def test_what_somebody_deletes_comes_back(working: Stage, gone: tuple[str, str]) -> None:
    working.delete(*gone)
    working.settle()
    assert working.get(*gone) is not None


def test_what_somebody_opens_is_closed_again(working: Stage) -> None:
    place = ("NetworkPolicy", "acme", DEPLOYMENT[1])

    def opened(body: Any) -> Any:
        return {**body, "spec": {**body["spec"], "ingress": [{}]}}

    working.cluster.edit("somebody", place, opened)
    working.settle()
    assert working.must("NetworkPolicy", DEPLOYMENT[1])["spec"].get("ingress", []) == []


def test_taken_out_of_the_spec_nothing_of_it_stays(working: Stage) -> None:
    working.apply(workers=None)
    working.settle()
    assert working.ready() == "True"
    left = ["/".join(name) for name in working.cluster.objects if name[2].startswith(DEPLOYMENT[1])]
    assert left == []
    assert "workers" not in working.status()["images"]


def test_a_rotated_secret_rolls_those_who_use_it_and_no_others(stage: Stage) -> None:
    idle = {"name": "idle", "args": ["idle"]}
    stage.apply(workers=[MAIL, idle])
    stage.settle()

    def template(part: str) -> Any:
        return stage.must("Deployment", f"{NAME}-worker-{part}")["spec"]["template"]

    before = {part: template(part) for part in ("mail", "idle")}
    stage.controllers.secrets.rotate("apps/acme/shop/database")
    stage.settle()
    assert template("mail") != before["mail"]
    assert template("idle") == before["idle"]


@pytest.mark.parametrize(("worker", "usual"), [(MAIL, 1), (SCALED, 2)], ids=["fixed", "scaled"])
def test_suspended_it_is_stopped_and_nothing_else_is(stage: Stage, worker: Any, usual: int) -> None:
    stage.apply(workers=[worker])
    stage.settle()
    assert _replicas(stage) == usual
    stage.operator_writes()
    stage.apply(suspend=True, workers=[{**worker, "args": ["other"]}])
    stage.settle()
    assert _replicas(stage) == 0
    assert stage.must(*DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["args"] == ["mail"]
    assert stage.condition("Ready")["reason"] == "Suspended"
    kinds = [write for write in stage.operator_writes() if "AppInstance" not in write]
    assert [write for write in kinds if "Event" not in write] == [
        f"merge/ Deployment/acme/{DEPLOYMENT[1]}"
    ]
    stage.apply(suspend=False)
    stage.settle()
    assert _replicas(stage) == usual
    assert stage.must(*DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["args"] == ["other"]
    assert stage.ready() == "True"


def test_it_is_said_to_be_stopped_only_once_it_is(working: Stage) -> None:
    said: list[tuple[str, int]] = []

    def note(write: Write) -> None:
        if write.name[0] == "AppInstance" and write.after and write.verb == "merge/status":
            (ready,) = (c for c in write.after.body["status"]["conditions"] if c["type"] == "Ready")
            said.append((ready["reason"], _replicas(working)))

    working.cluster.on_write = note
    working.apply(suspend=True)
    working.settle()
    assert said == [("Suspended", 0)]


def test_one_that_cannot_be_stopped_is_told_and_keeps_no_other_from_it(working: Stage) -> None:
    idle = {"name": "idle", "args": ["idle"]}
    working.apply(workers=[MAIL, idle], jobs=[NIGHTLY])
    working.settle()

    def refuse(request: Request) -> None:
        if (request.verb, request.kind, request.name) == ("merge", *DEPLOYMENT):
            raise Refused(500, "a webhook does not answer")

    working.operator.api.before = refuse
    working.apply(suspend=True)
    working.settle()
    assert _replicas(working) == 1
    assert working.must("Deployment", f"{NAME}-worker-idle")["spec"]["replicas"] == 0
    assert working.must("CronJob", f"{NAME}-job-nightly")["spec"]["suspend"] is True
    ready = working.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "Suspended")
    assert "not all workers and jobs are stopped yet" in ready["message"]
    assert "a webhook does not answer" in ready["message"]
    assert working.condition("Reconciling")["reason"] == "ProgressingWithRetry"
    working.operator_writes()
    working.pass_time(1)
    working.settle()
    assert working.operator_writes() == [], "it was written once"
    working.operator.api.before = lambda _request: None
    working.pass_time(60)
    working.settle()
    assert _replicas(working) == 0
    assert "workers and jobs are stopped" in working.condition("Ready")["message"]
    assert working.condition("Reconciling") == {}


def test_begun_by_somebody_while_suspended_it_is_stopped_again(working: Stage) -> None:
    working.apply(suspend=True)
    working.settle()

    def begun(body: Any) -> Any:
        return {**body, "spec": {**body["spec"], "replicas": 3}}

    working.cluster.edit("somebody", ("Deployment", "acme", DEPLOYMENT[1]), begun)
    working.settle()
    assert _replicas(working) == 0


def test_what_looks_like_one_and_is_not_the_instances_own_is_left(working: Stage) -> None:
    meta = {
        "name": f"{NAME}-worker-theirs", "namespace": "acme",
        "labels": dict(working.must(*DEPLOYMENT)["metadata"]["labels"]),
    }  # fmt: skip
    theirs = {**working.must(*DEPLOYMENT), "metadata": meta}
    working.cluster.create("somebody", "Deployment", theirs)
    working.apply(suspend=True)
    working.settle()
    held = working.must("Deployment", f"{NAME}-worker-theirs")
    assert held["spec"]["replicas"] == 1
