"""A gate holds back new pods and nothing else: all that is there is repaired at all times."""

from __future__ import annotations

import pytest
from support.fake_controllers import Mood
from support.fake_iam import failure, no_reply
from support.stage import NAME, V1, V2, Stage

HICCUPS = {
    "throttled": failure("Throttling", "GetRole"),
    "denied": failure("AccessDenied", "GetRole"),
    "silent": no_reply(),
}
SERVICE = ("Service", f"{NAME}-backend")
DEPLOYMENT = ("Deployment", f"{NAME}-backend")


def _fail_migration(stage: Stage) -> None:
    stage.controllers.jobs.mood = Mood.REFUSES
    stage.apply(backend={"image": V2})
    stage.settle()
    assert stage.condition("MigrationsApplied")["reason"] == "MigrationFailed"


def test_a_failed_migration_leaves_the_old_image_running(running: Stage) -> None:
    _fail_migration(running)
    assert running.image() == V1
    assert running.status()["images"]["backend"] == V1


@pytest.mark.parametrize("gone", [SERVICE, ("Ingress", NAME), ("ConfigMap", f"{NAME}-database-ca")])
def test_what_is_deleted_comes_back_though_the_migration_failed(
    running: Stage, gone: tuple[str, str]
) -> None:
    _fail_migration(running)
    running.delete(*gone)
    running.settle()
    assert running.get(*gone) is not None
    assert running.image() == V1


def test_scaling_works_though_the_migration_failed(running: Stage) -> None:
    _fail_migration(running)
    running.apply(backend={"image": V2, "replicas": 5})
    running.settle()
    assert running.must(*DEPLOYMENT)["spec"]["replicas"] == 5
    assert running.image() == V1


def test_a_rotated_secret_reaches_the_old_pods_though_the_migration_failed(running: Stage) -> None:
    _fail_migration(running)
    before = running.template()["metadata"]["annotations"]
    running.controllers.secrets.rotate("apps/acme/shop/database")
    running.settle()
    assert running.template()["metadata"]["annotations"] != before
    assert running.image() == V1


@pytest.mark.parametrize("hiccup", HICCUPS)
def test_iam_trouble_after_a_restart_takes_no_readiness_and_stops_no_repair(
    running: Stage, hiccup: str
) -> None:
    running.restart()
    running.delete(*SERVICE)
    with running.iam_fails(HICCUPS[hiccup]):
        running.settle()
    assert running.get(*SERVICE) is not None
    assert running.ready() == "True"
    assert running.condition("CloudAccessReady")["status"] == "True"


def test_an_iam_that_hangs_holds_up_no_repair(running: Stage) -> None:
    running.restart()
    running.delete(*SERVICE)
    running.settle(iam=False)
    assert running.get(*SERVICE) is not None
    assert running.ready() == "True"


@pytest.mark.parametrize("hiccup", HICCUPS)
def test_iam_trouble_holds_back_the_first_pods(stage: Stage, hiccup: str) -> None:
    stage.apply()
    with stage.iam_fails(HICCUPS[hiccup]):
        stage.settle()
        assert stage.get(*DEPLOYMENT) is None
        assert stage.ready() == "False"
        assert stage.condition("CloudAccessReady")["status"] == "False"
        assert stage.get("NetworkPolicy", f"{NAME}-default-deny") is not None
    stage.pass_time(700)
    stage.settle()
    assert stage.ready() == "True"


def test_a_refused_refresh_of_a_secret_takes_no_readiness(running: Stage) -> None:
    running.controllers.secrets.mood = Mood.REFUSES
    running.settle()
    running.delete(*SERVICE)
    running.settle()
    assert running.get(*SERVICE) is not None
    assert running.ready() == "True"
    assert "last values stay in use" in running.condition("SecretsReady")["message"]


def test_a_refused_secret_holds_back_the_first_pods(stage: Stage) -> None:
    stage.controllers.secrets.mood = Mood.REFUSES
    stage.apply()
    stage.settle()
    assert stage.get(*DEPLOYMENT) is None
    assert stage.ready() == "False"
    assert "apps/acme/shop/database" in stage.condition("Ready")["message"]


def test_a_deployment_comes_back_while_external_secrets_hangs(running: Stage) -> None:
    running.controllers.secrets.mood = Mood.HANGS
    running.delete("ExternalSecret", f"{NAME}-database")
    running.delete(*DEPLOYMENT)
    running.look()
    assert running.get(*DEPLOYMENT) is not None


def test_a_bad_image_leaves_the_old_pods_and_all_else_right(running: Stage) -> None:
    running.controllers.deployments.mood = Mood.REFUSES
    running.apply(backend={"image": V2})
    running.settle()
    assert running.ready() == "False"
    assert running.condition("WorkloadsAvailable")["reason"] == "ProgressDeadlineExceeded"
    assert running.status()["images"]["backend"] == V1
    running.delete(*SERVICE)
    running.settle()
    assert running.get(*SERVICE) is not None
