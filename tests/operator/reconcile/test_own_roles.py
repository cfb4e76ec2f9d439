"""Roles that workers and jobs have of their own: told before they are made, and gone after use."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from support.fake_api import Request
from support.fake_cluster import Refused
from support.fake_controllers import Mood
from support.fake_iam import Role, RoleWrite
from support.rights import Rights
from support.stage import NAME, NAMESPACE, V2, Stage

from appinstance_operator.desired import iam

PRUNE = {"name": "prune", "args": ["prune"], "uses": ["media"], "role": "Own"}
NIGHTLY = {
    "name": "nightly", "schedule": "@daily", "args": ["nightly"], "uses": ["media"],
    "role": "ReadOnly",
}  # fmt: skip
WORKER, JOB = "worker-prune", "job-nightly"


def _shared(process: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in process.items() if key != "role"}


def _role(stage: Stage, part: str) -> str:
    return iam.role_of(NAMESPACE, NAME, stage.settings, part)


def _roles(stage: Stage, *parts: str) -> list[str]:
    return sorted(_role(stage, part) for part in parts)


def _pods(stage: Stage, kind: str, part: str) -> dict[str, Any]:
    spec: dict[str, Any] = stage.must(kind, f"{NAME}-{part}")["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
    pods: dict[str, Any] = template["spec"]
    return pods


def _taken(pods: dict[str, Any]) -> str:
    (arn,) = (v["value"] for v in pods["containers"][0]["env"] if v["name"] == "AWS_ROLE_ARN")
    return str(arn).rpartition("/")[2]


@pytest.fixture
def owning(stage: Stage) -> Stage:
    """A world with an instance that is Ready, whose worker and job have roles of their own."""
    stage.apply(workers=[PRUNE], jobs=[NIGHTLY])
    stage.settle()
    assert stage.ready() == "True"
    stage.operator_writes()
    return stage


def test_pods_and_accounts_have_them_and_the_status_tells(owning: Stage) -> None:
    assert sorted(owning.iam.roles) == _roles(owning, "backend", "secrets", WORKER, JOB)
    told = owning.status()
    assert {part: arn.rpartition("/")[2] for part, arn in told["ownRoles"].items()} == {
        part: _role(owning, part) for part in (WORKER, JOB)
    }
    assert told["roles"].keys() == {"backend", "secrets"}
    assert "pendingRoles" not in told
    for kind, part in (("Deployment", WORKER), ("CronJob", JOB)):
        pods = _pods(owning, kind, part)
        assert pods["serviceAccountName"] == f"{NAME}-{part}"
        assert _taken(pods) == _role(owning, part)
        account = owning.must("ServiceAccount", f"{NAME}-{part}")
        arn = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
        assert arn == told["ownRoles"][part]


def test_a_settled_one_is_left_alone(owning: Stage) -> None:
    owning.restart()
    owning.settle()
    assert owning.operator_writes() == []


def test_the_status_tells_of_each_before_it_is_made(stage: Stage) -> None:
    told: dict[str, bool] = {}

    def note(write: RoleWrite) -> None:
        if write.action == "create_role" and write.after:
            status = (stage.get("AppInstance", NAME) or {}).get("status") or {}
            told[write.name] = write.after.arn in (status.get("pendingRoles") or {}).values()

    stage.iam.on_write = note
    stage.apply(workers=[PRUNE], jobs=[NIGHTLY])
    stage.settle()
    assert {name for name, before in told.items() if before} == {
        _role(stage, WORKER), _role(stage, JOB)
    }  # fmt: skip


def test_where_that_word_is_refused_none_is_made_until_it_is_taken(stage: Stage) -> None:
    def refuse(request: Request) -> None:
        if (request.kind, request.sub) == ("AppInstance", "status"):
            raise Refused(409, "somebody wrote it meanwhile")

    stage.apply()
    stage.settle()
    stage.operator.api.before = refuse
    stage.apply(workers=[PRUNE])
    stage.settle()
    assert sorted(stage.iam.roles) == _roles(stage, "backend", "secrets")
    stage.operator.api.before = lambda _request: None
    stage.pass_time(60)
    stage.settle()
    assert stage.ready() == "True"
    assert _role(stage, WORKER) in stage.iam.roles


def test_the_pods_wait_for_it_and_those_of_before_serve(stage: Stage) -> None:
    stage.apply(workers=[_shared(PRUNE)])
    stage.settle()
    rights = Rights(stage)
    stage.apply(workers=[PRUNE])
    stage.settle(iam=False)
    assert _taken(_pods(stage, "Deployment", WORKER)) == _role(stage, "backend")
    assert stage.condition("CloudAccessReady")["reason"] == "RolePending"
    stage.settle()
    assert _taken(_pods(stage, "Deployment", WORKER)) == _role(stage, WORKER)
    assert stage.ready() == "True"
    assert rights.missing == []


def test_given_back_it_goes_once_the_new_pods_run(owning: Stage) -> None:
    rights = Rights(owning)
    owning.controllers.deployments.mood = Mood.REFUSES
    owning.apply(workers=[_shared(PRUNE)])
    owning.settle()
    assert _role(owning, WORKER) in owning.iam.roles
    assert owning.get("ServiceAccount", f"{NAME}-{WORKER}") is not None
    owning.controllers.deployments.mood = Mood.WORKS
    owning.settle()
    assert sorted(owning.iam.roles) == _roles(owning, "backend", "secrets", JOB)
    assert owning.get("ServiceAccount", f"{NAME}-{WORKER}") is None
    assert owning.status()["ownRoles"].keys() == {JOB}
    assert "retiringRoles" not in owning.status()
    assert rights.missing == []


def test_a_run_that_goes_on_keeps_the_role_and_the_account_that_it_began_with(
    owning: Stage,
) -> None:
    place = ("CronJob", NAMESPACE, f"{NAME}-{JOB}")
    running = {
        "lastScheduleTime": "2026-11-28T02:30:00Z",
        "active": [{"kind": "Job", "name": f"{NAME}-{JOB}-1"}],
    }
    owning.cluster.set_status("cronjob-controller", place, running)
    owning.settle()
    owning.apply(workers=None, jobs=[_shared(NIGHTLY)])
    owning.settle()
    owning.pass_time(700)
    owning.settle()
    assert _taken(_pods(owning, "CronJob", JOB)) == _role(owning, "backend")
    assert sorted(owning.iam.roles) == _roles(owning, "backend", "secrets", JOB)
    assert owning.get("ServiceAccount", f"{NAME}-{JOB}") is not None
    assert owning.status()["retiringRoles"] == [owning.iam.roles[_role(owning, JOB)].arn]
    ended = {"lastScheduleTime": running["lastScheduleTime"],
             "lastSuccessfulTime": "2026-11-28T02:35:00Z"}  # fmt: skip
    owning.cluster.set_status("cronjob-controller", place, ended)
    owning.settle()
    assert sorted(owning.iam.roles) == _roles(owning, "backend", "secrets")
    assert owning.get("ServiceAccount", f"{NAME}-{JOB}") is None
    assert owning.ready() == "True"


@pytest.mark.parametrize("again", [False, True], ids=["changed", "restarted"])
def test_one_that_was_only_asked_for_goes_with_its_worker(stage: Stage, again: bool) -> None:
    """The spec changes after IAM made it and before the status tells that it is in place."""
    stage.apply(workers=[PRUNE])
    stage.operator.follow("AppInstance")
    stage.operator.work()
    stage.operator.parts.background()
    assert _role(stage, WORKER) in stage.iam.roles
    assert "ownRoles" not in stage.status()
    stage.apply(workers=None)
    if again:
        stage.restart()
    stage.settle()
    assert stage.ready() == "True"
    assert sorted(stage.iam.roles) == _roles(stage, "backend", "secrets")
    assert stage.status().keys() & {"ownRoles", "pendingRoles", "retiringRoles"} == set()


@pytest.mark.parametrize("change", [{"workers": None, "jobs": None}, {"media": {"enabled": False}}])
def test_taken_out_of_the_spec_they_go(owning: Stage, change: dict[str, Any]) -> None:
    owning.apply(**{"workers": None, "jobs": None, **change})
    owning.settle()
    owning.pass_time(700)
    owning.settle()
    left = ["secrets"] if "media" in change else ["backend", "secrets"]
    assert sorted(owning.iam.roles) == _roles(owning, *left)
    assert owning.ready() == "True"


@pytest.mark.parametrize("again", [False, True], ids=["at once", "restarted"])
def test_they_go_with_the_instance(owning: Stage, again: bool) -> None:
    owning.delete("AppInstance", NAME)
    if again:
        owning.restart()
    owning.settle()
    assert owning.get("AppInstance", NAME) is None
    assert owning.iam.roles == {}


def test_they_go_with_one_that_was_deleted_while_they_were_made(stage: Stage) -> None:
    stage.apply(workers=[PRUNE])
    stage.operator.follow("AppInstance")
    stage.operator.work()
    stage.operator.parts.background()
    assert len(stage.iam.roles) == 3
    stage.delete("AppInstance", NAME)
    stage.restart()
    stage.settle()
    assert stage.get("AppInstance", NAME) is None
    assert stage.iam.roles == {}


def test_they_go_with_one_that_went_by_force(owning: Stage) -> None:
    owning.replace_by_force()
    owning.settle()
    assert owning.iam.roles == {}


def test_those_of_one_that_went_by_force_go_with_the_next_of_its_name(owning: Stage) -> None:
    owning.replace_by_force()
    owning.apply()
    owning.settle()
    owning.pass_time(700)
    owning.settle()
    assert owning.ready() == "True"
    owning.delete("AppInstance", NAME)
    owning.settle()
    assert owning.get("AppInstance", NAME) is None
    assert owning.iam.roles == {}


def test_retained_they_stay(owning: Stage) -> None:
    owning.apply(deletionPolicy="Retain")
    owning.settle()
    owning.delete("AppInstance", NAME)
    owning.settle()
    assert owning.get("AppInstance", NAME) is None
    assert len(owning.iam.roles) == 4


def test_a_role_of_others_under_the_name_is_never_touched(stage: Stage) -> None:
    name = _role(stage, WORKER)
    tags = iam.role_tags_of("victim", NAME, stage.settings)
    theirs = Role(name, stage.settings.iam.path, {"theirs": True}, None, tags)
    stage.iam.put("stranger", "create_role", name, theirs)
    stage.apply(workers=[PRUNE])
    stage.settle()
    assert stage.condition("Stalled")["reason"] == "AccessDenied"
    assert "victim" not in str(stage.status())
    stage.apply(workers=None)
    stage.settle()
    assert stage.ready() == "True"
    stage.delete("AppInstance", NAME)
    stage.settle()
    assert stage.iam.roles == {name: theirs}


def test_a_role_that_a_forged_status_names_is_not_removed(owning: Stage) -> None:
    tags = iam.role_tags_of("victim", "shop", owning.settings)
    name = iam.role_of("victim", "shop", owning.settings, "backend")
    theirs = Role(name, owning.settings.iam.path, {}, None, tags)
    owning.iam.put("operator", "create_role", name, theirs)
    forged = {**owning.status(), "pendingRoles": {"worker-x": theirs.arn}}
    owning.cluster.set_status("mallory", ("AppInstance", NAMESPACE, NAME), forged)
    owning.settle()
    owning.delete("AppInstance", NAME)
    owning.settle()
    assert owning.iam.roles == {name: theirs}


def test_to_read_only_and_back_the_policy_changes_and_no_pod_does(owning: Stage) -> None:
    before = _pods(owning, "Deployment", WORKER)

    def actions() -> Any:
        (policy,) = owning.iam.roles[_role(owning, WORKER)].policies.values()
        return policy["Statement"][0]["Action"]

    every = actions()
    owning.apply(workers=[{**PRUNE, "role": "ReadOnly"}])
    owning.settle()
    assert actions() == ["s3:GetObject"]
    assert _pods(owning, "Deployment", WORKER) == before
    owning.apply(workers=[PRUNE])
    owning.settle()
    assert actions() == every
    assert owning.ready() == "True"


def test_what_was_changed_on_one_is_put_right_at_a_resync(owning: Stage) -> None:
    name = _role(owning, WORKER)
    right = owning.iam.roles[name]
    owning.iam.put("somebody", "tamper", name, Role(name, right.path, {}, None, right.tags))
    owning.pass_time(700)
    owning.settle()
    held = owning.iam.roles[name]
    assert (held.trust, held.boundary, held.policies) == (
        right.trust, right.boundary, right.policies
    )  # fmt: skip


def test_a_suspended_one_keeps_them(owning: Stage) -> None:
    roles = dict(owning.iam.roles)
    owning.apply(suspend=True)
    owning.settle()
    owning.pass_time(700)
    owning.settle()
    assert owning.iam.roles == roles
    assert owning.status()["ownRoles"].keys() == {WORKER, JOB}


def test_where_the_operator_has_no_aws_role_it_is_said_and_the_instance_can_go(
    stage: Stage,
) -> None:
    with stage.iam_fails(NoCredentialsError()):
        stage.apply(workers=[PRUNE])
        stage.settle()
        assert stage.condition("Stalled")["reason"] == "AccessDenied"
        stage.delete("AppInstance", NAME)
        stage.settle()
        assert stage.get("AppInstance", NAME) is None


def test_a_new_image_rolls_them_with_the_rest(owning: Stage) -> None:
    owning.apply(backend={"image": V2})
    owning.settle()
    assert owning.image(WORKER) == V2
    assert _taken(_pods(owning, "Deployment", WORKER)) == _role(owning, WORKER)
    assert owning.ready() == "True"
