"""ServiceAccounts: one per component, and one that only the SecretStore uses.

No pod gets a token for the Kubernetes API. A token for STS is a projected volume that the pods'
owner writes itself (desired/workloads.py); the annotation here documents the role, and
External Secrets reads it from the store's account.
"""

from __future__ import annotations

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance

from . import background, iam, names
from .base import manifest, metadata

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"


def accounts(instance: AppInstance, settings: Settings) -> tuple[Manifest, ...]:
    """Return the service accounts of the instance."""
    roles: dict[str, str | None] = {"backend": iam.backend_role_arn(instance, settings)}
    if instance.secret_keys:
        roles["secrets"] = iam.secrets_role_arn(instance, settings)
    if instance.frontend:
        roles["frontend"] = None
    if instance.migrate:
        roles["migrate"] = None
    for process in instance.background:
        account = background.account(instance, settings, process)
        roles.setdefault(account, iam.process_role_arn(instance, settings, process))
    return tuple(
        manifest(
            "v1",
            "ServiceAccount",
            metadata(
                instance, names.of(instance, part), part, {ROLE_ANNOTATION: arn} if arn else None
            ),
            automountServiceAccountToken=False,
        )
        for part, arn in roles.items()
    )
