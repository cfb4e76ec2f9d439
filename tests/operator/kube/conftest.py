"""An API server of a test's own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.scripted_api import ScriptedApi, running


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    """A server that answers as the test says."""
    with running() as script:
        yield script
