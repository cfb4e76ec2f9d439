"""The section of a release: cut from what was unreleased, and found again."""

from __future__ import annotations

import pytest

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.release import changelog

_TEXT = """\
# Changelog

Words.

## Unreleased

### Added

- A thing.

## 0.0.7 - 2026-01-02

- The first.
"""


def test_what_was_unreleased_gets_the_version_and_an_empty_section_stands_above() -> None:
    done = changelog.cut(_TEXT, "0.2.0", "2026-11-28")
    assert "## Unreleased\n\n## 0.2.0 - 2026-11-28\n\n### Added\n" in done
    assert changelog.section(done, "0.2.0") == "### Added\n\n- A thing."
    assert changelog.section(done, "Unreleased") == ""
    assert changelog.section(done, "0.0.7") == "- The first."
    assert done.replace("## 0.2.0 - 2026-11-28\n\n", "", 1) == _TEXT


def test_nothing_unreleased_is_refused() -> None:
    with pytest.raises(LocalError, match="says nothing under"):
        changelog.cut(changelog.cut(_TEXT, "0.2.0", "2026-11-28"), "0.3.0", "2026-11-29")


def test_a_version_is_cut_once() -> None:
    with pytest.raises(LocalError, match=r"a section 0\.0\.7 already"):
        changelog.cut(_TEXT, "0.0.7", "2026-11-28")


def test_no_open_section_is_refused() -> None:
    with pytest.raises(LocalError, match="has no section"):
        changelog.cut("# Changelog\n", "0.0.7", "2026-11-28")


def test_the_changelog_of_the_checkout_can_be_cut() -> None:
    done = changelog.cut((REPO / "CHANGELOG.md").read_text(), "97.86.75", "2026-11-28")
    assert changelog.section(done, "97.86.75")
