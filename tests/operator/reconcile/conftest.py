"""A stage for each test, and one on which an instance is Ready."""

from __future__ import annotations

import pytest
from support.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """A world without an instance."""
    return Stage()


@pytest.fixture
def running(stage: Stage) -> Stage:
    """A world with an instance that is Ready; what was written until then is forgotten."""
    stage.apply()
    stage.settle()
    assert stage.ready() == "True"
    stage.operator_writes()
    return stage
