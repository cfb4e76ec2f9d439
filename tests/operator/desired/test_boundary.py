"""The boundary alone keeps tenants apart, with the operator's own check off: a role with a policy
that grants everything gets what is its namespace's. Beside each no stands the yes.

moto evaluates neither boundaries nor conditions, so the judge is the tests' own evaluator
(local/appinstance_local/platform/iam_evaluator.py, itself tested by AWS's documented cases).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings, golden_values
from support.iam_tables import problems

from appinstance_local.platform.iam_evaluator import permitted
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired import iam
from appinstance_operator.desired.boundary import boundary_policy

CASE = DESIRED / "golden" / "alb-with-page"
SETTINGS = golden_settings(CASE)
BOUNDARY = boundary_policy(SETTINGS)
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
MAX_POLICY = 6_144  # characters of a managed policy, white space left out

BUCKET = "arn:aws:s3:::platform-media"
ENTRY = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
MEDIA_KEY = "arn:aws:kms:eu-central-1:123456789012:key/media"
SECRETS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
NOW = iam.role_tags_of("acme", "shop", SETTINGS)
EARLIER = iam.earlier_role_tags_of("acme", "shop", SETTINGS)
ROLES = {"role": NOW, "role of an earlier version": EARLIER}
every_role = pytest.mark.parametrize("tags", ROLES.values(), ids=ROLES.keys())


def may(
    action: str,
    resource: str,
    tags: Mapping[str, str],
    *,
    policy: Mapping[str, Any] = EVERYTHING,
    boundary: Mapping[str, Any] = BOUNDARY,
    context: Mapping[str, str] | None = None,
) -> bool:
    """Ask as a role with these tags, in a context such as `s3:prefix`."""
    known = dict(context or {})
    known |= {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    return permitted(policy, action, resource, boundary=boundary, context=known)


def test_aws_knows_each_action_and_condition_key_so() -> None:
    assert problems(BOUNDARY) == []
    assert len(json.dumps(BOUNDARY, separators=(",", ":"))) < MAX_POLICY


FOREIGN_OBJECTS = {
    "another namespace's": f"{BUCKET}/evil/shop/x",
    "a namespace's that begins the same": f"{BUCKET}/acme-evil/shop/x",
    "a shorter namespace's": f"{BUCKET}/acm/x",
    "the prefix itself": f"{BUCKET}/acme",
    "from the top": f"{BUCKET}/x",
    "with a slash before": f"{BUCKET}//acme/x",
    "through another's": f"{BUCKET}/evil/../acme/x",
    "below the top": f"{BUCKET}/./acme/x",
    "in another case": f"{BUCKET}/Acme/x",
    "with the variable's name": f"{BUCKET}/${{aws:PrincipalTag/appinstance-namespace}}/x",
    "another bucket's": "arn:aws:s3:::platform-media-2/acme/x",
    "another tenant's bucket": "arn:aws:s3:::acme/acme/x",
}


@every_role
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
@pytest.mark.parametrize("resource", FOREIGN_OBJECTS.values(), ids=FOREIGN_OBJECTS.keys())
def test_a_role_reaches_objects_of_its_namespace_alone(
    tags: Mapping[str, str], action: str, resource: str
) -> None:
    assert may(action, f"{BUCKET}/acme/shop/avatars/x.webp", tags)
    assert may(action, f"{BUCKET}/acme/x", tags)
    assert not may(action, resource, tags)


@every_role
def test_two_dots_in_a_key_of_ones_own_lead_nowhere(tags: Mapping[str, str]) -> None:
    """S3 and Secrets Manager normalise nothing: these are names that lie in the namespace."""
    assert may("s3:GetObject", f"{BUCKET}/acme/../evil/x", tags)
    assert not may("s3:GetObject", f"{BUCKET}/evil/x", tags)


@every_role
@pytest.mark.parametrize("prefix", ["acme/", "acme/shop/", "acme/shop/avatars/"])
def test_a_role_lists_its_namespace(tags: Mapping[str, str], prefix: str) -> None:
    assert may("s3:ListBucket", BUCKET, tags, context={"s3:prefix": prefix})


@every_role
@pytest.mark.parametrize(
    "prefix", ["", "acme", "acm", "acme-evil/", "evil/", "/acme/", "Acme/", "evil/../acme/", "/"]
)
def test_a_role_lists_nothing_else(tags: Mapping[str, str], prefix: str) -> None:
    assert not may("s3:ListBucket", BUCKET, tags, context={"s3:prefix": prefix})


@every_role
def test_a_role_lists_no_bucket_whole_and_no_other(tags: Mapping[str, str]) -> None:
    assert not may("s3:ListBucket", BUCKET, tags)
    assert not may("s3:ListBucket", f"{BUCKET}-2", tags, context={"s3:prefix": "acme/"})
    assert not may("s3:ListAllMyBuckets", "*", tags)


FOREIGN_ENTRIES = {
    "another namespace's": "apps/evil/shop/database-AbCdEf",
    "a namespace's that begins the same": "apps/acme-evil/shop/database-AbCdEf",
    "the prefix itself": "apps/acme-AbCdEf",
    "without the prefix": "acme/shop/database-AbCdEf",
    "a prefix that begins the same": "apps2/acme/shop/database-AbCdEf",
    "the platform's": "platform/registry-AbCdEf",
    "through another's": "apps/evil/../acme/shop/database-AbCdEf",
    "before the prefix": "../apps/acme/shop/database-AbCdEf",
    "in another case": "apps/Acme/shop/database-AbCdEf",
    "below another prefix": "x/apps/acme/shop/database-AbCdEf",
}


@every_role
@pytest.mark.parametrize("action", ["GetSecretValue", "DescribeSecret"])
@pytest.mark.parametrize("entry", FOREIGN_ENTRIES.values(), ids=FOREIGN_ENTRIES.keys())
def test_a_role_reads_entries_of_its_namespace_alone(
    tags: Mapping[str, str], action: str, entry: str
) -> None:
    assert may(f"secretsmanager:{action}", f"{ENTRY}apps/acme/shop/database-AbCdEf", tags)
    assert not may(f"secretsmanager:{action}", f"{ENTRY}{entry}", tags)


@every_role
@pytest.mark.parametrize(
    "change",
    [("123456789012", "210987654321"), ("eu-central-1", "us-east-1"), ("secret:", "secret:x")],
    ids=["account", "region", "name"],
)
def test_a_role_reads_entries_of_this_account_and_region(
    tags: Mapping[str, str], change: tuple[str, str]
) -> None:
    entry = f"{ENTRY}apps/acme/shop/database-AbCdEf"
    assert may("secretsmanager:GetSecretValue", entry, tags)
    assert not may("secretsmanager:GetSecretValue", entry.replace(*change), tags)


@every_role
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutBucketPolicy", BUCKET),
        ("s3:PutObjectAcl", f"{BUCKET}/acme/shop/x"),
        ("s3:GetObjectVersion", f"{BUCKET}/acme/shop/x"),
        ("secretsmanager:PutSecretValue", f"{ENTRY}apps/acme/shop/database-AbCdEf"),
        ("secretsmanager:ListSecrets", "*"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/x"),
        ("iam:TagRole", "arn:aws:iam::123456789012:role/appinstances/appi-acme"),
        ("sts:AssumeRole", "arn:aws:iam::123456789012:role/x"),
        ("ec2:RunInstances", "*"),
    ],
)
def test_a_role_does_what_the_app_does_and_nothing_else(
    tags: Mapping[str, str], action: str, resource: str
) -> None:
    assert permitted(EVERYTHING, action, resource)
    assert not may(action, resource, tags)


@every_role
@pytest.mark.parametrize(
    ("action", "key", "service"),
    [
        ("kms:Decrypt", MEDIA_KEY, "s3"),
        ("kms:GenerateDataKey", MEDIA_KEY, "s3"),
        ("kms:Decrypt", SECRETS_KEY, "secretsmanager"),
    ],
)
def test_keys_serve_through_their_service_alone(
    tags: Mapping[str, str], action: str, key: str, service: str
) -> None:
    through = {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}
    another = {"kms:ViaService": "ssm.eu-central-1.amazonaws.com"}
    elsewhere = {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}
    assert may(action, key, tags, context=through)
    assert not may(action, key, tags)
    assert not may(action, key, tags, context=another)
    assert not may(action, key, tags, context=elsewhere)
    assert not may(action, key + "x", tags, context=through)
    assert not may("kms:Encrypt", key, tags, context=through)


ONES_OWN: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("s3:GetObject", f"{BUCKET}/acme/shop/x", {}),
    ("s3:ListBucket", BUCKET, {"s3:prefix": "acme/shop/"}),
    ("secretsmanager:GetSecretValue", f"{ENTRY}apps/acme/shop/database-AbCdEf", {}),
)


@pytest.mark.parametrize(("action", "resource", "context"), ONES_OWN)
def test_a_role_without_tags_has_nothing(
    action: str, resource: str, context: dict[str, str]
) -> None:
    assert may(action, resource, NOW, context=context)
    assert not may(action, resource, {}, context=context)
    assert not may(action, resource, {"namespace": "acme"}, context=context)
    assert not may(action, resource, {"appinstance-name": "acme"}, context=context)
    assert not may("s3:ListBucket", BUCKET, {}, context={"s3:prefix": "/"})
    assert not may("s3:GetObject", f"{BUCKET}//x", {})
    assert not may("secretsmanager:GetSecretValue", f"{ENTRY}apps//x-AbCdEf", {})


def test_a_boundary_without_an_allowing_policy_opens_nothing() -> None:
    nothing = {"Version": "2012-10-17", "Statement": []}
    for action, resource, context in ONES_OWN:
        assert not may(action, resource, NOW, policy=nothing, context=context)


# What the operator writes for an instance that names what is not its own


def _documents(namespace: str, **spec: Any) -> dict[str, Mapping[str, Any]]:
    body = golden_instance(CASE)
    hostile = {
        **body,
        "metadata": {"name": "shop", "namespace": namespace, "uid": "u"},
        "spec": {**body["spec"], **spec},
    }
    return {
        role.name.rsplit("-", 1)[-1]: role.policy for role in iam.roles(parse(hostile), SETTINGS)
    }


def test_what_a_spec_takes_of_another_namespace_the_boundary_refuses() -> None:
    """The finding: `evil` names acme's entry and media prefix, and nothing else refuses."""
    hostile = _documents(
        "evil",
        media={"prefix": "acme/acme/"},
        workers=[{"name": "thief", "args": ["x"], "uses": ["media"], "role": "Own"}],
        database={"credentials": {"remoteRef": {"key": "apps/acme/acme/database"}}},
    )
    evil = iam.role_tags_of("evil", "shop", SETTINGS)
    taken: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("backend", "s3:GetObject", f"{BUCKET}/acme/acme/x", {}),
        ("backend", "s3:ListBucket", BUCKET, {"s3:prefix": "acme/acme/"}),
        ("worker", "s3:GetObject", f"{BUCKET}/acme/acme/x", {}),
        ("worker", "s3:ListBucket", BUCKET, {"s3:prefix": "acme/acme/"}),
        (
            "secrets", "secretsmanager:GetSecretValue",
            f"{ENTRY}apps/acme/acme/database-AbCdEf", {},
        ),
    )  # fmt: skip
    for part, action, resource, context in taken:
        policy = hostile[part]
        assert may(action, resource, evil, policy=policy, boundary=EVERYTHING, context=context)
        assert not may(action, resource, evil, policy=policy, context=context), action


