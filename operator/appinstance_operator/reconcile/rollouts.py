"""How many instances roll at once because the operator or its settings changed.

A new version of the operator may change the pods of every instance. Rolling all of them at the same
moment would take their start-up load and their faults to the whole fleet at once. An instance keeps
its turn until its pods run: a template that does not start stops the fleet after so many.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Rollouts(Generic[K]):
    """Turns, given in the order in which they were asked for. Safe for threads."""

    def __init__(self, most: int, wake: Callable[[K], None]) -> None:
        self._most = most
        self._wake = wake
        self._lock = threading.Lock()
        self._rolling: set[K] = set()
        self._waiting: dict[K, None] = {}

    def enter(self, key: K) -> bool:
        """Return whether it is this one's turn; if not, it is woken when it is."""
        with self._lock:
            if key in self._rolling:
                return True
            first = next(iter(self._waiting), key)
            if len(self._rolling) < self._most and first == key:
                self._waiting.pop(key, None)
                self._rolling.add(key)
                return True
            self._waiting[key] = None
            return False

    def leave(self, key: K) -> None:
        """Give a turn back, or stop waiting for one; the next in line is woken."""
        with self._lock:
            known = key in self._rolling or key in self._waiting
            self._rolling.discard(key)
            self._waiting.pop(key, None)
            free = self._most - len(self._rolling)
            following = list(self._waiting)[: max(free, 0)] if known else []
        for other in following:
            self._wake(other)

    @property
    def waiting(self) -> int:
        """Return how many wait for their turn."""
        return len(self._waiting)
