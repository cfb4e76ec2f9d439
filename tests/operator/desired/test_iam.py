"""Who may take an instance's roles, and what they may do: judged on the rendered documents."""

from __future__ import annotations

import json

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings, golden_values

from appinstance_local.platform.iam_evaluator import allowed, trusts
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.cli import documents as cli_io
from appinstance_operator.desired import iam

CASE = DESIRED / "golden" / "alb-with-page"
SETTINGS: Settings = golden_settings(CASE)
ISSUER = SETTINGS.oidc.issuer
STS = "sts.amazonaws.com"
BUCKET = "arn:aws:s3:::platform-media"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
BODY = golden_instance(CASE)
ROLES = {role.name.rsplit("-", 1)[-1]: role for role in cli_io.planned(BODY, SETTINGS).roles}
BACKEND, SECRETS = ROLES["backend"], ROLES["secrets"]


@pytest.mark.parametrize("part", ["backend", "secrets"])
def test_its_own_service_account_takes_the_role(part: str) -> None:
    subject = f"system:serviceaccount:team:shop-{part}"
    assert trusts(ROLES[part].trust, ISSUER, subject, STS)


@pytest.mark.parametrize(
    ("subject", "audience", "issuer"),
    [
        ("system:serviceaccount:other:shop-backend", STS, ISSUER),
        ("system:serviceaccount:team:store-backend", STS, ISSUER),
        ("system:serviceaccount:team:shop-secrets", STS, ISSUER),
        ("system:serviceaccount:team:default", STS, ISSUER),
        ("system:serviceaccount:team:shop-backend", "https://kubernetes.default.svc", ISSUER),
        ("system:serviceaccount:team:shop-backend", STS, ISSUER + "x"),
        ("system:serviceaccount:team:shop-backendx", STS, ISSUER),
    ],
    ids=["namespace", "instance", "secrets", "default", "audience", "issuer", "longer"],
)
def test_nobody_else_takes_the_backends_role(subject: str, audience: str, issuer: str) -> None:
    assert not trusts(BACKEND.trust, issuer, subject, audience)


def test_the_trust_is_none_that_terraforms_alarm_takes_for_a_strange_one() -> None:
    """terraform/modules/alarms/logs.tf, strange-trust: what it looks for is never in ours."""
    own = [_own(part) for part in ("worker-prune", "job-report")]
    for role in (*ROLES.values(), *own):
        text = json.dumps(role.trust)
        assert f'"{SETTINGS.oidc.provider_arn}"' in text
        assert "AWS" not in text


def test_the_trust_pins_subject_and_audience_exactly() -> None:
    (statement,) = BACKEND.trust["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:sub": "system:serviceaccount:team:shop-backend",
            f"{ISSUER}:aud": STS,
        }
    }


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_objects_under_the_prefix_and_nowhere_else(action: str) -> None:
    assert allowed(BACKEND.policy, action, f"{BUCKET}/team/shop/avatars/u/x.webp")
    for key in ("team/shop-2/x", "team/other/x", "team/shop", "x", "other/team/shop/x"):
        assert not allowed(BACKEND.policy, action, f"{BUCKET}/{key}"), key
    assert not allowed(BACKEND.policy, action, "arn:aws:s3:::other-media/team/shop/x")


def test_listing_shows_the_prefix_alone() -> None:
    def may(prefix: str | None) -> bool:
        context = {} if prefix is None else {"s3:prefix": prefix}
        return allowed(BACKEND.policy, "s3:ListBucket", BUCKET, context)

    assert may("team/shop/")
    assert may("team/shop/avatars/")
    assert not may(None)
    assert not may("")
    assert not may("team/")
    assert not may("team/shop-2/")


@pytest.mark.parametrize(
    "action", ["s3:PutBucketPolicy", "s3:PutObjectAcl", "s3:GetObjectVersion", "iam:PassRole"]
)
def test_the_backend_may_do_nothing_else(action: str) -> None:
    assert not allowed(BACKEND.policy, action, f"{BUCKET}/team/shop/x")


def test_the_key_serves_through_s3_only() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/media"
    through = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
    assert allowed(BACKEND.policy, "kms:GenerateDataKey", key, through)
    assert not allowed(BACKEND.policy, "kms:GenerateDataKey", key)
    assert not allowed(BACKEND.policy, "kms:Decrypt", key.replace("media", "secrets"), through)


@pytest.mark.parametrize("action", ["GetSecretValue", "DescribeSecret"])
def test_the_secrets_role_reads_exactly_the_named_entries(action: str) -> None:
    def may(entry: str) -> bool:
        return allowed(SECRETS.policy, f"secretsmanager:{action}", f"{SECRET}{entry}")

    assert may("apps/team/shop/database-AbCdEf")
    assert may("apps/team/shop/app-AbCdEf")
    assert not may("apps/team/shop/other-AbCdEf")
    assert not may("apps/team/shop/database-2-AbCdEf")
    assert not may("apps/other/shop/database-AbCdEf")


def test_the_secrets_role_writes_nothing() -> None:
    entry = f"{SECRET}apps/team/shop/app-AbCdEf"
    for action in ("PutSecretValue", "DeleteSecret", "UpdateSecret"):
        assert not allowed(SECRETS.policy, f"secretsmanager:{action}", entry)


def test_every_role_has_the_boundary_and_our_tags() -> None:
    for role in ROLES.values():
        assert role.boundary_arn == SETTINGS.iam.permissions_boundary_arn
        assert role.tags == {
            "appinstance-cluster": "platform",
            "appinstance-issuer": ISSUER,
            "appinstance-namespace": "team",
            "appinstance-name": "shop",
        }


