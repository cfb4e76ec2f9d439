"""What the provisioner of databases may do, answered from the applied documents (docs/adr/0034)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appinstance_local.platform.iam_evaluator import permitted, trusts
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.runtime.provisioner_rights import provisioner_policy
from terraform import world

pytestmark = pytest.mark.applied

_ROLES = f"arn:aws:iam::{world.ACCOUNT}:role"
_PROVISIONER = f"{_ROLES}/platform/acme-platform-provisioner"
_SECRETS = f"arn:aws:secretsmanager:{world.REGION}:{world.ACCOUNT}:secret"
_ENTRY = f"{_SECRETS}:apps/acme/shop/database-abcdef"
_DUMP = f"arn:aws:s3:::acme-platform-dumps-{world.ACCOUNT}/acme/shop/0/20260101T000000Z.sql.gz"
_EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_MADE, _OWN = (f"aws:{kind}Tag/appinstance-provisioned" for kind in ("Request", "Resource"))


@pytest.fixture
def documents(outputs: dict[str, Any]) -> dict[str, Any]:
    """The module's documents by name."""
    return {name: json.loads(text) for name, text in outputs["policies"]["provisioner"].items()}


def test_it_has_what_the_command_line_says_it_needs(
    outputs: dict[str, Any], documents: dict[str, Any]
) -> None:
    """As `appinstance provisioner-policy` prints it."""
    settings = parse_settings(outputs["operator_values"])
    assert documents["provisioner"] == provisioner_policy(settings)


def test_it_is_offered_under_its_own_roles_group_and_bucket(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    values, settings = outputs["operator_chart_values"]["provisioner"], outputs["operator_values"]
    assert values["roleArn"] == _PROVISIONER
    assert values["administrator"]["roleArn"] == f"{_PROVISIONER}-administrator"
    assert values["administrator"]["remoteKey"] == outputs["database_master_secret_arn"]
    (identifier,) = values["securityGroupIds"]
    (group,) = applied.client("ec2").describe_security_groups(GroupIds=[identifier])[
        "SecurityGroups"
    ]
    assert group["GroupName"] == "acme-platform-provisioner"
    offered = settings["database"]["provisioning"]
    assert offered["host"] == outputs["database_address"]
    buckets = [item["Name"] for item in applied.client("s3").list_buckets()["Buckets"]]
    assert offered["backupBucket"] in buckets


@pytest.mark.parametrize("action", ["GetSecretValue", "PutSecretValue", "DeleteSecret"])
def test_it_touches_the_entries_that_it_made_alone(documents: dict[str, Any], action: str) -> None:
    def may(entry: str, tag: str | None) -> bool:
        context = {_OWN: tag} if tag else {}
        policy = documents["provisioner"]
        return permitted(policy, f"secretsmanager:{action}", entry, context=context)

    assert may(_ENTRY, "true")
    assert not may(_ENTRY, None), "what a team has written by hand"
    assert not may(_ENTRY, "false")
    assert not may(f"{_SECRETS}:apps/acme/shop/app-abcdef", "true"), "another of the instance's"
    assert not may(f"{_SECRETS}:platform/registry-abcdef", "true")
    assert not may(f"{_SECRETS}:rds!db-x-abcdef", "true"), "the administrator's login"


def test_it_makes_none_without_its_mark_and_marks_none_that_is_there(
    documents: dict[str, Any],
) -> None:
    def may(action: str, **tags: str) -> bool:
        context = {{"made": _MADE, "own": _OWN}[key]: value for key, value in tags.items()}
        policy = documents["provisioner"]
        return permitted(policy, f"secretsmanager:{action}", _ENTRY, context=context)

    assert may("CreateSecret", made="true")
    assert not may("CreateSecret")
    assert may("TagResource", made="true"), "in the request that makes it"
    assert may("TagResource", made="true", own="true")
    assert not may("TagResource", made="true", own="other")
    assert not may("UntagResource", own="true")
    assert not may("PutResourcePolicy", own="true")


def test_dumps_are_written_and_read_by_it_and_removed_by_nobody_of_the_platform(
    documents: dict[str, Any],
) -> None:
    def may(action: str, who: str, policy: Any) -> bool:
        return permitted(
            policy, f"s3:{action}", _DUMP, resource_policy=documents["dumps"], principal=who
        )

    own = documents["provisioner"]
    assert may("PutObject", _PROVISIONER, own)
    assert may("GetObject", _PROVISIONER, own)
    for action in ("DeleteObject", "DeleteObjectVersion"):
        assert not may(action, _PROVISIONER, _EVERYTHING), "even with every right"
    tenant = f"{_ROLES}/appinstances/appi-acme-shop-backend"
    for action in ("GetObject", "GetObjectVersion", "PutObject", "DeleteObject"):
        assert permitted(_EVERYTHING, f"s3:{action}", _DUMP)
        for who in (tenant, f"{_PROVISIONER}-administrator", f"{_ROLES}/platform/other"):
            assert not may(action, who, _EVERYTHING), who
        assert may(action, f"{_ROLES}/database-engineers", _EVERYTHING), "a person"


def test_the_administrators_login_is_read_by_a_role_that_reads_nothing_else(
    outputs: dict[str, Any], documents: dict[str, Any]
) -> None:
    policy, read = documents["provisioner-administrator"], "secretsmanager:GetSecretValue"
    assert permitted(policy, read, outputs["database_master_secret_arn"])
    assert not permitted(policy, read, _ENTRY, context={_OWN: "true"})
    assert not permitted(policy, read, f"{_SECRETS}:platform/registry-abcdef")
    assert not permitted(documents["provisioner"], read, outputs["database_master_secret_arn"])


@pytest.mark.parametrize(
    ("role", "account"),
    [
        ("provisioner", "appinstance-database"),
        ("provisioner-administrator", "appinstance-database-administrator"),
    ],
)
def test_each_role_is_one_service_accounts(
    outputs: dict[str, Any], documents: dict[str, Any], role: str, account: str
) -> None:
    trust = documents[f"{role}-trust"]
    issuer = parse_settings(outputs["operator_values"]).oidc.issuer

    def taken_by(account: str, namespace: str = "appinstance-system") -> bool:
        subject = f"system:serviceaccount:{namespace}:{account}"
        return trusts(trust, issuer, subject, "sts.amazonaws.com")

    assert taken_by(account)
    assert not taken_by("appinstance-operator")
    assert not taken_by(account, "acme")
    assert not taken_by(f"{account}x")
    subject = f"system:serviceaccount:appinstance-system:{account}"
    assert not trusts(trust, issuer, subject, "another-audience")
