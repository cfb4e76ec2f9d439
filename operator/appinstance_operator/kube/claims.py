"""Who claims a host: the AppInstances that name it, and those whose Ingress still serves it.

Not safe for threads by itself; the cache has the lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, str]
"""Namespace and name of an AppInstance."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One AppInstance's claim to a host."""

    created: str
    uid: str
    key: Key
    serving: bool = False
    """Whether an Ingress of its own serves the host."""


@dataclass(frozen=True, slots=True)
class _Named:
    created: str
    uid: str
    hosts: tuple[str, ...]


class Claims:
    """An index of claims by host."""

    def __init__(self) -> None:
        self._instances: dict[Key, _Named] = {}
        self._ingresses: dict[tuple[Key, str], tuple[str, tuple[str, ...]]] = {}
        """Ingress → uid of its owner, and the hosts that it serves."""
        self._by_host: defaultdict[str, dict[Key, int]] = defaultdict(dict)
        """Host → who names or serves it, and in how many ways."""

    def of(self, host: str) -> list[Claim]:
        """Return the claims to a host; the first one holds it.

        Who serves it comes before who merely names it, so that an old AppInstance takes nothing
        from a newer one by changing its host; among equals the older one comes first.
        """
        host = host.lower()
        found = []
        for key in self._by_host.get(host, ()):
            named = self._instances.get(key)
            if named is None:
                continue  # gone, and its Ingress soon will be
            serving = self._serves(key, named.uid, host)
            if serving or host in named.hosts:
                found.append(Claim(named.created, named.uid, key, serving))
        return sorted(found, key=lambda item: (not item.serving, item.created, item.uid))

    def put_instance(self, key: Key, body: Mapping[str, Any]) -> set[Key]:
        """Take in whom an AppInstance is and what it names; return whom it made way for."""
        meta, spec = body["metadata"], body.get("spec") or {}
        hosts = (spec.get("host") or "", *(spec.get("hosts") or ()))
        lower = tuple(dict.fromkeys(str(host).lower() for host in hosts))
        named = _Named(meta.get("creationTimestamp") or "", meta.get("uid") or "", lower)
        before = self._instances.get(key)
        if before == named:
            return set()
        self._instances[key] = named
        self._count(key, lower, 1)
        return self._leave(key, before.hosts) if before else set()

    def drop_instance(self, key: Key) -> set[Key]:
        """Forget an AppInstance; return whom it made way for."""
        before = self._instances.pop(key, None)
        if before is None:
            return set()
        _, served = self._ingresses.get((key, key[1]), ("", ()))
        rivals = {rival for host in served for rival in self._by_host.get(host, ())}
        return (rivals | self._leave(key, before.hosts)) - {key}

    def put_ingress(self, key: Key, body: Mapping[str, Any]) -> set[Key]:
        """Take in what an Ingress serves; return whom it made way for."""
        meta = body["metadata"]
        owners = meta.get("ownerReferences") or ()
        uid = next((item.get("uid", "") for item in owners if item.get("name") == key[1]), "")
        rules = (body.get("spec") or {}).get("rules") or ()
        hosts = tuple(str(rule["host"]).lower() for rule in rules if rule.get("host"))
        before = self._ingresses.get((key, meta["name"]))
        if before == (uid, hosts):
            return set()
        self._ingresses[key, meta["name"]] = (uid, hosts)
        self._count(key, hosts, 1)
        return self._leave(key, before[1]) if before else set()

    def drop_ingress(self, key: Key, name: str) -> set[Key]:
        """Forget an Ingress; return whom it made way for."""
        before = self._ingresses.pop((key, name), None)
        return self._leave(key, before[1]) if before else set()

    def _serves(self, key: Key, uid: str, host: str) -> bool:
        # An instance has one Ingress, of its own name; what else may be there is about to go.
        served = self._ingresses.get((key, key[1]))
        return served is not None and served[0] == uid and host in served[1]

    def _count(self, key: Key, hosts: Iterable[str], step: int) -> None:
        for host in hosts:
            ways = self._by_host[host]
            ways[key] = ways.get(key, 0) + step
            if ways[key] <= 0:
                del ways[key]
            if not ways:
                del self._by_host[host]

    def _leave(self, key: Key, hosts: tuple[str, ...]) -> set[Key]:
        self._count(key, hosts, -1)
        return {rival for host in hosts for rival in self._by_host.get(host, ())} - {key}
