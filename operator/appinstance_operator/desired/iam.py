"""The IAM roles of an instance: their names, who may take them, and what they may do.

Trust pins both `:sub` (one service account) and `:aud`: with `:sub` alone a token made for another
audience would do. Policies name exact entries and one prefix; the boundary caps them from above.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from appinstance_operator.api.background import MEDIA, READ_ONLY, Process
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import GROUP, AppInstance
from appinstance_operator.api.tenancy import boundary_arn

from . import names

AUDIENCE = "sts.amazonaws.com"
TAG_CLUSTER = "appinstance-cluster"
TAG_ISSUER = "appinstance-issuer"
TAG_NAMESPACE = "appinstance-namespace"
TAG_NAME = "appinstance-name"
EARLIER_TAG_CLUSTER = f"{GROUP}/cluster"
EARLIER_TAG_NAMESPACE = f"{GROUP}/namespace"
_VERSION = "2012-10-17"
# Secrets Manager appends a hyphen and six characters to a secret's name in its ARN.
_SECRET_SUFFIX = "-??????"  # noqa: S105
_MAX_READABLE = 24
_DIGEST = 16


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


def media_policy(
    instance: AppInstance, settings: Settings, *, reads_only: bool = False
) -> dict[str, Any]:
    """Return what may be done with media: objects under the prefix, and list that prefix."""
    bucket = instance.media_bucket or settings.media.bucket
    arn = f"arn:{settings.partition}:s3:::{bucket}"
    objects, keys = ["s3:GetObject"], ["kms:Decrypt"]
    if not reads_only:
        objects = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        keys = ["kms:Decrypt", "kms:GenerateDataKey"]
    return _document(
        {
            "Sid": "ObjectsUnderThePrefix",
            "Effect": "Allow",
            "Action": objects,
            "Resource": [f"{arn}/{instance.media_prefix}*"],
        },
        {
            "Sid": "ListThePrefix",
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [arn],
            "Condition": {"StringLike": {"s3:prefix": [f"{instance.media_prefix}*"]}},
        },
        _key_use(settings.media.kms_key_arn, settings, "s3", keys),
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
    if instance.media and not instance.backend_role_arn and not instance.legacy_key:
        wanted.append(("backend", media_policy(instance, settings)))
    if instance.secret_keys and not instance.secrets_role_arn:
        wanted.append(("secrets", secrets_policy(instance, settings)))
    for process in instance.with_own_role:
        reads_only = process.role == READ_ONLY
        wanted.append((process.name, media_policy(instance, settings, reads_only=reads_only)))
    return tuple(
        DesiredRole(
            name=role(instance, settings, part),
            path=settings.iam.path,
            trust=trust(instance, settings, part),
            policy_name="appinstance",
            policy=policy,
            boundary_arn=boundary_arn(instance.namespace, settings),
            tags=role_tags_of(instance.namespace, instance.name, settings),
            owner_tags=owner_tags_of(instance.namespace, instance.name, settings),
        )
        for part, policy in wanted
    )


def role_of(namespace: str, name: str, settings: Settings, part: str) -> str:
    """Return the name of an instance's role for a part, 64 characters at most.

    Parts are `backend`, `secrets`, and a worker's or a job's component, such as `worker-mail`. The
    hash covers the cluster's OIDC issuer, which is its own in all of AWS, namespace and name:
    neither `a-b/c` and `a/b-c`, nor two clusters or regions of one account, ever share a role. Of
    a worker or a job it covers the name too, and the role's name ends with which of them it is.
    """
    kind, _, process = part.partition("-")
    identity = "/".join((settings.oidc.issuer, namespace, name, *([process] if process else ())))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_DIGEST]
    readable = f"{namespace}-{name}"[:_MAX_READABLE].rstrip("-")
    return f"{settings.iam.role_name_prefix}{readable}-{digest}-{kind}"


def role(instance: AppInstance, settings: Settings, part: str) -> str:
    """Return the name of the instance's role for a part."""
    return role_of(instance.namespace, instance.name, settings, part)


