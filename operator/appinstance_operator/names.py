"""Names and labels of everything that one instance becomes; docs/contracts.md lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from .resource import GROUP, AppInstance
from .settings import Settings

MANAGER = "appinstance-operator"
MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
FINALIZER = f"{GROUP}/cloud-cleanup"
SECRETS_HASH = f"{GROUP}/secrets-hash"
_MAX_ROLE_NAME = 64  # IAM's limit
_MAX_READABLE = 30


def labels(instance: AppInstance, component: str) -> dict[str, str]:
    """Return all labels of an object of the instance."""
    return {
        "app.kubernetes.io/name": "appinstance",
        INSTANCE: instance.name,
        COMPONENT: component,
        "app.kubernetes.io/part-of": "appinstance-platform",
        MANAGED_BY: MANAGER,
    }


def selector(instance: AppInstance, component: str | None = None) -> dict[str, str]:
    """Return the labels that select the pods of the instance, or of one component of it."""
    chosen = {"app.kubernetes.io/name": "appinstance", INSTANCE: instance.name}
    return {**chosen, COMPONENT: component} if component else chosen


def of(instance: AppInstance, part: str) -> str:
    """Return `<name>-<part>`, the name of most objects."""
    return f"{instance.name}-{part}"


def role_of(namespace: str, name: str, settings: Settings, part: str) -> str:
    """Return the name of an instance's role for `backend` or `secrets`.

    The hash covers cluster, namespace and name, so that `a-b/c` and `a/b-c`, and the same name in
    two clusters of one account, never share a role.
    """
    identity = f"{settings.cluster_name}/{namespace}/{name}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:10]
    readable = f"{namespace}-{name}"[:_MAX_READABLE].rstrip("-")
    return f"{settings.iam.role_name_prefix}{readable}-{digest}-{part}"[:_MAX_ROLE_NAME]


def role(instance: AppInstance, settings: Settings, part: str) -> str:
    """Return the name of the instance's role for `backend` or `secrets`."""
    return role_of(instance.namespace, instance.name, settings, part)


def role_arn(instance: AppInstance, settings: Settings, part: str) -> str:
    """Return the ARN that the role has, or will have once it is made."""
    name = role(instance, settings, part)
    return f"arn:{settings.partition}:iam::{settings.account_id}:role{settings.iam.path}{name}"


def backend_role_arn(instance: AppInstance, settings: Settings) -> str | None:
    """Return the role of the backend's pods; None with legacy credentials (never both)."""
    if instance.legacy_key:
        return None
    return instance.backend_role_arn or role_arn(instance, settings, "backend")


def secrets_role_arn(instance: AppInstance, settings: Settings) -> str:
    """Return the role with which External Secrets reads the instance's entries."""
    return instance.secrets_role_arn or role_arn(instance, settings, "secrets")


def role_tags_of(namespace: str, name: str, settings: Settings) -> Mapping[str, str]:
    """Return the tags by which a role is known as that instance's."""
    return {
        f"{GROUP}/cluster": settings.cluster_name,
        f"{GROUP}/namespace": namespace,
        f"{GROUP}/name": name,
    }


def role_tags(instance: AppInstance, settings: Settings) -> Mapping[str, str]:
    """Return the tags by which a role is known as this instance's."""
    return role_tags_of(instance.namespace, instance.name, settings)
