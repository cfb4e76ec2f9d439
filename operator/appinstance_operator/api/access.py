"""Which AppInstances call each other: what one side says, and what both sides say.

An opening is there where the caller names the called one under `access.to` and that one names the
caller under `access.from`, both by namespace and name. It is from backend to backend, on the port
of the called one. Nobody's word opens anything of another's, and none learns of another what that
one has not said: a side that does not agree looks like one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, str]
"""Namespace and name of an AppInstance."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one AppInstance says."""

    callers: tuple[Key, ...] = ()
    """Who may call its backend (`from`)."""
    called: tuple[Key, ...] = ()
    """Whom its backend calls (`to`)."""

    @property
    def named(self) -> frozenset[Key]:
        """Return all that it names."""
        return frozenset((*self.callers, *self.called))


@dataclass(frozen=True, slots=True)
class Agreed:
    """Of what one AppInstance says, that to which the other side agrees."""

    callers: tuple[Key, ...] = ()
    called: tuple[tuple[Key, int], ...] = ()
    """Whom it may call, and on which port."""


NOBODY = Agreed()


def parsed_access(raw: Mapping[str, Any] | None, namespace: str) -> Access:
    """Return what a spec says; who is named without a namespace is of the spec's own."""

    def keys(side: str) -> tuple[Key, ...]:
        items: Iterable[Mapping[str, str]] = (raw or {}).get(side, ())
        return tuple(sorted({(item.get("namespace", namespace), item["name"]) for item in items}))

    return Access(keys("from"), keys("to"))


def open_by_status(status: Mapping[str, Any], said: Access) -> Agreed:
    """Return of what a spec says the openings that a status says are there."""
    found = status.get("access") or {}
    callers = [(item["namespace"], item["name"]) for item in found.get("from", ())]
    called = [
        ((item["namespace"], item["name"]), int(item["url"].rpartition(":")[2]))
        for item in found.get("to", ())
    ]
    return Agreed(
        tuple(key for key in callers if key in said.callers),
        tuple((key, port) for key, port in called if key in said.called),
    )


def address(key: Key, port: int) -> str:
    """Return where a backend answers within the cluster."""
    return f"http://{key[1]}-backend.{key[0]}.svc:{port}"


def words(key: Key) -> str:
    """Return how an AppInstance is named to people."""
    return "/".join(key)
