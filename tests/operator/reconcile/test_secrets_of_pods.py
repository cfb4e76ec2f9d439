"""A changed secret or CA rolls the pods; a missing one never does."""

from __future__ import annotations

from support.fake_controllers import Mood
from support.stage import NAME, V1, Stage, stage_settings

KEY = "apps/acme/shop/database"
SECRET = f"{NAME}-database"


def test_a_rotated_secret_rolls_the_pods_once(running: Stage) -> None:
    before = running.template()
    running.controllers.secrets.rotate(KEY)
    running.settle()
    assert running.template() != before
    assert running.ready() == "True"


def test_a_missing_secret_rolls_nothing_also_when_it_is_back(running: Stage) -> None:
    before = running.template()
    running.delete("Secret", SECRET)
    running.look()
    assert running.template() == before
    running.settle()
    assert running.template() == before
    assert running.ready() == "True"


def test_a_changed_database_ca_reaches_running_pods(running: Stage) -> None:
    before = running.template()
    pem = "-----BEGIN CERTIFICATE-----\nanother\n-----END CERTIFICATE-----\n"
    running.restart(stage_settings(database={"caBundle": pem}))
    running.settle()
    assert running.template() != before
    assert running.must("ConfigMap", f"{NAME}-database-ca")["data"]["ca.crt"] == pem
    assert running.ready() == "True"


def test_no_value_of_a_secret_is_ever_read(running: Stage) -> None:
    running.controllers.secrets.rotate(KEY)
    running.restart()
    running.settle()
    assert running.operator.api.seen_secrets == []


def test_a_changed_entry_of_a_file_rolls_the_pods_once(running: Stage) -> None:
    key = "apps/acme/shop/signing"
    files = [{"path": "/app/keys/signing.pem", "remoteRef": {"key": key}}]
    running.apply(backend={"image": V1, "files": files})
    running.settle()
    before = running.template()
    assert "files" in {item["name"] for item in before["spec"]["volumes"]}
    running.controllers.secrets.rotate(key)
    running.settle()
    assert running.template() != before
    assert running.ready() == "True"


def test_no_pod_is_made_before_its_file_is_there(stage: Stage) -> None:
    stage.controllers.secrets.mood = Mood.REFUSES
    files = [{"path": "/app/a", "remoteRef": {"key": "apps/acme/shop/signing"}}]
    stage.apply(backend={"image": V1, "files": files}, database=None)
    stage.settle()
    assert stage.get("Deployment", f"{NAME}-backend") is None
    assert "secret apps/acme/shop/signing" in stage.condition("SecretsReady")["message"]
