"""Who may do what, answered from the applied documents: each no has its yes beside it.

The evaluator (local/appinstance_local/iam_evaluator.py) knows conditions and boundaries; AWS
itself judges nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from appinstance_local.iam_evaluator import permitted, trusts
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired import iam
from terraform import world

pytestmark = pytest.mark.applied

_BASE = f"arn:aws:iam::{world.ACCOUNT}"
_SECRETS = f"arn:aws:secretsmanager:{world.REGION}:{world.ACCOUNT}:secret"


@pytest.fixture
def settings(outputs: dict[str, Any]) -> Settings:
    return parse_settings(outputs["operator_values"])


@pytest.fixture
def identity(outputs: dict[str, Any]) -> dict[str, Any]:
    """The identity module's documents by name."""
    return {name: json.loads(text) for name, text in outputs["policies"]["identity"].items()}


@pytest.fixture
def instance() -> Any:
    spec = {
        "host": f"acme.{world.DOMAIN}",
        "backend": {"image": "x:1"},
        "database": {"credentials": {"remoteRef": {"key": "apps/acme/acme/database"}}},
    }
    return parse({"metadata": {"name": "acme", "namespace": "acme"}, "spec": spec})


# The operator


def test_the_operator_makes_roles_under_its_path_with_the_boundary_alone(
    identity: dict[str, Any], settings: Settings
) -> None:
    def may(action: str, role: str, boundary: str | None) -> bool:
        context = {"iam:PermissionsBoundary": boundary} if boundary else {}
        return permitted(identity["operator"], action, f"{_BASE}:role{role}", context=context)

    ours = settings.iam.permissions_boundary_arn
    role = f"{settings.iam.path}{settings.iam.role_name_prefix}acme-1234-backend"
    assert may("iam:CreateRole", role, ours)
    assert not may("iam:CreateRole", role, None), "without the boundary"
    assert not may("iam:CreateRole", role, f"{_BASE}:policy/other"), "with another one"
    assert not may("iam:CreateRole", f"/{settings.iam.role_name_prefix}x", ours), "another path"
    assert not may("iam:CreateRole", f"{settings.iam.path}other-x", ours), "another prefix"
    assert not may("iam:CreateRole", "/platform/appi-x", ours), "beside its own"


@pytest.mark.parametrize(
    "action",
    [
        "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole",
        "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:TagRole",
    ],
)  # fmt: skip
def test_the_operator_cannot_change_its_own_role(
    identity: dict[str, Any], outputs: dict[str, Any], settings: Settings, action: str
) -> None:
    own = outputs["operator_chart_values"]["serviceAccount"]["roleArn"]
    context = {"iam:PermissionsBoundary": settings.iam.permissions_boundary_arn}
    assert not permitted(identity["operator"], action, own, context=context)


def test_the_operator_cannot_lift_or_widen_the_boundary(
    identity: dict[str, Any], settings: Settings
) -> None:
    boundary = settings.iam.permissions_boundary_arn
    role = f"{_BASE}:role{settings.iam.path}{settings.iam.role_name_prefix}acme-1234-backend"
    assert permitted(identity["operator"], "iam:PutRolePolicy", role)
    assert not permitted(identity["operator"], "iam:DeleteRolePermissionsBoundary", role)
    for action in ("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"):
        assert not permitted(identity["operator"], f"iam:{action}", boundary)


def test_the_operator_takes_no_role_and_makes_no_users(identity: dict[str, Any]) -> None:
    role = f"{_BASE}:role/appinstances/appi-acme-1234-backend"
    for action, resource in (
        ("sts:AssumeRole", role), ("iam:PassRole", role), ("iam:CreateUser", f"{_BASE}:user/x"),
        ("iam:CreateAccessKey", f"{_BASE}:user/x"), ("s3:GetObject", "arn:aws:s3:::x/y"),
        ("secretsmanager:GetSecretValue", f"{_SECRETS}:apps/acme/acme/database-abcdef"),
    ):  # fmt: skip
        assert not permitted(identity["operator"], action, resource), action


# Instances


def test_a_backend_reads_its_own_prefix_and_no_other(
    identity: dict[str, Any], settings: Settings, instance: Any
) -> None:
    policy, boundary = iam.backend_policy(instance, settings), identity["boundary"]
    bucket = f"arn:aws:s3:::{settings.media.bucket}"

    def may(action: str, resource: str, **context: str) -> bool:
        known = {key.replace("_", ":", 1): value for key, value in context.items()}
        return permitted(policy, f"s3:{action}", resource, boundary=boundary, context=known)

    for action in ("GetObject", "PutObject", "DeleteObject"):
        assert may(action, f"{bucket}/acme/acme/avatars/1.webp")
        assert not may(action, f"{bucket}/globex/globex/avatars/1.webp"), "another instance's"
        assert not may(action, f"{bucket}-other/acme/acme/avatars/1.webp"), "another bucket"
    assert may("ListBucket", bucket, s3_prefix="acme/acme/")
    assert not may("ListBucket", bucket, s3_prefix="globex/globex/")
    assert not may("ListBucket", bucket), "the whole bucket"
    assert not may("PutBucketPolicy", bucket)


