"""An app that needs no database or no bucket: nothing of either is there, or open, in any layer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.model import Plan
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"
SETTINGS = golden_settings(CASE)
OFF = {"enabled": False}
SECRET = {"name": "TOKEN", "remoteRef": {"key": "apps/team/shop/token"}}


def _plan(**spec: Any) -> Plan:
    """Return the plan of the golden case with fields changed (None takes one out)."""
    body = golden_instance(CASE)
    changed = {key: value for key, value in {**body["spec"], **spec}.items() if value is not None}
    return documents.planned({**body, "spec": changed}, SETTINGS)


def _names(plan: Plan) -> set[str]:
    return {f"{item['kind']}/{item['metadata']['name'].partition('-')[2]}" for item in plan.objects}


def _policy(plan: Plan, part: str) -> Mapping[str, Any]:
    found: Mapping[str, Any]
    (found,) = (
        item["spec"]
        for item in plan.objects
        if item["kind"] == "NetworkPolicy" and item["metadata"]["name"].endswith(f"-{part}")
    )
    return found


def _ports_out(plan: Plan, part: str = "backend") -> list[list[int]]:
    return [[port["port"] for port in rule["ports"]] for rule in _policy(plan, part)["egress"]]


def _text(plan: Plan) -> str:
    return json.dumps([*plan.objects, *(role.policy for role in plan.roles)])


def test_without_a_database_nothing_of_it_is_rendered_or_open() -> None:
    with_one, without = _plan(), _plan(database=None)
    assert [3306] in _ports_out(with_one)
    assert _ports_out(without) == [port for port in _ports_out(with_one) if port != [3306]]
    gone = _names(with_one) - _names(without)
    assert {name for name in gone if not name.startswith("Job/")} == {
        "ConfigMap/database-ca",
        "ExternalSecret/database",
        "NetworkPolicy/migrate",
        "ServiceAccount/migrate",
    }
    assert any(name.startswith("Job/migrate-") for name in gone)
    assert _names(without) < _names(with_one)
    for trace in ("DB_", "database-ca", "3306", "migrate", "/database"):
        assert trace not in _text(without), trace


def test_without_media_the_backend_has_no_role_and_no_way_to_aws() -> None:
    with_them, without = _plan(), _plan(media=OFF)
    assert [443] in _ports_out(with_them)
    assert [443] not in _ports_out(without)
    assert [role.name.rpartition("-")[2] for role in without.roles] == ["secrets"]
    assert _names(without) == _names(with_them)
    for trace in ("MEDIA_", "AWS_", "aws-token", "s3:", "sts.amazonaws.com"):
        assert trace not in json.dumps(without.objects), trace
    assert "s3:" not in _text(without)


def test_a_role_that_is_brought_stays_without_media() -> None:
    settings = golden_settings(DESIRED / "golden" / "own-role-no-bucket")
    body = golden_instance(DESIRED / "golden" / "own-role-no-bucket")
    plan = documents.planned(body, settings)
    assert [443] in _ports_out(plan), "STS, where it takes the role"
    assert "AWS_ROLE_ARN" in _text(plan)
    assert "MEDIA_" not in _text(plan)


def test_without_any_entry_there_is_nobody_who_could_read_one() -> None:
    plan = _plan(database=None, secrets=None)
    kinds = {item["kind"] for item in plan.objects}
    assert not {"SecretStore", "ExternalSecret"} & kinds
    assert "ServiceAccount/secrets" not in _names(plan)
    assert [role.name.rpartition("-")[2] for role in plan.roles] == ["backend"]


@pytest.mark.parametrize(
    "spec",
    [
        {"secrets": [SECRET]},
        {"media": {"cloudFront": {"domain": "d1.cloudfront.net", "keyPairId": "K2JCJMDEHXQW5F",
                                  "privateKey": {"remoteRef": {"key": "apps/team/shop/key"}}}}},
    ],
    ids=["a secret", "CloudFront's key"],
)  # fmt: skip
def test_one_entry_without_a_database_has_a_store(spec: dict[str, Any]) -> None:
    plan = _plan(database=None, **{"secrets": None, **spec})
    assert [item["kind"] for item in plan.objects].count("SecretStore") == 1
    assert [role.name.rpartition("-")[2] for role in plan.roles] == ["backend", "secrets"]


def test_without_everything_no_role_and_no_way_out_but_dns() -> None:
    plan = _plan(database=None, media=OFF, secrets=None, frontend=None)
    assert plan.roles == ()
    assert _ports_out(plan) == [[53, 53]]
    assert "arn:aws:iam" not in _text(plan)
