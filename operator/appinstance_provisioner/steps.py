"""Points between steps, at which a test ends the work as a lost node would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

POINTS: Final = (
    "after-ledger",
    "after-schema",
    "after-users",
    "after-grants",
    "after-password",
    "after-entry",
    "after-issue",
    "after-lock",
    "after-dump",
    "after-dump-noted",
    "after-users-removed",
    "after-entry-removed",
    "after-schema-removed",
)
hook: Callable[[str], None] | None = None
"""What a test has called at each point."""


def point(name: str) -> None:
    """Tell a test, if there is one, how far it has come."""
    if hook is not None:
        hook(name)
