"""Whose turn it is at IAM: an order of roles, without threads or a clock of its own.

What somebody waits for comes first, and namespaces take turns at it, so that no tenant stands
before another one with a thousand roles. Looks at what is believed to be fine go at a measured
pace, beside it; one that failed comes before the others, at every second turn, so that neither a
hiccup is told for long nor what always fails holds the others up. No role is in work twice, and
none is in the order twice, so the order is never longer than there are roles.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable

Ident = tuple[tuple[str, str], str]
"""A role: the instance that it is asked for, as namespace and name, and the role's name."""


class Turns:
    """The order of roles that wait for IAM."""

    def __init__(self, looks_per_second: float, max_looks: int) -> None:
        self._pace = 1.0 / looks_per_second
        self._max_looks = max_looks
        self._urgent: dict[str, dict[Ident, None]] = {}
        self._looks: dict[Ident, None] = {}
        self._failed: dict[Ident, None] = {}
        """Looks that have waited for a time: their last try failed."""
        self._failed_next = True
        self._later: list[tuple[float, int, Ident, bool]] = []
        self._due: dict[Ident, int] = {}
        """Which entry of `_later` counts for a role; others there are dropped ones."""
        self._numbers = itertools.count()
        self._busy: dict[str, bool] = {}
        """The names of roles in work, and whether that is a look."""
        self._next_look = -math.inf

    def __len__(self) -> int:
        """Return how many roles wait."""
        looks = len(self._looks) + len(self._failed)
        return sum(map(len, self._urgent.values())) + looks + len(self._due)

    def waits(self, ident: Ident) -> bool:
        """Return whether a role waits for its turn."""
        waiting = (self._due, self._looks, self._failed, self._urgent.get(ident[0][0], {}))
        return any(ident in roles for roles in waiting)

    def put(self, ident: Ident, *, urgent: bool, at: float | None = None) -> None:
        """Let a role wait for its turn, or for the time `at` first; a former wait is over."""
        self.drop(ident)
        if at is not None:
            number = next(self._numbers)
            self._due[ident] = number
            heapq.heappush(self._later, (at, number, ident, urgent))
        else:
            self._enter(ident, urgent, self._looks)

    def _enter(self, ident: Ident, urgent: bool, looks: dict[Ident, None]) -> None:
        waiting = self._urgent.setdefault(ident[0][0], {}) if urgent else looks
        waiting[ident] = None

    def drop(self, ident: Ident) -> None:
        """Take a role out of the order."""
        self._due.pop(ident, None)
        self._looks.pop(ident, None)
        self._failed.pop(ident, None)
        waiting = self._urgent.get(ident[0][0], {})
        waiting.pop(ident, None)
        if not waiting:
            self._urgent.pop(ident[0][0], None)

    def take(self, now: float) -> Ident | None:
        """Return the role whose turn it is; it is in work until `done`."""
        self._arrive(now)
        for namespace, waiting in self._urgent.items():
            ident = self._first_free(waiting)
            if ident is not None:
                self.drop(ident)
                if namespace in self._urgent:  # to the end of the round
                    self._urgent[namespace] = self._urgent.pop(namespace)
                self._busy[ident[1]] = False
                return ident
        if now < self._next_look or sum(self._busy.values()) >= self._max_looks:
            return None
        ident = self._look()
        if ident is not None:
            self.drop(ident)
            self._busy[ident[1]] = True
            self._next_look = now + self._pace
        return ident

    def _look(self) -> Ident | None:
        failed, other = self._first_free(self._failed), self._first_free(self._looks)
        if failed is None or other is None:
            return failed or other
        self._failed_next, now = not self._failed_next, self._failed_next
        return failed if now else other

    def done(self, name: str) -> None:
        """Note that a role is not in work any more."""
        del self._busy[name]

    def delay(self, now: float) -> float | None:
        """Return after how many seconds time alone may bring a turn; None for never."""
        while self._later and self._due.get(self._later[0][2]) != self._later[0][1]:
            heapq.heappop(self._later)
        times = [self._later[0][0]] if self._later else []
        if (self._looks or self._failed) and sum(self._busy.values()) < self._max_looks:
            times.append(self._next_look)
        ahead = [time - now for time in times if time > now]
        return min(ahead, default=None)

    def _arrive(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, number, ident, urgent = heapq.heappop(self._later)
            if self._due.get(ident) == number:
                self.drop(ident)
                self._enter(ident, urgent, self._failed)

    def _first_free(self, waiting: Iterable[Ident]) -> Ident | None:
        return next((ident for ident in waiting if ident[1] not in self._busy), None)
