"""The real API server for the operator's integration tests, with the CRDs that it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiserver import ApiServer, started

from appinstance_local import builds
from appinstance_local.paths import REPO

CRD = REPO / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that serves AppInstances and External Secrets' kinds."""
    with started(tmp_path_factory.mktemp("apiserver")) as server:
        folder = builds.module_folder("external-secrets") / "config" / "crds" / "bases"
        for path in (
            CRD,
            folder / "external-secrets.io_externalsecrets.yaml",
            folder / "external-secrets.io_secretstores.yaml",
        ):
            server.kubectl("apply", "--server-side", "-f", str(path))
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        yield server
