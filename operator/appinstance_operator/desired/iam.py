"""The IAM roles of an instance, as documents: who may take them, and what they may do.

Trust pins both `:sub` (one service account) and `:aud`: with `:sub` alone a token made for another
audience would do. Policies name exact entries and one prefix; the boundary caps them from above.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appinstance_operator import names
from appinstance_operator.model import DesiredRole
from appinstance_operator.resource import AppInstance
from appinstance_operator.settings import Settings

AUDIENCE = "sts.amazonaws.com"
_VERSION = "2012-10-17"
# Secrets Manager appends a hyphen and six characters to a secret's name in its ARN.
_SECRET_SUFFIX = "-??????"  # noqa: S105


def trust(instance: AppInstance, settings: Settings, part: str) -> dict[str, Any]:
    """Return the trust policy that admits the service account `<name>-<part>` alone."""
    issuer = settings.oidc.issuer
    subject = f"system:serviceaccount:{instance.namespace}:{names.of(instance, part)}"
    return {
        "Version": _VERSION,
        "Statement": [
            {
                "Sid": "OnlyThisServiceAccount",
                "Effect": "Allow",
                "Principal": {"Federated": settings.oidc.provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": AUDIENCE}
                },
            }
        ],
    }


def _document(*statements: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": [dict(item) for item in statements if item]}


def _key_use(key_arn: str | None, settings: Settings, service: str, actions: list[str]) -> Any:
    if key_arn is None:
        return None
    return {
        "Sid": "KeyThroughTheServiceOnly",
        "Effect": "Allow",
        "Action": actions,
        "Resource": [key_arn],
        "Condition": {
            "StringEquals": {"kms:ViaService": f"{service}.{settings.region}.amazonaws.com"}
        },
    }


def backend_policy(instance: AppInstance, settings: Settings) -> dict[str, Any]:
    """Return what the backend may do: objects under its prefix, and list that prefix."""
    bucket = instance.media_bucket or settings.media.bucket
    arn = f"arn:{settings.partition}:s3:::{bucket}"
    return _document(
        {
            "Sid": "ObjectsUnderThePrefix",
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            "Resource": [f"{arn}/{instance.media_prefix}*"],
        },
        {
            "Sid": "ListThePrefix",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [arn],
            "Condition": {"StringLike": {"s3:prefix": [f"{instance.media_prefix}*"]}},
        },
        _key_use(
            settings.media.kms_key_arn, settings, "s3", ["kms:Decrypt", "kms:GenerateDataKey"]
        ),
    )


def secrets_policy(instance: AppInstance, settings: Settings) -> dict[str, Any]:
    """Return what External Secrets may do for the instance: read exactly the named entries."""
    base = f"arn:{settings.partition}:secretsmanager:{settings.region}:{settings.account_id}:secret"
    return _document(
        {
            "Sid": "ReadTheNamedEntries",
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": [f"{base}:{key}{_SECRET_SUFFIX}" for key in instance.secret_keys],
        },
        _key_use(settings.secrets.kms_key_arn, settings, "secretsmanager", ["kms:Decrypt"]),
    )


def roles(instance: AppInstance, settings: Settings) -> tuple[DesiredRole, ...]:
    """Return the roles that the operator is to manage; those that the spec brings are left out."""
    wanted = []
    if not instance.backend_role_arn and not instance.legacy_key:
        wanted.append(("backend", backend_policy(instance, settings)))
    if not instance.secrets_role_arn:
        wanted.append(("secrets", secrets_policy(instance, settings)))
    return tuple(
        DesiredRole(
            name=names.role(instance, settings, part),
            path=settings.iam.path,
            trust=trust(instance, settings, part),
            policy_name="appinstance",
            policy=policy,
            boundary_arn=settings.iam.permissions_boundary_arn,
            tags=names.role_tags(instance, settings),
        )
        for part, policy in wanted
    )
