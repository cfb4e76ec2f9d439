"""Whose a host is. One host is never served for two instances, whoever asks in which order.

The first to be given a host keeps it for as long as it names or serves it; that is written down in
its status, which no tenant can write. Where nobody has it yet, the oldest that names it gets it (by
creation time, then uid). Age alone would not do: an old instance could rename itself to the host of
a younger one and take it away (docs/adr/0053).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from appinstance_operator.kube.cache import Cache, Key


class Hosts:
    """Who holds which host. Safe for threads; what it remembers is also in the statuses."""

    def __init__(self, cache: Cache, wake: Callable[[Key], None]) -> None:
        self._cache = cache
        self._wake = wake
        self._lock = threading.Lock()
        self._holders: dict[str, tuple[Key, str]] = {}
        """Host → key and uid of the instance that has it."""
        self._held: dict[Key, set[str]] = {}
        """Instance → the hosts that it has: at each look only its own are gone through."""

    def give(self, host: str, key: Key, uid: str) -> bool:
        """Return whether the host is this instance's, giving it where nobody has it.

        It may go to another one that waits for it, which is woken: nobody else will tell it.
        """
        with self._lock:
            held = self._holders.get(host)
            passes_on = held is None or not self._still_holds(host, *held)
            if held is None or passes_on:
                held = self._rightful(host) or (key, uid)
                self._hold(host, *held)
        if passes_on and held != (key, uid):
            self._wake(held[0])
        return held == (key, uid)

    def keep_only(self, key: Key, host: str | None) -> None:
        """Give back all hosts of an instance but one; who waits for one of them is woken."""
        with self._lock:
            given_back = [name for name in self._held.get(key, ()) if name != host]
            for name in given_back:
                self._let_go(name)
        for name in given_back:
            for claim in self._cache.host_claims(name):
                if claim.key != key:
                    self._wake(claim.key)

    def _hold(self, host: str, key: Key, uid: str) -> None:
        self._let_go(host)
        self._holders[host] = (key, uid)
        self._held.setdefault(key, set()).add(host)

    def _let_go(self, host: str) -> None:
        held = self._holders.pop(host, None)
        if held is None:
            return
        others = self._held[held[0]]
        others.discard(host)
        if not others:
            del self._held[held[0]]

    def _rightful(self, host: str) -> tuple[Key, str] | None:
        """Return who had it when a process before this one ran, else the oldest that names it."""
        claims = self._cache.host_claims(host)
        for claim in claims:
            if given_host(self._cache.instance(claim.key)) == host:
                return claim.key, claim.uid
        return (claims[0].key, claims[0].uid) if claims else None

    def _still_holds(self, host: str, key: Key, uid: str) -> bool:
        return any(claim.key == key and claim.uid == uid for claim in self._cache.host_claims(host))


def given_host(body: Mapping[str, Any] | None) -> str | None:
    """Return the host that an instance was given, by its status; None where it never had one."""
    host = (body or {}).get("status", {}).get("host")
    return str(host) if host else None
