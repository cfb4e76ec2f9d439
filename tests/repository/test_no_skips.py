"""A skip is a failure under CI, and a skip on a person's machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appinstance_local.paths import REPO

_ONE = """\
import pytest

def test_runs(): pass

@pytest.mark.skip(reason="by a mark")
def test_marked(): pass

def test_inside(): pytest.skip("from inside")

@pytest.fixture
def broken(): pytest.skip("from a fixture")

def test_fixture(broken): pass

@pytest.mark.xfail
def test_expected(): assert False
"""
_WHOLE = 'import pytest\npytest.skip("the whole file", allow_module_level=True)\n'


def _run(folder: Path, ci: str) -> str:
    env = {**os.environ, "CI": ci, "PYTHONPATH": str(REPO / "tests")}
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "support.no_skips",
        "-p",
        "no:cacheprovider",
    ]
    told = subprocess.run(
        [*words, "--rootdir", str(folder), str(folder)],
        capture_output=True, text=True, check=False, env=env, cwd=folder,
    )  # fmt: skip
    return told.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with tests of each kind of skip."""
    (tmp_path / "test_one.py").write_text(_ONE)
    return tmp_path


def test_under_ci_each_kind_of_skip_fails_with_its_reason(folder: Path) -> None:
    said = _run(folder, "true")
    assert "1 failed, 1 passed, 1 xfailed, 2 errors" in said
    for reason in ("by a mark", "from inside", "from a fixture"):
        assert f"under CI nothing is skipped: Skipped: {reason}" in said


def test_under_ci_a_file_that_skips_itself_fails(tmp_path: Path) -> None:
    (tmp_path / "test_whole.py").write_text(_WHOLE)
    said = _run(tmp_path, "true")
    assert "under CI nothing is skipped: Skipped: the whole file" in said
    assert "1 error" in said


def test_elsewhere_a_skip_is_one(folder: Path) -> None:
    assert "1 passed, 3 skipped, 1 xfailed" in _run(folder, "")
