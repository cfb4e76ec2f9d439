"""The permissions boundary of every instance's role: what it can do at the very most.

The operator writes the role's policy, so the boundary must not believe it. It caps a role by the
role's own tags, which are set when it is created and which the operator may not change
(runtime/permissions.py): of the bucket and of Secrets Manager, a role reaches only what lies under
the namespace that it is tagged with. A wrong document from a broken operator opens nothing of
another tenant. A grant's boundary holds what it grants beside that, for roles of its namespaces
alone: put on another tenant's role, it opens nothing more. Terraform's boundaries are compared with
these by a test.
"""

from __future__ import annotations

from typing import Any

from appinstance_operator.api.grants import Grant
from appinstance_operator.api.settings import Settings

from .iam import EARLIER_TAG_NAMESPACE, TAG_NAMESPACE

# Roles of an earlier version have the second tag alone, and keep their rights until they go.
_NAMESPACES = tuple(
    f"${{aws:PrincipalTag/{tag}}}" for tag in (TAG_NAMESPACE, EARLIER_TAG_NAMESPACE)
)


def _through(service: str, settings: Settings) -> dict[str, Any]:
    host = f"{service}.{settings.region}.amazonaws.com"
    return {"StringEquals": {"kms:ViaService": host}}


def _bucket(settings: Settings, name: str) -> str:
    return f"arn:{settings.partition}:s3:::{name}"


def _entries(settings: Settings) -> str:
    return (
        f"arn:{settings.partition}:secretsmanager:{settings.region}:{settings.account_id}:secret:"
    )


def _granted(settings: Settings, grant: Grant) -> list[dict[str, Any]]:
    """Return the statements of what a grant adds: any of its buckets goes with any prefix."""
    own = _NAMESPACES[0]
    platforms = _bucket(settings, settings.media.bucket)
    buckets = [_bucket(settings, name) for name in grant.buckets]
    condition: dict[str, Any] = {}
    if "*" not in grant.namespaces:
        namespaces = {f"aws:PrincipalTag/{TAG_NAMESPACE}": list(grant.namespaces)}
        condition = {"StringEquals": namespaces}
    objects = [f"{bucket}/{own}/*" for bucket in buckets]
    objects += [
        f"{bucket}/{prefix}*" for bucket in (platforms, *buckets) for prefix in grant.media_prefixes
    ]
    prefixes = [f"{own}/*", *(f"{prefix}*" for prefix in grant.media_prefixes)]
    entries = [f"{_entries(settings)}{prefix}*" for prefix in grant.secret_prefixes]
    statements: list[dict[str, Any]] = [
        {
            "Sid": "GrantedObjects",
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            "Resource": objects,
            "Condition": condition,
        },
        {
            "Sid": "GrantedListing",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [platforms, *buckets] if objects else [],
            "Condition": {**condition, "StringLike": {"s3:prefix": prefixes}},
        },
        {
            "Sid": "GrantedEntries",
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": entries,
            "Condition": condition,
        },
    ]
    return [
        {key: value for key, value in item.items() if value}
        for item in statements
        if item["Resource"]
    ]


def boundary_policy(settings: Settings, grant: Grant | None = None) -> dict[str, Any]:
    """Return the document of `iam.permissionsBoundaryArn`, or of a grant's own boundary."""
    bucket = _bucket(settings, settings.media.bucket)
    entries = _entries(settings)
    statements: list[dict[str, Any]] = [
        {
            "Sid": "MediaObjects",
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            "Resource": [f"{bucket}/{namespace}/*" for namespace in _NAMESPACES],
        },
        {
            "Sid": "MediaListing",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [bucket],
            "Condition": {
                "StringLike": {"s3:prefix": [f"{namespace}/*" for namespace in _NAMESPACES]}
            },
        },
        {
            "Sid": "EntriesOfTheNamespace",
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": [
                entries + settings.secrets.allowed_prefix.replace("{namespace}", namespace) + "*"
                for namespace in _NAMESPACES
            ],
        },
    ]
    if settings.media.kms_key_arn:
        statements.append(
            {
                "Sid": "MediaKeyThroughS3Only",
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": [settings.media.kms_key_arn],
                "Condition": _through("s3", settings),
            }
        )
    if settings.secrets.kms_key_arn:
        statements.append(
            {
                "Sid": "SecretsKeyThroughSecretsManagerOnly",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": [settings.secrets.kms_key_arn],
                "Condition": _through("secretsmanager", settings),
            }
        )
    if grant is not None:
        statements += _granted(settings, grant)
    return {"Version": "2012-10-17", "Statement": statements}
