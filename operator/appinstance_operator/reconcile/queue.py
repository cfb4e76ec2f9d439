"""Which instances are to be reconciled: each at most once at a time, wake-ups folded together.

As controller-runtime's queue: a wake-up during a reconcile means one more afterwards; failures are
put off with growing back-off, and a wake-up from a change does not wait for it.

What runs comes before what is being made: a repair is short and somebody is cut off meanwhile,
while hundreds of new instances take minutes. Now and then one of the others has its turn, too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from appinstance_operator.signals.metrics import CONTROLLER, Metrics

K = TypeVar("K", bound=Hashable)


MOST_IN_A_ROW = 4
"""How many that come first may have their turns while others wait."""


class WorkQueue(Generic[K]):
    """A queue of keys for one event loop. `runs(key)` says who comes first."""

    def __init__(self, metrics: Metrics, runs: Callable[[K], bool] = lambda _key: False) -> None:
        self._runs = runs
        self._in_a_row = 0
        self._adds = metrics.adds.labels(CONTROLLER)
        self._depth = metrics.depth.labels(CONTROLLER)
        self._waited = metrics.waited.labels(CONTROLLER)
        self._since: dict[K, float] = {}
        self._first: dict[K, None] = {}
        self._others: dict[K, None] = {}
        self._active: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._news = asyncio.Event()

    def add(self, key: K) -> None:
        """Ask for a reconcile now."""
        self._adds.inc()
        timer = self._timers.pop(key, None)
        if timer:
            timer.cancel()
        if key in self._active:
            self._again.add(key)
        elif key not in self._first:
            if self._runs(key):
                self._others.pop(key, None)
                self._first[key] = None
            else:
                self._others[key] = None
            self._since.setdefault(key, time.monotonic())
            self._news.set()
        self._show_depth()

    def add_after(self, key: K, seconds: float) -> None:
        """Ask for a reconcile later; a sooner one that is asked for already stays."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer and timer.when() <= loop.time() + seconds:
            return
        if timer:
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self.add, key)

    async def take(self) -> K:
        """Return the next key; it is ours until `done`."""
        while not (self._first or self._others):
            self._news.clear()
            await self._news.wait()
        first = bool(self._first) and not (self._others and self._in_a_row >= MOST_IN_A_ROW)
        self._in_a_row = self._in_a_row + 1 if first else 0
        lane = self._first if first else self._others
        key = next(iter(lane))
        del lane[key]
        self._active.add(key)
        self._waited.observe(time.monotonic() - self._since.pop(key))
        self._show_depth()
        return key

    def _show_depth(self) -> None:
        self._depth.set(len(self._first) + len(self._others))

    def done(self, key: K) -> None:
        """Give a key back; if it was woken meanwhile, it is queued again."""
        self._active.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def woken(self, key: K) -> bool:
        """Return whether a key that is being worked on will be queued again; any thread may ask."""
        return key in self._again
