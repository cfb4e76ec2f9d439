"""Which AppInstances say of each other that one calls the other (api/access.py has the rule).

Not safe for threads by itself; the cache has the lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.access import NOBODY, Access, Agreed, parsed_access
from appinstance_operator.api.probes import BACKEND_PORT

from .claims import Key


@dataclass(frozen=True, slots=True)
class _Said:
    access: Access
    port: int


class Agreements:
    """What each AppInstance says; those that name nobody are not kept."""

    def __init__(self) -> None:
        self._said: dict[Key, _Said] = {}

    def put_instance(self, key: Key, body: Mapping[str, Any]) -> set[Key]:
        """Take in what an AppInstance says now; return for whom that makes a difference."""
        return self._take(key, _said(body))

    def drop_instance(self, key: Key) -> set[Key]:
        """Forget an AppInstance; return for whom that makes a difference."""
        return self._take(key, None)

    def of(self, key: Key) -> Agreed:
        """Return what one says and the other side says, too."""
        said = self._said.get(key)
        if said is None:
            return NOBODY
        callers = [other for other in said.access.callers if key in self._called_by(other)]
        called = [
            (other, self._said[other].port)
            for other in said.access.called
            if other in self._said and key in self._said[other].access.callers
        ]
        return Agreed(tuple(callers), tuple(called))

    def _called_by(self, key: Key) -> tuple[Key, ...]:
        said = self._said.get(key)
        return said.access.called if said else ()

    def _take(self, key: Key, said: _Said | None) -> set[Key]:
        before = self._said.get(key)
        if said == before:
            return set()
        if said is None:
            del self._said[key]
        else:
            self._said[key] = said
        named = {other for side in (before, said) if side for other in side.access.named}
        # Whoever does not name it is none the wiser: nobody wakes others by naming them.
        return {
            other
            for other in named
            if other in self._said and key in self._said[other].access.named
        }


def _said(body: Mapping[str, Any]) -> _Said | None:
    """Return what an AppInstance says; one that is on its way out says nothing any more."""
    meta, spec = body["metadata"], body.get("spec") or {}
    if meta.get("deletionTimestamp") or not spec.get("access"):
        return None
    try:
        access = parsed_access(spec["access"], meta["namespace"])
        port = int(spec["backend"].get("port", BACKEND_PORT))
    except (KeyError, TypeError, AttributeError, ValueError):
        return None  # its own look says what is wrong with it
    return _Said(access, port) if access.named else None