def test_a_role_of_a_namespace_with_a_grant_has_the_grants_boundary() -> None:
    arn = "arn:aws:iam::123456789012:policy/platform/wider"
    raw = golden_values(CASE)
    raw["tenancy"] = {
        "grants": [
            {
                "namespaces": ["team"],
                "buckets": ["other-media"],
                "permissionsBoundaryArn": arn,
            }
        ]
    }
    granted = parse_settings(raw)
    assert {role.boundary_arn for role in iam.roles(parse(BODY), granted)} == {arn}
    other = {**BODY, "metadata": {**BODY["metadata"], "namespace": "other"}}
    common = {role.boundary_arn for role in iam.roles(parse(other), granted)}
    assert common == {SETTINGS.iam.permissions_boundary_arn}


def test_neighbours_never_share_a_role() -> None:
    def named(namespace: str, name: str) -> str:
        return iam.role_of(namespace, name, SETTINGS, "backend")

    assert named("a-b", "c") != named("a", "b-c")
    long = named("n" * 60, "m" * 40)
    assert len(long) <= 64
    assert long != named("n" * 60, "m" * 39 + "x")
    assert long.endswith("-backend")


def test_clusters_of_one_account_never_share_a_role() -> None:
    raw = golden_values(CASE)
    raw["oidc"]["issuer"] = f"{ISSUER}x"
    other = parse_settings(raw)
    assert other.cluster_name == SETTINGS.cluster_name
    for part in ("backend", "secrets"):
        one = iam.role_of("team", "shop", SETTINGS, part)
        assert iam.role_of("team", "shop", other, part) != one
        assert iam.role_tags_of("team", "shop", other) != iam.role_tags_of("team", "shop", SETTINGS)


@pytest.mark.parametrize("prefix", ["appi-", "a" * 14])
def test_the_longest_names_fit_iams_64_characters(prefix: str) -> None:
    raw = golden_values(CASE)
    raw["iam"]["roleNamePrefix"] = prefix
    settings = parse_settings(raw)
    assert len(iam.role_of("n" * 63, "m" * 63, settings, "secrets")) <= 64


OWN_CASE = CASE.parent / "workers-own-roles"
OWN_SETTINGS = golden_settings(OWN_CASE)


def _own(part: str) -> DesiredRole:
    name = iam.role_of("team", "shop", OWN_SETTINGS, part)
    roles = iam.roles(parse(golden_instance(OWN_CASE)), OWN_SETTINGS)
    (role,) = (role for role in roles if role.name == name)
    return role


@pytest.mark.parametrize("part", ["worker-prune", "worker-gallery", "job-nightly", "job-report"])
def test_a_role_of_ones_own_is_taken_by_its_account_and_by_no_other(part: str) -> None:
    issuer, trust = OWN_SETTINGS.oidc.issuer, _own(part).trust
    own = f"system:serviceaccount:team:shop-{part}"
    assert trusts(trust, issuer, own, STS)
    for account in (
        "team:shop-backend", "team:shop-secrets", "team:shop-worker-shared", "team:default",
        "team:shop-worker-x", f"other:shop-{part}", f"team:shop-{part}x", f"team:{part}",
        f"team:store-{part}",
    ):  # fmt: skip
        assert not trusts(trust, issuer, f"system:serviceaccount:{account}", STS), account
    assert not trusts(trust, issuer, own, "https://kubernetes.default.svc")
    assert not trusts(trust, f"{issuer}x", own, STS)
    (backend,) = (r for r in iam.roles(parse(golden_instance(OWN_CASE)), OWN_SETTINGS)
                  if r.name.endswith("-backend"))  # fmt: skip
    assert not trusts(backend.trust, issuer, own, STS)


def test_a_role_of_ones_own_has_the_backends_rights_boundary_and_tags() -> None:
    backend = iam.media_policy(parse(golden_instance(OWN_CASE)), OWN_SETTINGS)
    for part in ("worker-prune", "job-nightly"):
        role = _own(part)
        assert role.policy == backend
        assert role.boundary_arn == OWN_SETTINGS.iam.permissions_boundary_arn
        assert role.tags == iam.role_tags_of("team", "shop", OWN_SETTINGS)
        assert role.path == OWN_SETTINGS.iam.path


def test_one_that_only_reads_neither_writes_nor_removes_nor_makes_keys() -> None:
    bucket = f"arn:aws:s3:::{OWN_SETTINGS.media.bucket}"
    key = str(OWN_SETTINGS.media.kms_key_arn)
    through = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}
    for part in ("worker-gallery", "job-report"):
        policy = _own(part).policy
        assert allowed(policy, "s3:GetObject", f"{bucket}/team/shop/x")
        assert allowed(policy, "s3:ListBucket", bucket, {"s3:prefix": "team/shop/"})
        assert allowed(policy, "kms:Decrypt", key, through)
        assert not allowed(policy, "s3:PutObject", f"{bucket}/team/shop/x")
        assert not allowed(policy, "s3:DeleteObject", f"{bucket}/team/shop/x")
        assert not allowed(policy, "kms:GenerateDataKey", key, through)
        assert not allowed(policy, "s3:GetObject", f"{bucket}/team/shop-2/x")


def test_legacy_keys_never_stand_beside_a_role() -> None:
    case = CASE.parent / "legacy-credentials"
    body = golden_instance(case)
    settings = golden_settings(case)
    assert [role.name.rsplit("-", 1)[-1] for role in cli_io.planned(body, settings).roles] == [
        "secrets"
    ]
    assert iam.backend_role_arn(parse(body), settings) is None
