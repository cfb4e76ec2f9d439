"""The section of CHANGELOG.md that a release gets, and its notes."""

from __future__ import annotations

import re

from appinstance_local.errors import LocalError

_OPEN = "## Unreleased"
_HEADING = re.compile(r"^## (?P<name>\S+)(?: - \d{4}-\d{2}-\d{2})?$", re.MULTILINE)


def cut(text: str, version: str, day: str) -> str:
    """Return the changelog with what was unreleased under the version, and an empty section above.

    LocalError where nothing is unreleased, or the version has a section already.
    """
    if section(text, version) is not None:
        raise LocalError(f"CHANGELOG.md has a section {version} already; take the next version")
    open_section = section(text, "Unreleased")
    if open_section is None:
        raise LocalError(f"CHANGELOG.md has no section `{_OPEN}`; write what changed under one")
    if not open_section:
        raise LocalError(f"CHANGELOG.md says nothing under `{_OPEN}`; write what changed first")
    return text.replace(f"{_OPEN}\n", f"{_OPEN}\n\n## {version} - {day}\n", 1)


def section(text: str, name: str) -> str | None:
    """Return what stands under a section's heading, None where there is no such section."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    for heading, end in zip(headings, ends, strict=False):
        if heading["name"] == name:
            return text[heading.end() : end].strip()
    return None