def role_arn(instance: AppInstance, settings: Settings, part: str) -> str:
    """Return the ARN that the role has, or will have once it is made."""
    name = role(instance, settings, part)
    return f"arn:{settings.partition}:iam::{settings.account_id}:role{settings.iam.path}{name}"


def backend_role_arn(instance: AppInstance, settings: Settings) -> str | None:
    """Return the role of the backend's pods; None with legacy credentials (never both).

    Without media there is nothing that a role of ours could allow, so there is none (ADR 0040).
    """
    if instance.legacy_key:
        return None
    managed = role_arn(instance, settings, "backend") if instance.media else None
    return instance.backend_role_arn or managed


def secrets_role_arn(instance: AppInstance, settings: Settings) -> str | None:
    """Return the role with which External Secrets reads the instance's entries, if it has any."""
    if not instance.secret_keys:
        return None
    return instance.secrets_role_arn or role_arn(instance, settings, "secrets")


def process_role_arn(instance: AppInstance, settings: Settings, process: Process) -> str | None:
    """Return the role of a worker's or a job's pods: none without media, its own if asked for."""
    if MEDIA not in process.uses:
        return None
    if process.role:
        return role_arn(instance, settings, process.name)
    return backend_role_arn(instance, settings)


def own_role_arns(instance: AppInstance, settings: Settings) -> dict[str, str]:
    """Return the roles that workers and jobs have of their own, by component."""
    return {
        process.name: role_arn(instance, settings, process.name)
        for process in instance.with_own_role
    }


def role_arns(instance: AppInstance, settings: Settings) -> dict[str, str]:
    """Return the roles of the backend's pods and of External Secrets, those that there are."""
    arns = {
        "backend": backend_role_arn(instance, settings),
        "secrets": secrets_role_arn(instance, settings),
    }
    return {part: arn for part, arn in arns.items() if arn}


def all_role_arns(instance: AppInstance, settings: Settings) -> dict[str, str]:
    """Return every role that the instance's accounts take, by part."""
    return {**role_arns(instance, settings), **own_role_arns(instance, settings)}


def is_managed(arn: str, settings: Settings) -> bool:
    """Return whether an ARN is of a role that the operator may have made under these settings."""
    account = f"arn:{settings.partition}:iam::{settings.account_id}:role"
    return arn.startswith(f"{account}{settings.iam.path}{settings.iam.role_name_prefix}")


def is_lost(arn: str, namespace: str, name: str, settings: Settings, part: str) -> bool:
    """Return whether a part's role was made under another path or prefix than now."""
    ending = role_of(namespace, name, settings, part).removeprefix(settings.iam.role_name_prefix)
    return arn.endswith(ending) and not is_managed(arn, settings)


def role_tags_of(namespace: str, name: str, settings: Settings) -> Mapping[str, str]:
    """Return the tags of an instance's roles; by the namespace's they are capped (boundary.py)."""
    return {
        TAG_CLUSTER: settings.cluster_name,
        TAG_ISSUER: settings.oidc.issuer,
        TAG_NAMESPACE: namespace,
        TAG_NAME: name,
    }


def owner_tags_of(namespace: str, name: str, settings: Settings) -> Mapping[str, str]:
    """Return the tags by which a role is known as an instance's.

    Not by the cluster's name, which may change: no other cluster has this issuer.
    """
    return {
        TAG_ISSUER: settings.oidc.issuer,
        TAG_NAMESPACE: namespace,
        TAG_NAME: name,
    }


def earlier_role_tags_of(namespace: str, name: str, settings: Settings) -> Mapping[str, str]:
    """Return the tags of a role that a version before these tags made for an instance."""
    return {
        EARLIER_TAG_CLUSTER: settings.cluster_name,
        EARLIER_TAG_NAMESPACE: namespace,
        f"{GROUP}/name": name,
    }
