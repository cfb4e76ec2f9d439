"""IAM roles through an instance's life: made, replaced, kept while pods use them, and removed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from support.fake_controllers import Mood
from support.fake_iam import FakeIam, Role, RoleWrite, failure
from support.rights import Rights
from support.stage import NAME, NAMESPACE, V2, Stage, stage_settings

from appinstance_operator.api.settings import Settings
from appinstance_operator.desired import iam
from appinstance_operator.reconcile import reconciler

OWN = f"arn:aws:iam::123456789012:role/tenants/{NAMESPACE}/app"


@pytest.fixture
def stage() -> Stage:
    """A world whose settings let tenants bring roles."""
    arn = "arn:aws:iam::123456789012:role/tenants/{namespace}/*"
    boundary = "arn:aws:iam::123456789012:policy/platform/appinstance-boundary"
    return Stage(stage_settings(iam={"permissionsBoundaryArn": boundary, "allowedRoleArns": [arn]}))


def _role(stage: Stage, part: str = "backend") -> str:
    return iam.role_of(NAMESPACE, NAME, stage.settings, part)


def test_an_instance_has_its_two_roles_and_says_so(running: Stage) -> None:
    assert sorted(running.iam.roles) == [_role(running), _role(running, "secrets")]
    assert running.status()["roles"]["backend"].endswith(_role(running))


def test_made_anew_under_its_name_it_is_ready_only_with_roles(running: Stage) -> None:
    running.replace_by_force()
    running.iam.roles.clear()
    running.apply()
    running.settle()
    running.pass_time(30)
    running.settle()
    assert running.ready() == "True"
    assert sorted(running.iam.roles) == [_role(running), _role(running, "secrets")]


def test_a_role_is_not_removed_while_the_new_pods_do_not_run(running: Stage) -> None:
    running.controllers.deployments.mood = running.controllers.deployments.mood.REFUSES
    running.apply(identity={"backendRoleArn": OWN})
    running.settle()
    assert _role(running) in running.iam.roles
    assert running.status()["retiringRoles"] == [running.iam.roles[_role(running)].arn]


def test_a_role_is_removed_once_the_new_pods_run(running: Stage) -> None:
    running.apply(identity={"backendRoleArn": OWN})
    running.settle()
    assert list(running.iam.roles) == [_role(running, "secrets")]
    assert "retiringRoles" not in running.status()
    assert running.ready() == "True"


def test_trouble_while_a_role_is_removed_makes_no_illegal_status(running: Stage) -> None:
    running.apply(identity={"backendRoleArn": OWN})
    running.controllers.step()
    with running.iam_fails(failure("AccessDenied", "DeleteRole")):
        running.settle()
        running.status()
        assert running.ready() == "True"
    running.pass_time(700)
    running.settle()
    assert list(running.iam.roles) == [_role(running, "secrets")]


def test_deletion_waits_until_the_roles_are_gone(running: Stage) -> None:
    with running.iam_fails(failure("Throttling", "GetRole")):
        running.delete("AppInstance", NAME)
        running.settle()
        assert running.get("AppInstance", NAME) is not None
        running.status()
    running.pass_time(700)
    running.settle()
    assert running.get("AppInstance", NAME) is None
    assert running.iam.roles == {}


def test_deletion_goes_on_after_an_iam_that_hung_for_long(running: Stage) -> None:
    running.delete("AppInstance", NAME)
    running.settle(iam=False)
    for _ in range(30):
        running.pass_time(60)
        running.settle(iam=False)
    running.pass_time(60)
    running.settle()
    assert running.get("AppInstance", NAME) is None
    assert running.iam.roles == {}


def test_deletion_goes_on_after_a_restart(running: Stage) -> None:
    running.delete("AppInstance", NAME)
    running.restart()
    running.settle()
    assert running.get("AppInstance", NAME) is None
    assert running.iam.roles == {}


def test_retained_roles_stay(stage: Stage) -> None:
    stage.apply(deletionPolicy="Retain")
    stage.settle()
    stage.delete("AppInstance", NAME)
    stage.settle()
    assert stage.get("AppInstance", NAME) is None
    assert len(stage.iam.roles) == 2


def test_roles_of_an_instance_that_went_by_force_are_removed(running: Stage) -> None:
    running.replace_by_force()
    running.settle()
    assert running.iam.roles == {}


def test_roles_of_one_made_anew_that_went_by_force_are_removed(running: Stage) -> None:
    """What is remembered is of this very instance, and not of the one before it."""
    running.replace_by_force()
    running.apply()
    running.settle()
    assert len(running.iam.roles) == 2
    running.replace_by_force()
    running.settle()
    assert running.iam.roles == {}


def test_a_role_of_others_is_left_alone_also_at_the_end(stage: Stage) -> None:
    name = _role(stage)
    theirs = Role(name, "/", {"theirs": True}, None, {"owner": "theirs"})
    stage.iam.put("stranger", "create_role", name, theirs)
    stage.apply()
    stage.settle()
    assert stage.condition("Stalled")["reason"] == "AccessDenied"
    stage.delete("AppInstance", NAME)
    stage.settle()
    assert stage.iam.roles == {name: theirs}
    assert stage.get("AppInstance", NAME) is None


def test_what_was_changed_on_a_role_is_put_right_at_a_resync(running: Stage) -> None:
    name = _role(running)
    right = running.iam.roles[name]
    running.iam.put("somebody", "tamper", name, replace(right, trust={}, boundary=None))
    running.pass_time(700)
    running.settle()
    assert running.iam.roles[name] == right


def test_a_resync_comes_later_where_there_are_many(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM is asked so many times a second at the most, however many instances there are."""
    monkeypatch.setattr(reconciler, "RESYNCS_PER_SECOND", 1 / 2000)
    stage.apply()
    stage.settle()
    right = dict(stage.iam.roles)
    name = _role(stage)
    stage.iam.put("somebody", "tamper", name, replace(right[name], trust={}))
    stage.pass_time(700)
    stage.settle()
    assert stage.iam.roles != right
    stage.pass_time(1600)
    stage.settle()
    assert stage.iam.roles == right


