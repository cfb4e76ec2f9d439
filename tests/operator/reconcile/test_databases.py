"""A database that the platform makes: the operator asks for it, waits, and says how it stands."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_cluster import Body
from support.fake_controllers import Mood
from support.stage import NAME, NAMESPACE, V2, Stage, stage_settings

from appinstance_operator.api.request import Answer
from appinstance_operator.kube.kinds import DATABASE_JOB

OWN = "appinstance-system"
OFFERED = {"provisioning": {"host": "db.example.com", "backupBucket": "dumps"}}


def _template() -> dict[str, Any]:
    pod = {
        "serviceAccountName": DATABASE_JOB,
        "containers": [{"name": "provisioner", "image": "provisioner:1", "args": ["list"]}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": DATABASE_JOB, "namespace": OWN},
        "spec": {
            "suspend": True,
            "jobTemplate": {
                "metadata": {"labels": {"app.kubernetes.io/name": DATABASE_JOB}},
                "spec": {"backoffLimit": 2, "template": {"metadata": {}, "spec": pod}},
            },
        },
    }


@pytest.fixture
def stage() -> Stage:
    """A platform that offers databases."""
    made = Stage(stage_settings(database=OFFERED))
    made.cluster.create("helm", "CronJob", _template())
    return made


def _ask(stage: Stage, **spec: Any) -> None:
    stage.apply(**{"database": {"provision": True}, **spec})


def _settle(stage: Stage, seconds: float = 2, times: int = 3) -> None:
    for _ in range(times):
        stage.settle()
        stage.pass_time(seconds)
    stage.settle()


@pytest.fixture
def running(stage: Stage) -> Stage:
    """An instance with a database of its own, which is Ready."""
    _ask(stage)
    _settle(stage)
    assert stage.ready() == "True"
    stage.operator_writes()
    return stage


def _jobs(stage: Stage) -> list[Body]:
    return [item.body for item in stage.cluster.of_kind("Job", OWN)]


def _args(job: Body) -> list[str]:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    args: list[str] = container["args"]
    return args


def test_it_asks_by_a_job_of_the_template_and_goes_on_when_that_is_done(running: Stage) -> None:
    (job,) = _jobs(running)
    assert _args(job) == ["ensure", f"{NAMESPACE}/{NAME}"]
    whole = _template()["spec"]["jobTemplate"]["spec"]
    (container,) = whole["template"]["spec"]["containers"]
    container["args"] = _args(job)
    assert job["spec"] == whole
    assert running.condition("DatabaseReady")["reason"] == "Provisioned"
    assert running.status()["database"]["entry"] == f"apps/{NAMESPACE}/{NAME}/database"
    external = running.must("ExternalSecret", f"{NAME}-database")
    assert external["spec"]["data"][0]["remoteRef"]["key"] == f"apps/{NAMESPACE}/{NAME}/database"


def test_nothing_reads_the_entry_and_no_pod_is_made_before_it_is_there(stage: Stage) -> None:
    stage.controllers.jobs.mood = Mood.HANGS
    _ask(stage)
    _settle(stage)
    assert stage.get("ExternalSecret", f"{NAME}-database") is None
    assert stage.get("Deployment", f"{NAME}-backend") is None
    condition = stage.condition("DatabaseReady")
    assert (condition["status"], condition["reason"]) == ("False", "Provisioning")
    assert stage.condition("Ready")["reason"] == "Progressing"
    assert stage.get("NetworkPolicy", f"{NAME}-default-deny") is not None


def test_what_is_made_is_not_asked_for_again(running: Stage) -> None:
    for job in _jobs(running):
        running.cluster.delete("ttl", ("Job", OWN, job["metadata"]["name"]))
    running.apply(backend={"image": V2})
    _settle(running)
    running.restart()
    _settle(running)
    assert running.image() == V2
    assert _jobs(running) == []


def test_a_job_that_is_there_already_is_taken_up_after_a_restart(stage: Stage) -> None:
    stage.controllers.jobs.mood = Mood.HANGS
    _ask(stage)
    _settle(stage)
    stage.restart()
    stage.controllers.jobs.mood = Mood.WORKS
    _settle(stage)
    assert stage.ready() == "True"
    assert len(_jobs(stage)) == 1


def test_another_word_asks_for_a_rotation_once(running: Stage) -> None:
    running.apply(database={"provision": True, "rotate": "2026-11-28"})
    _settle(running)
    assert [_args(job)[2:] for job in _jobs(running)].count(["--rotation=2026-11-28"]) == 1
    assert running.ready() == "True"


def test_while_it_rotates_pods_are_left_alone(running: Stage) -> None:
    before = running.template()
    running.controllers.jobs.mood = Mood.HANGS
    running.apply(database={"provision": True, "rotate": "1"})
    _settle(running)
    assert running.template() == before
    assert running.get("ExternalSecret", f"{NAME}-database") is not None


def test_requests_are_counted_by_their_answers(stage: Stage) -> None:
    counted: list[tuple[str, str]] = []
    requests = stage.operator.parts.reconciler._converger.requests
    requests.count = lambda *words: counted.append(words)
    stage.controllers.jobs.answers["ensure"] = Answer.UNREACHABLE.value
    _ask(stage)
    _settle(stage)
    assert counted == [("ensure", "DatabaseUnreachable")]
    stage.controllers.jobs.answers.clear()
    _settle(stage, 400)
    assert counted[1:] == [("ensure", "Provisioned")]


@pytest.mark.parametrize(
    "answer", [item for item in Answer if item not in (Answer.DONE, Answer.ROTATION_WAITS)]
)
def test_each_answer_is_told_and_asked_again(stage: Stage, answer: Answer) -> None:
    stage.controllers.jobs.answers["ensure"] = answer.value
    _ask(stage)
    _settle(stage)
    condition = stage.condition("DatabaseReady")
    assert condition["status"] == "False"
    assert condition["reason"] == answer.reason
    assert condition["message"] == answer.sentence
    assert stage.condition("Ready")["message"] == answer.sentence
    assert stage.get("Deployment", f"{NAME}-backend") is None
    stage.controllers.jobs.answers.clear()
    _settle(stage, 400)
    assert stage.ready() == "True"


def test_a_rotation_that_has_to_wait_leaves_it_ready(running: Stage) -> None:
    running.controllers.jobs.answers["ensure"] = Answer.ROTATION_WAITS.value
    running.apply(database={"provision": True, "rotate": "1"})
    _settle(running)
    condition = running.condition("DatabaseReady")
    assert (condition["status"], condition["reason"]) == ("True", "RotationWaits")
    assert running.ready() == "True"
    running.controllers.jobs.answers.clear()
    _settle(running, 400)
    assert running.condition("DatabaseReady")["reason"] == "Provisioned"


def test_a_provisioner_that_crashes_is_told_with_its_job(stage: Stage) -> None:
    stage.controllers.jobs.mood = Mood.REFUSES
    _ask(stage)
    _settle(stage)
    condition = stage.condition("DatabaseReady")
    assert condition["reason"] == "ProvisionerFailed"
    assert DATABASE_JOB in condition["message"]


def test_failing_it_is_asked_less_and_less_often(stage: Stage) -> None:
    stage.controllers.jobs.answers["ensure"] = Answer.UNREACHABLE.value
    _ask(stage)
    made = []
    for _ in range(120):
        _settle(stage, 10, 1)
        made.append(sum(words.startswith("create Job") for words in stage.operator_writes()))
    assert sum(made[:50]) > sum(made[-50:]) > 0


def test_an_instance_that_ran_goes_on_while_its_database_is_amiss(running: Stage) -> None:
    before = running.template()
    running.controllers.jobs.answers["ensure"] = Answer.LOST.value
    running.apply(database={"provision": True, "rotate": "1"}, backend={"image": V2})
    _settle(running)
    assert running.template() == before
    assert running.ready() == "False"


def test_without_the_template_it_says_what_to_install() -> None:
    stage = Stage(stage_settings(database=OFFERED))
    _ask(stage)
    _settle(stage)
    condition = stage.condition("DatabaseReady")
    assert condition["reason"] == "Unconfigured"
    assert DATABASE_JOB in condition["message"]


def test_a_platform_that_offers_none_refuses() -> None:
    stage = Stage()
    _ask(stage)
    _settle(stage)
    assert stage.condition("Stalled")["reason"] == "InvalidSpec"
    assert "database.provisioning" in stage.condition("Stalled")["message"]


# The end


@pytest.mark.parametrize("policy", [None, "Retain"])
def test_without_a_word_for_it_nothing_of_the_database_goes(running: Stage, policy: str) -> None:
    running.apply(deletionPolicy=policy)
    _settle(running)
    running.delete("AppInstance", NAME)
    _settle(running)
    assert running.get("AppInstance", NAME) is None
    assert not [job for job in _jobs(running) if _args(job)[0] == "delete"]


def test_roles_go_all_the_same(running: Stage) -> None:
    running.delete("AppInstance", NAME)
    _settle(running)
    assert running.iam.roles == {}


def test_with_delete_it_goes_only_once_the_database_is_gone(running: Stage) -> None:
    running.apply(deletionPolicy="Delete")
    _settle(running)
    running.controllers.jobs.mood = Mood.HANGS
    running.delete("AppInstance", NAME)
    _settle(running)
    assert running.get("AppInstance", NAME) is not None
    (job,) = [job for job in _jobs(running) if _args(job)[0] == "delete"]
    assert _args(job) == ["delete", f"{NAMESPACE}/{NAME}"]
    running.controllers.jobs.mood = Mood.WORKS
    _settle(running)
    assert running.get("AppInstance", NAME) is None


def _deleted_without_a_dump(stage: Stage) -> None:
    stage.apply(deletionPolicy="Delete")
    _settle(stage)
    stage.controllers.jobs.answers["delete"] = Answer.DUMP_FAILED.value
    stage.delete("AppInstance", NAME)
    _settle(stage)


def test_a_dump_that_fails_keeps_the_instance_and_is_told(running: Stage) -> None:
    _deleted_without_a_dump(running)
    assert running.condition("DatabaseReady")["reason"] == "DumpFailed"
    running.controllers.jobs.answers.clear()
    _settle(running, 400)
    assert running.get("AppInstance", NAME) is None


def test_who_takes_the_word_back_while_no_dump_comes_keeps_the_data(running: Stage) -> None:
    _deleted_without_a_dump(running)
    assert running.get("AppInstance", NAME) is not None
    running.apply(deletionPolicy=None)
    _settle(running, 400)
    assert running.get("AppInstance", NAME) is None


def test_one_made_anew_under_the_name_asks_anew(running: Stage) -> None:
    running.delete("AppInstance", NAME)
    _settle(running)
    _ask(running)
    _settle(running)
    assert running.ready() == "True"
    assert len([job for job in _jobs(running) if _args(job)[0] == "ensure"]) == 2


def test_another_namespace_may_not_name_what_was_left(running: Stage) -> None:
    running.delete("AppInstance", NAME)
    _settle(running)
    key = f"apps/{NAMESPACE}/{NAME}/database"
    running.apply(namespace="globex", database={"credentials": {"remoteRef": {"key": key}}})
    _settle(running)
    stalled = running.condition("Stalled", namespace="globex")
    assert stalled["reason"] == "NotAllowed"
    assert key in stalled["message"]


def test_one_with_credentials_asks_for_nothing(stage: Stage) -> None:
    stage.apply()
    _settle(stage)
    assert stage.ready() == "True"
    assert _jobs(stage) == []
    assert stage.condition("DatabaseReady") == {}
    assert "database" not in stage.status()
