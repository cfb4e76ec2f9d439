"""The index of the decision records."""

from __future__ import annotations

import re

from .markdown import HEAD, cell, page, table
from .places import DOCS

_TITLE = re.compile(r"^# (\d{4}) (.+)$", re.MULTILINE)
_STATUS = re.compile(r"^(?:\*\*)?Status:?(?:\*\*)?:?\s*(.+)$", re.MULTILINE | re.IGNORECASE)


def records() -> list[tuple[str, str, str, str]]:
    """Return number, file, title and status of each record, in order."""
    found = []
    for path in sorted((DOCS / "adr").glob("[0-9]*.md")):
        text = path.read_text()
        title, status = _TITLE.search(text), _STATUS.search(text)
        if title is None:
            raise SystemExit(f"docs/adr/{path.name}: begin it with `# {path.name[:4]} Title`")
        found.append((title[1], path.name, title[2], status[1].rstrip(".") if status else ""))
    return found


def index_page() -> str:
    """All decision records."""
    rows = [
        (f"[{number}]({file})", cell(title), cell(status))
        for number, file, title, status in records()
    ]
    return page(
        "# Decisions",
        HEAD,
        "A decision that a later reader would question has a record. They are numbered in a row, and a number is used once: "
        "the next one takes the next number, also where an older one no longer holds (its status says so). Commits until "
        "2026-11-29 speak of numbers with gaps, in the same order.",
        table(("number", "decision", "status"), rows),
    )
