"""Logs: one JSON object a line, at the level that was asked for, and no value of a variable."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from appinstance_operator.signals import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _say_all() -> None:
    log, library = structlog.get_logger("ours"), logging.getLogger("kopf")
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("said", by="us")
        getattr(library, name)("said")


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 8), ("INFO", 6), ("ERROR", 2)])
def test_what_is_below_the_level_is_not_said(
    level: str, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(level)
    _say_all()
    said = _lines(capsys)
    assert len(said) == count
    assert {line["event"] for line in said} == {"said"}
    assert {line["logger"] for line in said} == {"ours", "kopf"}
    assert all(line["timestamp"] for line in said)


def test_what_prints_requests_stays_quiet_at_every_level(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("DEBUG")
    for name in ("urllib3.connectionpool", "botocore.endpoint", "kubernetes.client.rest"):
        logging.getLogger(name).debug("body: a secret")
    assert _lines(capsys) == []


def test_a_crash_is_told_with_its_place_and_without_the_values_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken() -> None:
        password = "planted-value"
        raise RuntimeError(f"{len(password)} characters")

    logs.configure()
    try:
        broken()
    except RuntimeError as error:
        structlog.get_logger("ours").error("broke", exc_info=error)
    (line,) = _lines(capsys)
    assert "in broken" in line["exception"]
    assert "13 characters" in line["exception"]
    assert "planted-value" not in json.dumps(line)
