"""Order is safety: closed first, then identity and secrets, the migration, and only then pods."""

from __future__ import annotations

from support.fake_controllers import Mood
from support.stage import NAME, V1, V2, Stage


def _position(writes: list[str], part: str) -> int:
    return next(index for index, words in enumerate(writes) if part in words)


def test_everything_is_closed_before_anything_else_is_made(stage: Stage) -> None:
    stage.apply()
    stage.look()
    created = [words for words in stage.operator_writes() if words.startswith("create")]
    assert created[0] == f"create NetworkPolicy/acme/{NAME}-default-deny"


def test_pods_come_after_policies_accounts_secrets_and_the_migration(stage: Stage) -> None:
    stage.apply()
    stage.settle()
    writes = stage.operator_writes()
    first_pods = _position(writes, f"create Deployment/acme/{NAME}-backend")
    for earlier in ("NetworkPolicy", "ServiceAccount", "SecretStore", "ExternalSecret", "Job"):
        last = max(i for i, words in enumerate(writes) if words.startswith(f"create {earlier}"))
        assert last < first_pods, earlier


def test_a_new_image_waits_for_its_migration(running: Stage) -> None:
    running.controllers.jobs.mood = Mood.HANGS
    running.apply(backend={"image": V2})
    running.settle()
    assert running.image() == V1
    running.controllers.jobs.mood = Mood.WORKS
    running.settle()
    assert running.image() == V2
    assert running.ready() == "True"


def test_the_first_migration_waits_for_its_secret(stage: Stage) -> None:
    stage.controllers.secrets.mood = Mood.HANGS
    stage.apply()
    stage.settle()
    assert list(stage.cluster.of_kind("Job")) == []


def test_leftovers_go_when_the_new_pods_run_and_policies_last(running: Stage) -> None:
    running.apply(frontend=None)
    running.settle()
    gone = [words for words in running.operator_writes() if words.startswith("delete")]
    assert f"delete Deployment/acme/{NAME}-frontend" in gone
    assert gone[-1] == f"delete NetworkPolicy/acme/{NAME}-frontend"
    assert running.get("NetworkPolicy", f"{NAME}-default-deny") is not None
    assert running.ready() == "True"


def test_what_old_pods_use_stays_until_the_new_ones_run(running: Stage) -> None:
    reference = {"key": f"apps/acme/{NAME}/app", "property": "token"}
    running.apply(secrets=[{"name": "APP_TOKEN", "remoteRef": reference}])
    running.settle()
    name = f"{NAME}-app"
    assert name in str(running.template())
    running.controllers.deployments.mood = Mood.HANGS
    running.apply(secrets=None)
    running.settle()
    assert name not in str(running.template()), "the new pods do without it"
    assert running.get("ExternalSecret", name) is not None
    running.controllers.deployments.mood = Mood.WORKS
    running.settle()
    assert running.get("ExternalSecret", name) is None


def test_an_unchanged_instance_costs_nothing(running: Stage) -> None:
    for _ in range(3):
        running.pass_time(700)
        running.settle()
    assert running.operator_writes() == []
