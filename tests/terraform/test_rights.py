"""Who may do what, answered from the applied documents: each no has its yes beside it.

The evaluator (local/appinstance_local/platform/iam_evaluator.py) knows conditions and boundaries;
AWS itself judges nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from appinstance_local.platform.iam_evaluator import permitted, trusts
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.api.tenancy import boundary_arns
from appinstance_operator.desired import iam
from terraform import world

pytestmark = pytest.mark.applied

_BASE = f"arn:aws:iam::{world.ACCOUNT}"
_SECRETS = f"arn:aws:secretsmanager:{world.REGION}:{world.ACCOUNT}:secret"
_EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# The tag of a role in the namespace acme.
_ACME = {f"aws:PrincipalTag/{iam.TAG_NAMESPACE}": "acme"}


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


def _may(
    identity: dict[str, Any],
    action: str,
    role: str,
    boundary: str | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    on: Mapping[str, str] | None = None,
) -> bool:
    """Ask for the operator: `tags` are in the request, `on` are the role's."""
    context: dict[str, str | list[str]] = {"iam:PermissionsBoundary": boundary} if boundary else {}
    for key, value in (tags or {}).items():
        context[f"aws:RequestTag/{key}"] = value
    for key, value in (on or {}).items():
        context[f"aws:ResourceTag/{key}"] = value
    if tags:
        context["aws:TagKeys"] = list(tags)
    return permitted(identity["operator"], action, f"{_BASE}:role{role}", context=context)


@pytest.fixture
def tags(settings: Settings) -> dict[str, str]:
    return dict(iam.role_tags_of("acme", "acme", settings))


@pytest.fixture
def role(settings: Settings) -> str:
    return f"{settings.iam.path}{iam.role_of('acme', 'acme', settings, 'backend')}"


def test_the_operator_makes_roles_under_its_path_with_the_boundary_alone(
    identity: dict[str, Any], settings: Settings, role: str, tags: dict[str, str]
) -> None:
    def may(name: str, boundary: str | None) -> bool:
        return _may(identity, "iam:CreateRole", name, boundary, tags=tags)

    ours = settings.iam.permissions_boundary_arn
    assert may(role, ours)
    assert not may(role, None), "without the boundary"
    assert not may(role, f"{_BASE}:policy/other"), "with another one"
    assert not may(f"/{settings.iam.role_name_prefix}x", ours), "another path"
    assert not may(f"{settings.iam.path}other-x", ours), "another prefix"
    assert not may("/platform/appi-x", ours), "beside its own"


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:TagRole"])
def test_the_operator_makes_no_role_without_the_tags(
    identity: dict[str, Any], settings: Settings, role: str, tags: dict[str, str], action: str
) -> None:
    def may(tags: dict[str, str]) -> bool:
        return _may(identity, action, role, settings.iam.permissions_boundary_arn, tags=tags)

    assert may(tags)
    assert not may({}), "none"
    for key in tags:
        assert not may({name: value for name, value in tags.items() if name != key}), key
    assert not may({**tags, iam.TAG_ISSUER: f"{settings.oidc.issuer}x"}), "another cluster's"
    assert not may({**tags, iam.EARLIER_TAG_NAMESPACE: "globex"}), "a second namespace"


def test_the_operator_gives_no_role_another_namespace(
    identity: dict[str, Any], settings: Settings, role: str, tags: dict[str, str]
) -> None:
    other = {**tags, iam.TAG_NAMESPACE: "globex"}
    earlier = iam.earlier_role_tags_of("acme", "acme", settings)
    assert _may(identity, "iam:TagRole", role, tags=tags, on=tags)
    assert not _may(identity, "iam:TagRole", role, tags=other, on=tags)
    assert not _may(identity, "iam:TagRole", role, tags=other, on=earlier)
    assert not _may(identity, "iam:UntagRole", role, on=tags)


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"])
def test_the_operator_writes_onto_roles_of_its_cluster_alone(
    identity: dict[str, Any], settings: Settings, role: str, tags: dict[str, str], action: str
) -> None:
    def may(on: dict[str, str], boundary: str | None) -> bool:
        return _may(identity, action, role, boundary, on=on)

    ours = settings.iam.permissions_boundary_arn
    assert may(tags, ours)
    assert not may(tags, None), "a role without the boundary"
    assert not may({**tags, iam.TAG_ISSUER: f"{settings.oidc.issuer}x"}, ours), "another cluster's"
    assert not may({}, ours), "somebody else's"


def test_a_grants_boundary_is_for_the_grants_namespaces_alone(
    identity: dict[str, Any], settings: Settings, role: str, tags: dict[str, str]
) -> None:
    other = {**tags, iam.TAG_NAMESPACE: "initech"}
    (arn,) = {
        str(grant.permissions_boundary_arn)
        for grant in settings.tenancy.grants
        if grant.covers("acme")
    }
    assert _may(identity, "iam:CreateRole", role, arn, tags=tags)
    assert not _may(identity, "iam:CreateRole", role, arn, tags=other)
    assert _may(identity, "iam:PutRolePermissionsBoundary", role, arn, on=tags)
    assert not _may(identity, "iam:PutRolePermissionsBoundary", role, arn, on=other)


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


