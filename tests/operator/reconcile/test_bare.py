"""An instance without database or bucket through its life: what it waits for, and what goes."""

from __future__ import annotations

import pytest
from support.stage import NAME, Stage

OFF = {"enabled": False}


@pytest.fixture
def bare(stage: Stage) -> Stage:
    """An instance that needs nothing of the platform."""
    stage.apply(database=None, media=OFF)
    stage.settle()
    return stage


def test_it_is_ready_and_its_conditions_say_what_was_not_asked_for(bare: Stage) -> None:
    assert bare.ready() == "True"
    assert bare.condition("CloudAccessReady")["message"] == "no IAM role is needed"
    assert bare.condition("SecretsReady")["message"] == "the spec names no secret"
    assert bare.condition("MigrationsApplied")["message"] == "the instance has no database"
    assert bare.condition("DatabaseReady") == {}
    assert bare.status()["roles"] == {}
    assert dict(bare.iam.roles) == {}


def test_a_database_that_is_left_out_goes_with_its_secret_and_its_role(running: Stage) -> None:
    running.apply(database=None)
    running.settle()
    assert running.ready() == "True"
    for kind, name in (
        ("ExternalSecret", f"{NAME}-database"),
        ("SecretStore", NAME),
        ("ServiceAccount", f"{NAME}-secrets"),
        ("ConfigMap", f"{NAME}-database-ca"),
        ("NetworkPolicy", f"{NAME}-migrate"),
    ):
        assert running.get(kind, name) is None, (kind, name)
    assert [name.rpartition("-")[2] for name in running.iam.roles] == ["backend"]


def test_what_the_old_pods_use_stays_until_the_new_ones_run(running: Stage) -> None:
    deployments = running.controllers.deployments
    deployments.mood = deployments.mood.REFUSES
    running.apply(database=None, media=OFF)
    running.settle()
    assert running.get("ExternalSecret", f"{NAME}-database") is not None
    assert running.get("ConfigMap", f"{NAME}-database-ca") is not None
    assert len(running.iam.roles) == 2
    assert len(running.status()["retiringRoles"]) == 2


def test_media_that_are_turned_off_take_the_role_with_them_and_on_again_bring_it(
    running: Stage,
) -> None:
    running.apply(media=OFF)
    running.settle()
    assert running.ready() == "True"
    assert [name.rpartition("-")[2] for name in running.iam.roles] == ["secrets"]
    assert running.status()["roles"].keys() == {"secrets"}
    running.apply(media=None)
    running.settle()
    assert running.ready() == "True"
    assert running.status()["roles"].keys() == {"backend", "secrets"}


def test_a_database_that_is_taken_up_is_migrated_before_new_pods(bare: Stage) -> None:
    bare.controllers.jobs.mood = bare.controllers.jobs.mood.REFUSES
    before = bare.template()["spec"]
    bare.apply(database={"credentials": {"remoteRef": {"key": "apps/acme/shop/database"}}})
    bare.settle()
    assert bare.template()["spec"] == before
    assert bare.condition("MigrationsApplied")["status"] == "False"


def test_it_is_let_go(bare: Stage) -> None:
    bare.delete("AppInstance", NAME)
    bare.settle()
    assert bare.get("AppInstance", NAME) is None


def test_a_restart_writes_nothing(bare: Stage) -> None:
    bare.operator_writes()
    bare.restart()
    bare.settle()
    assert bare.operator_writes() == []
