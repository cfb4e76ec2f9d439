"""`appinstance run`: where the Lease is has to be said, or that there is none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.golden_settings import DESIRED, golden_values

from appinstance_operator.cli import main as cli
from appinstance_operator.runtime import operator
from appinstance_operator.runtime.lease import Timing


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the command: candidacy, exit code, and what it said."""
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(golden_values(DESIRED / "golden" / "minimal")))
    monkeypatch.delenv("POD_NAMESPACE", raising=False)
    monkeypatch.setenv("POD_NAME", "pod-a")
    started: list[operator.Candidacy | None] = []

    def fake(
        _settings: object, _port: int, candidacy: operator.Candidacy | None, level: str
    ) -> int:
        started.append(candidacy)
        sys.stdout.write(level)
        return 0

    monkeypatch.setattr(operator, "run", fake)

    def command(*words: str) -> tuple[list[operator.Candidacy | None], object, str]:
        monkeypatch.setattr("sys.argv", ["appinstance", "run", "--settings", str(path), *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return started, ended.value.code, said.err + said.out

    return command


def test_without_a_namespace_it_says_what_to_set_and_does_not_start(run: Any) -> None:
    started, code, said = run()
    assert (started, code) == ([], 2)
    assert "set --lease-namespace or POD_NAMESPACE" in said
    assert "--no-lease" in said


def test_the_pod_says_where_and_as_whom(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAMESPACE", "system")
    assert run()[:2] == ([operator.Candidacy("system", "pod-a", Timing(15))], 0)


def test_flags_win(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAMESPACE", "system")
    started, _, _ = run("--lease-namespace", "other", "--lease-duration", "30")
    assert started == [operator.Candidacy("other", "pod-a", Timing(30))]


def test_the_level_of_the_logs_is_said_or_info(run: Any) -> None:
    assert "INFO" in run("--no-lease")[2]
    assert "DEBUG" in run("--no-lease", "--log-level", "debug")[2]
    assert "invalid choice" in run("--no-lease", "--log-level", "loud")[2]


def test_a_single_process_needs_no_lease_if_it_says_so(run: Any) -> None:
    assert run("--no-lease")[:2] == ([None], 0)


def test_a_term_too_short_to_keep_is_refused(run: Any) -> None:
    started, code, said = run("--no-lease", "--lease-duration", "2")
    assert (started, code) == ([], 2)
    assert "3 is the least" in said
