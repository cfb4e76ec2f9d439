"""Roles of instances that are gone are found by their tags, and only such are ever removed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from moto.iam.models import iam_backends
from support.golden_settings import DESIRED, golden_values
from support.stage import stage_settings

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import parse
from appinstance_operator.aws.roles import RoleManager
from appinstance_operator.cli import left_roles
from appinstance_operator.cli.fleet import CommandError, Key
from appinstance_operator.cli.fleet_client import KubernetesFleet
from appinstance_operator.desired import iam

SETTINGS = stage_settings()
GONE, THERE = Key("acme", "gone"), Key("acme", "there")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    with mock_aws():
        iam_backends.reset()  # another suite's moto may be running still
        yield boto3.client("iam", region_name="eu-central-1")


def _made(client: Any, key: Key, settings: Settings = SETTINGS) -> list[str]:
    """Make the roles of an instance as the operator does; return their names."""
    body = {
        "apiVersion": "platform.appinstance.io/v1alpha1", "kind": "AppInstance",
        "metadata": {"namespace": key.namespace, "name": key.name, "uid": "1", "generation": 1},
        "spec": {
            "host": "a.apps.example.com", "backend": {"image": "registry.example.com/b:v1"},
            "database": {"credentials": {"remoteRef": {"key": f"apps/{key}/database"}}},
            "workers": [{"name": "mail", "args": ["x"], "uses": ["media"], "role": "Own"}],
        },
    }  # fmt: skip
    wanted = iam.roles(parse(body), settings)
    for role in wanted:
        RoleManager(client).ensure(role)
    return sorted(role.name for role in wanted)


def _stranger(client: Any, name: str, path: str, tags: dict[str, str]) -> None:
    client.create_role(
        RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps({"Statement": []}),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )  # fmt: skip


def _names(client: Any) -> set[str]:
    pages = client.get_paginator("list_roles").paginate()
    return {role["RoleName"] for page in pages for role in page["Roles"]}


def test_what_is_left_is_found_among_a_whole_account(client: Any) -> None:
    roles = _made(client, GONE)
    _made(client, THERE)
    for number in range(100):  # more than a page
        _stranger(client, f"appi-stranger-{number}", SETTINGS.iam.path, {"owner": "theirs"})
    found = left_roles.left(client, SETTINGS, lambda: [THERE])
    assert [role.name for role in found] == roles
    assert {role.key for role in found} == {GONE}
    assert all(name in left_roles.listed(found) for name in roles)


def test_what_is_another_clusters_or_lies_elsewhere_is_not_listed(client: Any) -> None:
    issuer = "oidc.eks.eu-central-1.amazonaws.com/id/ANOTHER"
    another = stage_settings(oidc={"issuer": issuer})
    _made(client, GONE, another)
    ours = iam.owner_tags_of(*GONE, SETTINGS)
    _stranger(client, "appi-elsewhere", "/elsewhere/", dict(ours))
    _stranger(client, "appi-below", f"{SETTINGS.iam.path}below/", dict(ours))
    _stranger(client, "other-name", SETTINGS.iam.path, dict(ours))
    _stranger(client, "appi-nobody", SETTINGS.iam.path, {iam.TAG_ISSUER: SETTINGS.oidc.issuer})
    assert left_roles.left(client, SETTINGS, list) == []
    assert left_roles.listed([]) == "no role is left of an AppInstance that is gone"


def test_an_operator_that_is_kept_to_namespaces_says_nothing_of_others(client: Any) -> None:
    _made(client, GONE)
    kept = stage_settings(namespaces=["globex"])
    assert left_roles.left(client, kept, list) == []


def test_only_what_is_named_and_left_goes_with_all_that_is_on_it(client: Any) -> None:
    first, *others = _made(client, GONE)
    alive = _made(client, THERE)
    before = _names(client)
    for wrong in (alive[0], "no-such-role"):
        with pytest.raises(CommandError, match="nothing was removed"):
            left_roles.remove(client, SETTINGS, lambda: [THERE], [first, wrong])
        assert _names(client) == before
    told = left_roles.remove(client, SETTINGS, lambda: [THERE], [first])
    assert told == f"removed: {first} (of acme/gone)"
    assert _names(client) == before - {first}
    assert set(others) <= _names(client)


def test_one_that_is_made_while_the_roles_are_listed_is_not_taken_for_left(client: Any) -> None:
    made: list[Key] = []

    def alive() -> list[Key]:
        assert made, "the instances were asked for before the roles"
        return made

    roles = _made(client, GONE)
    real = client.get_paginator

    def paginator(name: str) -> Any:
        made.append(GONE)
        return real(name)

    client.get_paginator = paginator
    assert roles
    assert left_roles.left(client, SETTINGS, alive) == []


def test_with_helm_values_a_profile_that_is_not_there_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"settings": golden_values(DESIRED / "golden" / "minimal")}))
    # It is not asked: IAM comes first.
    monkeypatch.setattr(KubernetesFleet, "from_environment", lambda *_: None)
    monkeypatch.setenv("AWS_PROFILE", "nobodys")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert left_roles.run(argparse.Namespace(settings=values, remove=())) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: IAM did not say which roles there are: ")
    assert "nobodys" in told
