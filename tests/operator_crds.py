"""The CRDs that the operator's API server must serve."""

from __future__ import annotations

from pathlib import Path

from appinstance_local.paths import REPO

SECURITY_GROUP_POLICIES = Path(__file__).parent / "securitygrouppolicies.crd.yaml"

OURS = REPO / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"


def crd_paths(external_secrets: Path) -> tuple[Path, ...]:
    """Return the paths of the CRDs: ours, EKS's, and two of External Secrets."""
    folder = external_secrets / "config" / "crds" / "bases"
    return (
        OURS,
        SECURITY_GROUP_POLICIES,
        folder / "external-secrets.io_externalsecrets.yaml",
        folder / "external-secrets.io_secretstores.yaml",
    )
