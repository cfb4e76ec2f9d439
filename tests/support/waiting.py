"""Waiting for a condition, never for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
WAIT_SECONDS = 120.0
"""Long: what is waited for comes, unless it is broken, and machines are busy."""


def wait_for(
    what: str,
    look: Callable[[], T | None],
    seconds: float = WAIT_SECONDS,
    *,
    pause: float = 0.1,
    passing: tuple[type[Exception], ...] = (),
) -> T:
    """Return the first true answer of `look`; fail with `what` was waited for.

    An exception that is `passing` counts as no answer yet.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = look()
        except passing:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for: {what}"
        time.sleep(pause)
