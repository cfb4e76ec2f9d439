"""The CRDs that the operator's API server must serve."""

from __future__ import annotations

from pathlib import Path

from appinstance_local.paths import REPO

OURS = REPO / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"


def crd_paths(external_secrets: Path) -> tuple[Path, ...]:
    """Return the paths of the CRDs: ours, and two of the External Secrets module."""
    folder = external_secrets / "config" / "crds" / "bases"
    return (
        OURS,
        folder / "external-secrets.io_externalsecrets.yaml",
        folder / "external-secrets.io_secretstores.yaml",
    )
