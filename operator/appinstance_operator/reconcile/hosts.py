"""Whose a host is. One host is never served for two instances, whoever asks in which order.

The first to be given a host keeps it for as long as it names or serves it; that is written down in
its status, which no tenant can write. Where nobody has it yet, the oldest that names it gets it (by
creation time, then uid). Age alone would not do: an old instance could rename itself to the host of
a younger one and take it away (docs/adr/0015).
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from appinstance_operator.api.errors import HostTaken
from appinstance_operator.api.spec import AppInstance
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

    def given(
        self, instance: AppInstance, body: Mapping[str, Any]
    ) -> tuple[AppInstance, HostTaken | None]:
        """Return the instance under the hosts that it has, and why not under all that it names.

        One that has a first host already goes on with it while the new one is somebody else's; of
        the further ones it serves those that it has. Raises HostTaken where it has no first host.
        """
        key, uid = (instance.namespace, instance.name), str(instance.uid)
        first, taken = instance.host, list[str]()
        if not self.give(first, key, uid):
            taken.append(first)
            former = given_host(body)
            if former is None or former == first or not self.give(former, key, uid):
                raise _taken(taken)
            first = former
        taken += [host for host in instance.hosts if not self.give(host, key, uid)]
        if not taken:
            return instance, None
        further = tuple(host for host in instance.hosts if host != first and host not in taken)
        return dataclasses.replace(instance, host=first, hosts=further), _taken(taken)

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

    def keep_only(self, key: Key, hosts: Collection[str]) -> None:
        """Give back all hosts of an instance but some; who waits for one of them is woken."""
        with self._lock:
            given_back = [name for name in self._held.get(key, ()) if name not in hosts]
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
            if host in given_hosts(self._cache.instance(claim.key)):
                return claim.key, claim.uid
        return (claims[0].key, claims[0].uid) if claims else None

    def _still_holds(self, host: str, key: Key, uid: str) -> bool:
        return any(claim.key == key and claim.uid == uid for claim in self._cache.host_claims(host))


def given_host(body: Mapping[str, Any] | None) -> str | None:
    """Return the host that an instance was given, by its status; None where it never had one."""
    host = (body or {}).get("status", {}).get("host")
    return str(host) if host else None


def given_hosts(body: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return all hosts that an instance was given, by its status."""
    first, status = given_host(body), (body or {}).get("status", {})
    return (*((first,) if first else ()), *(status.get("hosts") or ()))


def _taken(hosts: Collection[str]) -> HostTaken:
    return HostTaken("; ".join(f"host {host} is taken; choose another one" for host in hosts))