def test_a_new_role_has_its_boundary_and_all_tags_from_the_first_moment(stage: Stage) -> None:
    seen: list[RoleWrite] = []
    cloud: FakeIam = stage.iam
    cloud.on_write = seen.append
    stage.apply()
    stage.settle()
    created = [write.after for write in seen if write.action == "create_role"]
    assert len(created) == 2
    for role in created:
        assert role is not None
        assert role.boundary == stage.settings.iam.permissions_boundary_arn
        assert role.tags == iam.role_tags_of(NAMESPACE, NAME, stage.settings)


def test_no_write_leaves_a_process_without_the_lease(running: Stage) -> None:
    held = [True]
    running.operator.leads = lambda: held[0]
    running.delete("Service", f"{NAME}-backend")
    running.iam.roles.clear()
    held[0] = False
    running.pass_time(700)
    running.look()
    assert running.operator_writes() == []
    assert running.iam.roles == {}
    running.restart()
    running.settle()
    assert running.get("Service", f"{NAME}-backend") is not None
    assert len(running.iam.roles) == 2


def test_nothing_is_made_for_one_that_went_before_it_was_held(stage: Stage) -> None:
    stage.apply()
    stage.operator.follow("AppInstance")
    stage.delete("AppInstance", NAME)
    stage.operator.work()
    stage.operator.parts.background()
    assert stage.iam.roles == {}
    assert stage.get("NetworkPolicy", f"{NAME}-default-deny") is None
    stage.settle()
    assert stage.operator.timers == {}


def _change_before_a_status_tells_of_the_roles(stage: Stage) -> None:
    """Let IAM make both roles, and give the backend one of the tenant's before anybody notes it."""
    stage.apply()
    stage.operator.follow("AppInstance")
    stage.operator.work()
    stage.operator.parts.background()
    assert len(stage.iam.roles) == 2
    assert "roles" not in stage.status()
    stage.apply(identity={"backendRoleArn": OWN})


def test_a_role_that_no_status_told_of_is_removed_after_a_change(stage: Stage) -> None:
    _change_before_a_status_tells_of_the_roles(stage)
    stage.settle()
    assert stage.ready() == "True"
    assert list(stage.iam.roles) == [_role(stage, "secrets")]


def test_a_role_that_no_status_told_of_is_removed_by_the_next_process(stage: Stage) -> None:
    _change_before_a_status_tells_of_the_roles(stage)
    stage.restart()
    stage.settle()
    assert list(stage.iam.roles) == [_role(stage, "secrets")]


def test_a_role_without_use_is_looked_for_once(running: Stage) -> None:
    running.apply(identity={"backendRoleArn": OWN})
    running.settle()
    asked = len(running.operator.iam.calls)
    running.pass_time(700)
    running.settle()
    again = running.operator.iam.calls[asked:]
    assert again.count("get_role") == 1, again  # that of the role it has