def test_the_boundary_holds_whatever_an_instances_role_is_given(
    identity: dict[str, Any], settings: Settings
) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    bucket = f"arn:aws:s3:::{settings.media.bucket}"
    for action, resource in (
        ("iam:CreateUser", f"{_BASE}:user/x"), ("sts:AssumeRole", f"{_BASE}:role/x"),
        ("s3:PutBucketPolicy", bucket), ("s3:GetObject", "arn:aws:s3:::other/x"),
        ("ec2:RunInstances", "*"), ("kms:Decrypt", str(settings.media.kms_key_arn)),
        ("secretsmanager:GetSecretValue", f"{_SECRETS}:platform/x-abcdef"),
        ("secretsmanager:PutSecretValue", f"{_SECRETS}:apps/acme/acme/app-abcdef"),
    ):  # fmt: skip
        assert permitted(everything, action, resource)
        assert not permitted(everything, action, resource, boundary=identity["boundary"]), action
    through = {"kms:ViaService": f"s3.{world.REGION}.amazonaws.com"}
    assert permitted(
        everything, "kms:Decrypt", str(settings.media.kms_key_arn),
        boundary=identity["boundary"], context=through,
    )  # fmt: skip


def test_an_instance_reads_the_entries_that_it_names(
    identity: dict[str, Any], settings: Settings, instance: Any, outputs: dict[str, Any]
) -> None:
    policy = iam.secrets_policy(instance, settings)
    entry = json.loads(outputs["policies"]["secrets"]["apps/acme/acme/database"])
    role = iam.role_arn(instance, settings, "secrets")

    def may(name: str, principal: str = role) -> bool:
        return permitted(
            policy, "secretsmanager:GetSecretValue", f"{_SECRETS}:{name}-abcdef",
            boundary=identity["boundary"], resource_policy=entry, principal=principal,
        )  # fmt: skip

    assert may("apps/acme/acme/database")
    assert not may("apps/globex/globex/database")
    assert not may("platform/registry")
    stranger = f"{_BASE}:role/somebody"
    assert not may("apps/acme/acme/database", stranger), "the entry refuses other roles"


# External Secrets, and everybody's trust


def test_external_secrets_own_role_reads_the_platforms_entries_alone(
    identity: dict[str, Any],
) -> None:
    def may(name: str, action: str = "GetSecretValue") -> bool:
        policy = identity["external-secrets"]
        return permitted(policy, f"secretsmanager:{action}", f"{_SECRETS}:{name}-abcdef")

    assert may("platform/registry")
    # A SecretStore without `auth` would borrow this role: it must open no instance's entry.
    assert not may("apps/acme/acme/database")
    assert not may("other/x")
    assert not may("platform/registry", "PutSecretValue")


def test_the_cloudwatch_agent_writes_logs_and_metrics_and_nothing_else(
    identity: dict[str, Any], outputs: dict[str, Any]
) -> None:
    policy = identity["cloudwatch-agent"]
    actions = {
        action
        for statement in policy["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }
    assert {action.split(":")[0] for action in actions} <= {"logs", "cloudwatch"}
    cluster = outputs["cluster_name"]
    group = f"arn:aws:logs:{world.REGION}:{world.ACCOUNT}:log-group"
    stream = f"{group}:/aws/containerinsights/{cluster}/application:log-stream:x"
    assert permitted(policy, "logs:PutLogEvents", stream)
    assert not permitted(policy, "logs:PutLogEvents", f"{group}:other:log-stream:x")
    assert not permitted(policy, "logs:DeleteLogGroup", f"{group}:other")


@pytest.mark.parametrize(
    ("role", "account"),
    [
        ("operator", "appinstance-system:appinstance-operator"),
        ("external-secrets", "external-secrets:external-secrets"),
        ("load-balancer-controller", "kube-system:aws-load-balancer-controller"),
        ("cloudwatch-agent", "amazon-cloudwatch:cloudwatch-agent"),
    ],
)
def test_each_role_is_one_service_accounts(
    identity: dict[str, Any], settings: Settings, role: str, account: str
) -> None:
    trust, issuer = identity[f"{role}-trust"], settings.oidc.issuer
    subject = f"system:serviceaccount:{account}"
    assert trusts(trust, issuer, subject, "sts.amazonaws.com")
    assert not trusts(trust, issuer, f"{subject}x", "sts.amazonaws.com")
    assert not trusts(trust, issuer, "system:serviceaccount:acme:acme-backend", "sts.amazonaws.com")
    assert not trusts(trust, issuer, subject, "other-audience")
    assert not trusts(trust, f"{issuer}x", subject, "sts.amazonaws.com")
