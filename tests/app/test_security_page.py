"""docs/security-app.md: every item of the standard is judged, and what it names is there."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from appinstance_local.paths import REPO

PAGE = (REPO / "docs" / "security-app.md").read_text()
# The numbers and levels of OWASP ASVS 5.0.0, levels 1 and 2; from its own table of requirements.
STANDARD = Path(__file__).with_name("asvs-5.0.0.csv")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.*) \|$", re.MULTILINE)
ROWS = {item: cells.split(" | ") for item, cells in ROW.findall(PAGE)}
HELD = ("yes", "platform")
STATES = (*HELD, "part", "no", "n/a")
_NAMED = re.compile(r"`([\w./*-]+(?:::\w+)?)`")
_SUFFIXES = (".py", ".hcl", ".js", ".conf", ".html", ".csv")


def test_every_item_is_there_once_with_its_level() -> None:
    with STANDARD.open() as file:
        standard = {row["item"]: row["level"] for row in csv.DictReader(file)}
    assert len(standard) == 253
    assert [item for item, _ in ROW.findall(PAGE)] == list(standard)
    assert {item: cells[0] for item, cells in ROWS.items()} == standard


@pytest.mark.parametrize("item", ROWS)
def test_an_item_says_where_and_by_which_test_or_why_not(item: str) -> None:
    _, asks, state, where, *tried = ROWS[item]
    assert state in STATES
    assert len(asks) > 3
    tests = named(tried[0]) if tried else []
    if state in HELD:
        assert tests, "It claims to hold, and no test could tell if it did not."
    if state in ("part", "no", "n/a"):
        assert where.endswith("."), "A sentence says why not."
    for name in tests:
        path, _, test = name.partition("::")
        (file,) = found(path, "tests/")
        assert not test or f"def {test}(" in file.read_text(), name
    for name in named(where):
        if name.endswith(_SUFFIXES) or "/" in name.strip("/"):
            assert found(name, "app/appinstance_app/", "app/frontend/"), name


def named(text: str) -> list[str]:
    """What stands between backticks."""
    return _NAMED.findall(text)


def found(name: str, *below: str) -> list[Path]:
    """The file or folder of that name, from the root or below a folder."""
    path = name.partition("::")[0]
    if path.startswith("/"):  # an address of the API
        return [REPO]
    return [place for start in ("", *below) for place in sorted((REPO / start).glob(path))]


def test_the_search_finds_what_is_not_there() -> None:
    assert found("app/auth/test_tokens.py", "tests/")
    assert not found("app/auth/test_nothing.py", "tests/")
    assert named("`a/b.py`, `c.py::test_d` and `e`") == ["a/b.py", "c.py::test_d", "e"]
