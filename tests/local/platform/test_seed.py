"""Seeding the stand-in for AWS: complete after any stop, and again as often as one likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support import stand_in

from appinstance_local.errors import LocalError
from appinstance_local.platform import aws, seed

pytestmark = pytest.mark.integration

_DOCUMENT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
}


class _StoppedError(Exception):
    """Somebody pressed Ctrl-C."""


class Calls:
    """Counts what is asked of the stand-in, and stops at the call that it is told."""

    def __init__(self) -> None:
        self.number, self.stop_at = 0, -1

    def count(self) -> None:
        """Count a call, or stop."""
        self.number += 1
        if self.number == self.stop_at:
            raise _StoppedError


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the stand-in."""
    with stand_in.running(tmp_path_factory.mktemp("moto")):
        yield


@pytest.fixture
def calls(moto: None, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Begin with an empty stand-in, and count what is asked of it."""
    found = Calls()
    client, ask = aws.client, seed._ask_moto

    def counting(*words: Any) -> Any:
        made = client(*words)
        made.meta.events.register("before-call", lambda **_: found.count())
        return made

    def asking(path: str, content: bytes = b"") -> None:
        found.count()
        ask(path, content)

    monkeypatch.setattr(seed, "document", lambda _command: _DOCUMENT)
    if seed._evaluates():
        ask("reset")
        stand_in.reset_auth(b"inf")
    monkeypatch.setattr(aws, "client", counting)
    monkeypatch.setattr(seed, "_ask_moto", asking)
    return found


def _state() -> dict[str, Any]:
    iam, s3 = aws.client("iam"), aws.client("s3")
    roles = sorted(item["RoleName"] for item in iam.list_roles()["Roles"])
    return {
        "buckets": {
            item["Name"]: s3.get_bucket_versioning(Bucket=item["Name"]).get("Status")
            for item in s3.list_buckets()["Buckets"]
        },
        "roles": {
            name: [
                iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
            ]
            for name in roles
        },
        "providers": len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]),
        "policies": [item["PolicyName"] for item in iam.list_policies(Scope="Local")["Policies"]],
        "users": [item["UserName"] for item in iam.list_users()["Users"]],
        "evaluates": seed._evaluates(),
    }


def _whole() -> dict[str, Any]:
    return {
        "buckets": {aws.BUCKET: "Enabled", aws.DUMPS: "Enabled"},
        "roles": {"appinstance-operator": [_DOCUMENT], "appinstance-provisioner": [_DOCUMENT]},
        "providers": 1,
        "policies": ["appinstance-boundary"],
        "users": ["platform-admin"],
        "evaluates": True,
    }


def test_it_is_whole_after_a_stop_at_any_call(calls: Calls) -> None:
    seed.seed_platform()
    needed = calls.number
    assert _state() == _whole()
    assert needed > 10
    for at in range(1, needed + 1):
        stand_in.reset_auth(b"inf")
        calls.number, calls.stop_at = 0, at
        with pytest.raises(_StoppedError):
            seed.seed_platform()
        calls.stop_at = -1
        seed.seed_platform()
        assert _state() == _whole(), f"stopped at call {at}"


def test_again_it_brings_policies_to_what_is_wanted_and_makes_nothing_twice(calls: Calls) -> None:
    seed.seed_platform()
    other = {**_DOCUMENT, "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    aws.client("iam").put_role_policy(
        RoleName="appinstance-operator", PolicyName="operator", PolicyDocument=json.dumps(other)
    )
    assert _state() != _whole()
    aws.client("s3").delete_bucket(Bucket=aws.DUMPS)
    seed.seed_platform()
    assert _state() == _whole()


def test_a_stand_in_that_knows_another_administrator_is_said(calls: Calls) -> None:
    seed.seed_platform()
    aws.save_admin(aws.Credentials("key-of-another-moto", "another"))
    with pytest.raises(LocalError, match="start it anew"):
        seed.seed_platform()


def test_a_database_that_was_seeded_gives_way_and_one_that_was_made_stays(calls: Calls) -> None:
    seed.seed_platform()
    manager, entry = aws.client("secretsmanager"), "apps/shop/shop/database"
    seed.put_secret(entry, {"password": "seeded"})
    seed.seed_app("shop", "shop")
    key = seed.get_secret("apps/shop/shop/app")
    assert key
    assert seed.get_secret(entry) is None
    tags = [{"Key": "made-by", "Value": "the provisioner"}]
    manager.create_secret(Name=entry, SecretString=json.dumps({"password": "made"}), Tags=tags)
    seed.seed_app("shop", "shop")
    assert seed.get_secret(entry) == {"password": "made"}
    assert seed.get_secret("apps/shop/shop/app") == key
