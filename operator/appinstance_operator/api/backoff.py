"""How long to wait after failures in a row."""

from __future__ import annotations

import random

_BASE_SECONDS = 1.0
_MAX_SECONDS = 300.0


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row, with jitter of a quarter."""
    wait = min(_BASE_SECONDS * 2.0 ** min(failures - 1, 16), _MAX_SECONDS)
    return float(wait * random.uniform(0.75, 1.25))  # noqa: S311 - not for secrets
