"""Which instances are to be reconciled: each at most once at a time, wake-ups folded together.

As controller-runtime's queue: a wake-up during a reconcile means one more afterwards; failures are
put off with growing back-off, and a wake-up from a change does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

from appinstance_operator.signals.metrics import CONTROLLER, Metrics

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """A queue of keys for one event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._adds = metrics.adds.labels(CONTROLLER)
        self._depth = metrics.depth.labels(CONTROLLER)
        self._waiting: dict[K, None] = {}
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
        else:
            self._waiting[key] = None
            self._news.set()
        self._depth.set(len(self._waiting))

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
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        key = next(iter(self._waiting))
        del self._waiting[key]
        self._active.add(key)
        self._depth.set(len(self._waiting))
        return key

    def done(self, key: K) -> None:
        """Give a key back; if it was woken meanwhile, it is queued again."""
        self._active.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def woken(self, key: K) -> bool:
        """Return whether a key that is being worked on will be queued again; any thread may ask."""
        return key in self._again
