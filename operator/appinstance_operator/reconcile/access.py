"""How the openings between AppInstances stand, as the status says it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from appinstance_operator.api.access import Access, Agreed, Key, address, words

from .checks import ACCESS, Check


def access_check(said: Access, agreed: Agreed) -> Check | None:
    """Return how they stand; None where the spec names nobody.

    It is no part of being ready: the word of another one would decide about this one.
    """
    if not said.named:
        return None
    called = dict(agreed.called)
    missing = [
        *_missing(said.callers, agreed.callers, "from", "to"),
        *_missing(said.called, called, "to", "from"),
    ]
    if missing:
        return Check(ACCESS, "False", "NotAgreed", f"not open: {'; '.join(missing)}")
    parts = [f"from {words(key)}" for key in agreed.callers]
    parts += [f"to {words(key)} at {address(key, port)}" for key, port in agreed.called]
    return Check(ACCESS, "True", "Agreed", f"open: {', '.join(parts)}")


def _missing(said: Iterable[Key], agreed: Collection[Key], side: str, other: str) -> list[str]:
    return [
        f"access.{side} {words(key)} (it does not name this one under access.{other}, or is not "
        "there)"
        for key in said
        if key not in agreed
    ]


def access_status(agreed: Agreed) -> dict[str, Any] | None:
    """Return what is open, None where nothing is."""
    callers = [{"namespace": namespace, "name": name} for namespace, name in agreed.callers]
    called = [
        {"namespace": key[0], "name": key[1], "url": address(key, port)}
        for key, port in agreed.called
    ]
    found = {"from": callers, "to": called}
    return {side: items for side, items in found.items() if items} or None
