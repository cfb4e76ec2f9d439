"""One version: every place has it, and `make version` writes all of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.release import version

_NEXT = "97.86.75"
# Where the digits of our version are another thing's, or what was true on a day.
_OTHERS = (
    ".lock.hcl", "go.sum", "go.mod", "uv.lock", "package-lock.json", "CHANGELOG.md", ".tftest.hcl",
    "requirements.txt",
)  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the files that mention the version."""
    token = version.current(REPO)
    words = ["git", "-C", str(REPO), "grep", "-lzIF", token]
    names = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPO / name, tmp_path / name)
    return tmp_path


def test_every_place_has_the_version_of_the_source() -> None:
    assert version.differing(REPO) == []


def test_a_place_that_differs_is_named(tree: Path) -> None:
    chart = tree / "charts/appinstance/Chart.yaml"
    chart.write_text(chart.read_text().replace("appVersion: ", "appVersion: 9"))
    (told,) = version.differing(tree)
    assert told.startswith("charts/appinstance/Chart.yaml has ")


def test_a_version_is_written_to_every_place_and_none_is_left(tree: Path) -> None:
    old = version.mentioned(version.current(tree))
    version.write(tree, _NEXT)
    assert version.current(tree) == _NEXT
    assert version.differing(tree) == []
    left = [
        str(path.relative_to(tree))
        for path in sorted(tree.rglob("*"))
        if path.is_file()
        and not path.name.endswith(_OTHERS)
        and not path.relative_to(tree).as_posix().startswith("docs/adr/")
        and path != tree / "tests/local/release/test_version.py"
        and old.search(path.read_text())
    ]
    assert left == [], "another place of the version: name it in release/version.py"


@pytest.mark.parametrize("wrong", ["", "1.2", "v1.2.3", "1.2.3-rc.1", "01.2.3", "1.2.3\n"])
def test_what_is_no_version_is_refused_and_nothing_written(tree: Path, wrong: str) -> None:
    before = (tree / "uv.lock").read_text()
    with pytest.raises(LocalError, match=r"not a version such as 1\.2\.3"):
        version.write(tree, wrong)
    assert (tree / "uv.lock").read_text() == before


def test_a_version_that_is_not_higher_is_refused(tree: Path) -> None:
    for lower in (version.current(tree), "0.0.9"):
        with pytest.raises(LocalError, match="not higher"):
            version.write(tree, lower)


def test_a_place_that_has_moved_is_said(tree: Path) -> None:
    (tree / "terraform/platform/variables.tf").write_text("")
    with pytest.raises(LocalError, match=r"terraform/platform/variables\.tf has its version 0"):
        version.write(tree, _NEXT)


@pytest.mark.parametrize(
    ("text", "told"),
    [("v1.2.3.", True), ("app-1.2.3", True), ("1.2.3-rc", True), ("10.1.2.3/8", False),
     ("11.2.3", False), ("1.2.34", False), ("1.2.3.4", False)],
)  # fmt: skip
def test_a_mention_is_no_part_of_a_longer_number(text: str, *, told: bool) -> None:
    assert bool(version.mentioned("1.2.3").search(text)) is told
