"""A limit on asking for pictures that are not there, which is what guessing at names looks like.

Each miss costs a question to S3. Counted in this process, whose threads it protects, and for a
moment only: addresses are not kept.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from appinstance_app.client_address import limit_key
from appinstance_app.problems import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 30
SECONDS: Final = 60.0
# More addresses than that in one window share one count: memory stays bounded.
MOST_ADDRESSES: Final = 10_000


class Misses:
    """Misses by address in the current window."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends = 0.0
        self._counts: Counter[str] = Counter()

    def check(self, address: str) -> None:
        """Returns while the address may ask. Raises Problem (429)."""
        left = self._ends - self._clock()
        if left <= 0:
            self._counts.clear()
        elif self._counts[self._key(address)] >= MOST:
            raise Problem(
                429,
                "Too many pictures were asked for that are not there.",
                headers={"Retry-After": str(int(left) + 1)},
                kind=Kind.TOO_MANY,
            )

    def note(self, address: str) -> None:
        """There was no such picture."""
        if self._clock() >= self._ends:
            self._counts.clear()
            self._ends = self._clock() + SECONDS
        self._counts[self._key(address)] += 1

    def _key(self, address: str) -> str:
        key = limit_key(address)
        return key if key in self._counts or len(self._counts) < MOST_ADDRESSES else "others"