def test_the_operator_cannot_lift_or_widen_a_boundary(
    identity: dict[str, Any], settings: Settings, role: str, tags: dict[str, str]
) -> None:
    boundaries = boundary_arns(settings)
    assert len(boundaries) == 3
    for boundary in boundaries:
        lift = "iam:DeleteRolePermissionsBoundary"
        assert not _may(identity, lift, role, boundary, on=tags)
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
    policy, boundary = iam.media_policy(instance, settings), identity["boundary"]
    bucket = f"arn:aws:s3:::{settings.media.bucket}"

    def may(action: str, resource: str, **context: str) -> bool:
        known = {key.replace("_", ":", 1): value for key, value in context.items()} | _ACME
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
    boundary = identity["boundary"]
    bucket = f"arn:aws:s3:::{settings.media.bucket}"
    for action, resource in (
        ("iam:CreateUser", f"{_BASE}:user/x"), ("sts:AssumeRole", f"{_BASE}:role/x"),
        ("s3:PutBucketPolicy", bucket), ("s3:GetObject", "arn:aws:s3:::other/x"),
        ("ec2:RunInstances", "*"), ("kms:Decrypt", str(settings.media.kms_key_arn)),
        ("secretsmanager:GetSecretValue", f"{_SECRETS}:platform/x-abcdef"),
        ("secretsmanager:PutSecretValue", f"{_SECRETS}:apps/acme/acme/app-abcdef"),
        # What the operator's own check refuses: with a wrong document the boundary still does.
        ("secretsmanager:GetSecretValue", f"{_SECRETS}:apps/globex/globex/database-abcdef"),
        ("secretsmanager:GetSecretValue", f"{_SECRETS}:apps/acme-evil/database-abcdef"),
        ("s3:GetObject", f"{bucket}/globex/globex/x"), ("s3:PutObject", f"{bucket}/acme-evil/x"),
    ):  # fmt: skip
        assert permitted(_EVERYTHING, action, resource, context=_ACME)
        assert not permitted(_EVERYTHING, action, resource, boundary=boundary, context=_ACME), (
            resource
        )
    own, read = f"{_SECRETS}:apps/acme/acme/database-abcdef", "secretsmanager:GetSecretValue"
    assert permitted(_EVERYTHING, read, own, boundary=boundary, context=_ACME)
    assert not permitted(_EVERYTHING, read, own, boundary=boundary), "a role without the tag"
    key = str(settings.media.kms_key_arn)
    through = {"kms:ViaService": f"s3.{world.REGION}.amazonaws.com"}
    assert permitted(_EVERYTHING, "kms:Decrypt", key, boundary=boundary, context=through)


def test_a_grant_opens_what_it_names_to_its_namespaces_alone(identity: dict[str, Any]) -> None:
    boundary = identity["boundary-mail"]

    def reads(name: str, namespace: str) -> bool:
        return permitted(
            _EVERYTHING, "secretsmanager:GetSecretValue", f"{_SECRETS}:{name}-abcdef",
            boundary=boundary, context={f"aws:PrincipalTag/{iam.TAG_NAMESPACE}": namespace},
        )  # fmt: skip

    assert reads("shared/mail/smtp", "acme")
    assert reads("apps/acme/acme/database", "acme")
    assert not reads("apps/globex/globex/database", "acme")
    assert not reads("shared/mail-of-others/smtp", "acme")
    assert not reads("shared/mail/smtp", "initech"), "no namespace of the grant"


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
            context=_ACME,
        )  # fmt: skip

    assert may("apps/acme/acme/database")
    assert not may("apps/globex/globex/database")
    assert not may("platform/registry")
    stranger = f"{_BASE}:role/somebody"
    assert not may("apps/acme/acme/database", stranger), "the entry refuses other roles"


# External Secrets, and everybody's trust


def test_external_secrets_own_role_opens_nothing(identity: dict[str, Any]) -> None:
    """A SecretStore without `auth` borrows this role, whoever made it."""
    policy = identity["external-secrets"]
    both = {"Statement": [*policy["Statement"], *_EVERYTHING["Statement"]]}
    for name in ("platform/registry", "apps/acme/acme/database", "other/x"):
        secret = f"{_SECRETS}:{name}-abcdef"
        assert permitted(_EVERYTHING, "secretsmanager:GetSecretValue", secret)
        assert not permitted(policy, "secretsmanager:GetSecretValue", secret)
        assert not permitted(both, "secretsmanager:GetSecretValue", secret), "a statement beside it"


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
    assert {action.split(":")[0] for action in actions} == {"logs", "cloudwatch", "ec2"}
    assert {action for action in actions if action.startswith("ec2:")} == {
        "ec2:DescribeTags", "ec2:DescribeVolumes",
    }  # fmt: skip
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
