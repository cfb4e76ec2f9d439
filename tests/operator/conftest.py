"""The real API server for the operator's integration tests, with the CRDs that it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiserver import ApiServer, started
from operator_crds import crd_paths

from appinstance_local import builds


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that serves AppInstances and External Secrets' kinds."""
    with started(tmp_path_factory.mktemp("apiserver")) as server:
        for path in crd_paths(builds.module_folder("external-secrets")):
            server.kubectl("apply", "--server-side", "-f", str(path))
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        yield server