def test_a_role_that_somebody_took_is_not_told_to_be_in_place(running: Stage) -> None:
    theirs = Role(_role(running), "/", {"theirs": True}, None, {"owner": "theirs"})
    running.iam.put("stranger", "create_role", theirs.name, theirs)
    running.pass_time(700)
    running.settle()
    assert running.ready() == "False"
    assert running.condition("CloudAccessReady")["reason"] == "AccessDenied"
    assert running.iam.roles[theirs.name] == theirs


def test_a_role_that_is_gone_and_cannot_be_made_is_not_told_to_be_in_place(running: Stage) -> None:
    del running.iam.roles[_role(running)]
    running.pass_time(700)
    with running.iam_fails(failure("Throttling", "CreateRole"), only="create_role"):
        running.settle()
        assert running.ready() == "False"
        assert running.condition("CloudAccessReady")["reason"] == "RolePending"
    running.pass_time(700)
    running.settle()
    assert running.ready() == "True"
    assert _role(running) in running.iam.roles


def test_a_role_that_cannot_be_looked_at_stays_known_to_be_in_place(running: Stage) -> None:
    with running.iam_fails(failure("AccessDenied", "GetRole")):
        running.pass_time(700)
        running.settle()
        assert running.ready() == "True"
        assert "as last seen" in running.condition("CloudAccessReady")["message"]


def test_a_cluster_that_is_called_otherwise_now_keeps_its_roles(running: Stage) -> None:
    """It is the issuer that no other cluster has; the name is for people."""
    roles = dict(running.iam.roles)
    running.restart(stage_settings(clusterName="renamed"))
    running.apply(backend={"image": V2})
    running.settle()
    running.pass_time(700)
    running.settle()
    assert running.ready() == "True"
    assert running.condition("CloudAccessReady")["message"] == "the IAM roles are in place"
    assert running.iam.roles == roles
    running.delete("AppInstance", NAME)
    running.settle()
    assert running.get("AppInstance", NAME) is None
    assert running.iam.roles == {}


def _earlier_role_of(namespace: str, name: str, settings: Settings, part: str) -> str:
    identity = f"{settings.cluster_name}/{namespace}/{name}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:10]
    return f"{settings.iam.role_name_prefix}{namespace}-{name}-{digest}-{part}"


@pytest.fixture
def upgraded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A world in which an operator without issuers in its roles' names has made an instance."""
    with monkeypatch.context() as before:
        before.setattr(iam, "role_of", _earlier_role_of)
        before.setattr(iam, "role_tags_of", iam.earlier_role_tags_of)
        before.setattr(iam, "owner_tags_of", iam.earlier_role_tags_of)
        stage.restart()
        stage.apply()
        stage.settle()
        assert stage.ready() == "True"
    return stage


def test_roles_of_an_earlier_name_are_taken_over_without_a_moment_without_rights(
    upgraded: Stage,
) -> None:
    earlier = set(upgraded.iam.roles)
    rights = Rights(upgraded)
    upgraded.restart()
    upgraded.settle(iam=False)
    assert set(upgraded.iam.roles) == earlier
    upgraded.settle()
    upgraded.pass_time(700)
    upgraded.settle()
    assert rights.missing == []
    assert sorted(upgraded.iam.roles) == [_role(upgraded), _role(upgraded, "secrets")]
    assert upgraded.ready() == "True"
    assert "retiringRoles" not in upgraded.status()


def test_roles_of_an_earlier_name_stay_while_the_new_pods_do_not_run(upgraded: Stage) -> None:
    earlier = set(upgraded.iam.roles)
    rights = Rights(upgraded)
    upgraded.controllers.deployments.mood = Mood.REFUSES
    upgraded.restart()
    upgraded.settle()
    upgraded.pass_time(700)
    upgraded.settle()
    assert earlier < set(upgraded.iam.roles)
    assert rights.missing == []


def test_roles_of_an_earlier_name_go_with_their_instance(upgraded: Stage) -> None:
    upgraded.restart()
    upgraded.delete("AppInstance", NAME)
    upgraded.settle()
    assert upgraded.get("AppInstance", NAME) is None
    assert upgraded.iam.roles == {}


def test_a_role_is_looked_at_also_while_a_failed_migration_waits_for_long(running: Stage) -> None:
    running.controllers.jobs.mood = running.controllers.jobs.mood.REFUSES
    running.apply(backend={"image": V2})
    for seconds in (0, 70, 130, 250, 490):
        running.pass_time(seconds)
        running.settle()
    assert min(running.operator.timers.values()) - running.clock.now <= 660
    right = running.iam.roles[_role(running)]
    running.iam.put("somebody", "tamper", right.name, replace(right, trust={}))
    running.pass_time(670)
    running.settle()
    assert running.iam.roles[right.name] == right
