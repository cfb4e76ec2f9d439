"""How many instances roll at once because the operator or its settings changed.

A new version of the operator may change the pods of every instance. Rolling all of them at the same
moment would take their start-up load and their faults to the whole fleet at once. An instance keeps
its turn until its pods run: a template that does not start stops the fleet after so many. But what
one tenant runs must not stop it for the others, so a group never has more than half of the turns.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from appinstance_operator.kube.cache import Cache, Key

from .bodies import is_rolling

K = TypeVar("K", bound=Hashable)


class Rollouts(Generic[K]):
    """Turns, given in the order in which they were asked for. Safe for threads.

    `under_way()` is asked once, before the first turn: who rolls already, which a process before
    this one let begin. They count until they are done, or will not be (`give_up`).
    """

    def __init__(
        self,
        most: int,
        wake: Callable[[K], None],
        group: Callable[[K], Hashable] = lambda key: key,
        under_way: Callable[[], Iterable[K]] = tuple,
    ) -> None:
        self._most = most
        self._most_of_a_group = max(1, most // 2)
        self._wake = wake
        self._group = group
        self._under_way: Callable[[], Iterable[K]] | None = under_way
        self._lock = threading.Lock()
        self._rolling: set[K] = set()
        self._before: set[K] = set()
        """Of these, the ones that began before this process."""
        self._waiting: dict[K, None] = {}

    def enter(self, key: K) -> bool:
        """Return whether it is this one's turn; if not, it is woken when it is."""
        with self._lock:
            if self._under_way:
                self._before = self._most_of_each(self._under_way())
                self._rolling |= self._before
                self._under_way = None
            if key in self._rolling:
                return True
            self._waiting.setdefault(key)
            if key not in self._following():
                return False
            del self._waiting[key]
            self._rolling.add(key)
            return True

    def leave(self, key: K) -> None:
        """Give a turn back, or stop waiting for one; who follows is woken."""
        with self._lock:
            known = key in self._rolling or key in self._waiting
            self._rolling.discard(key)
            self._before.discard(key)
            self._waiting.pop(key, None)
            following = self._following() if known else []
        for other in following:
            self._wake(other)

    def withdraw(self, key: K) -> bool:
        """Stop waiting for a turn; return whether it has one, which it keeps.

        Whoever waits and would not take its turn holds up all those behind it.
        """
        with self._lock:
            holds = key in self._rolling
            waited = key in self._waiting
            self._waiting.pop(key, None)
            following = self._following() if waited else []
        for other in following:
            self._wake(other)
        return holds

    def give_up(self, key: K) -> None:
        """Count one no longer that began before this process and does not come to its end.

        It may have been its own change; one that was given its turn here keeps it.
        """
        with self._lock:
            began_before = key in self._before
        if began_before:
            self.leave(key)

    def _most_of_each(self, keys: Iterable[K]) -> set[K]:
        """Return of each group no more than it may have: what else rolls, rolls of its own."""
        counted, chosen = Counter[Hashable](), set[K]()
        for key in keys:
            counted[self._group(key)] += 1
            if counted[self._group(key)] <= self._most_of_a_group:
                chosen.add(key)
        return chosen

    def _following(self) -> list[K]:
        """Return whose turn it is now, in order."""
        free = self._most - len(self._rolling)
        if free <= 0:
            return []
        held = Counter(map(self._group, self._rolling))
        following = list[K]()
        for key in self._waiting:
            group = self._group(key)
            if held[group] < self._most_of_a_group:
                held[group] += 1
                following.append(key)
                if len(following) == free:
                    break
        return following

    @property
    def waiting(self) -> int:
        """Return how many wait for their turn."""
        return len(self._waiting)


def under_way(cache: Cache) -> set[Key]:
    """Return the instances whose pods are being replaced; first pods of all replace none."""
    found = set()
    keys = cache.keys()
    for key in keys:
        if not (cache.instance(key) or {}).get("status", {}).get("images"):
            continue
        children = cache.children(key)
        deployments = (children[item] for item in children if item[0] == "Deployment")
        if any(map(is_rolling, deployments)):
            found.add(key)
    return found
