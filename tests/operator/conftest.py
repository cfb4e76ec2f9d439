"""The real API server for the operator's integration tests, with the CRDs that it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.apiserver import ApiServer, started
from support.crds import install_crds


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that serves AppInstances and External Secrets' kinds."""
    with started(tmp_path_factory.mktemp("apiserver")) as server:
        install_crds(server)
        yield server