def test_what_the_operator_writes_for_ones_own_the_boundary_holds() -> None:
    own = _documents("team")
    tags = iam.role_tags_of("team", "shop", SETTINGS)
    backend, secrets = own["backend"], own["secrets"]
    through = "s3.eu-central-1.amazonaws.com"
    assert may("s3:PutObject", f"{BUCKET}/team/shop/avatars/x", tags, policy=backend)
    assert may("s3:ListBucket", BUCKET, tags, policy=backend, context={"s3:prefix": "team/shop/"})
    assert may(
        "kms:GenerateDataKey", MEDIA_KEY, tags, policy=backend, context={"kms:ViaService": through}
    )
    assert may(
        "secretsmanager:GetSecretValue", f"{ENTRY}apps/team/shop/database-AbCdEf", tags,
        policy=secrets,
    )  # fmt: skip


# Settings


def _settings(**change: Any) -> Settings:
    raw = golden_values(CASE)
    for part, values in change.items():
        raw[part] = {**raw.get(part, {}), **values}
    return parse_settings(raw)


def test_without_keys_of_ones_own_there_is_nothing_about_keys() -> None:
    plain = _settings(media={"kmsKeyArn": None}, secrets={"kmsKeyArn": None})
    assert "kms:" not in json.dumps(boundary_policy(plain))
    assert "kms:" in json.dumps(BOUNDARY)


def test_the_template_of_entries_is_the_settings() -> None:
    boundary = boundary_policy(_settings(secrets={"allowedPrefix": "eu/tenants/{namespace}/"}))

    def reads(entry: str) -> bool:
        return may("secretsmanager:GetSecretValue", f"{ENTRY}{entry}", NOW, boundary=boundary)

    assert reads("eu/tenants/acme/shop/database-AbCdEf")
    assert not reads("eu/tenants/evil/shop/database-AbCdEf")
    assert not reads("apps/acme/shop/database-AbCdEf")
