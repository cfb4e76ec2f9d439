"""The permissions boundary of every instance's role: what it can do at the very most.

The operator writes the role's policy, so the boundary must not believe it. It caps a role by the
role's own tags, which are set when it is created and which the operator may not change
(runtime/permissions.py): of the bucket and of Secrets Manager, a role reaches only what lies under
the namespace that it is tagged with. A wrong document from a broken operator opens nothing of
another tenant. Terraform's boundary is compared with this one by a test.
"""

from __future__ import annotations

from typing import Any

from appinstance_operator.api.settings import Settings

from .iam import EARLIER_TAG_NAMESPACE, TAG_NAMESPACE

# Roles of an earlier version have the second tag alone, and keep their rights until they go.
_NAMESPACES = tuple(
    f"${{aws:PrincipalTag/{tag}}}" for tag in (TAG_NAMESPACE, EARLIER_TAG_NAMESPACE)
)


def _through(service: str, settings: Settings) -> dict[str, Any]:
    host = f"{service}.{settings.region}.amazonaws.com"
    return {"StringEquals": {"kms:ViaService": host}}


def boundary_policy(settings: Settings) -> dict[str, Any]:
    """Return the document of `iam.permissionsBoundaryArn`."""
    bucket = f"arn:{settings.partition}:s3:::{settings.media.bucket}"
    entries = (
        f"arn:{settings.partition}:secretsmanager:{settings.region}:{settings.account_id}:secret:"
    )
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
    return {"Version": "2012-10-17", "Statement": statements}
