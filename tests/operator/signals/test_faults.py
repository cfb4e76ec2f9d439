"""Fault points are dead code unless a test turns them on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import appinstance_operator
from appinstance_operator.signals import faults


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record instead of dying."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    return codes


def test_nothing_happens_without_the_switch(
    exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APPINSTANCE_FAULTS_ENABLED", raising=False)
    monkeypatch.setenv("APPINSTANCE_FAULT", "before-status")
    faults.point("before-status")
    assert exits == []


def test_only_the_named_point_kills(exits: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPINSTANCE_FAULTS_ENABLED", "1")
    monkeypatch.setenv("APPINSTANCE_FAULT", "before-status")
    faults.point("before-prune")
    assert exits == []
    faults.point("before-status")
    assert exits == [137]


def test_a_point_that_no_test_could_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPINSTANCE_FAULTS_ENABLED", "1")
    with pytest.raises(ValueError, match="add it to POINTS"):
        faults.point("new-one")


def test_each_point_stands_in_the_code() -> None:
    package = Path(appinstance_operator.__file__).parent
    code = "\n".join(path.read_text() for path in package.rglob("*.py") if path.name != "faults.py")
    assert [name for name in faults.POINTS if f'point("{name}")' not in code] == []
