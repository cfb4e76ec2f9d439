"""The objects of one instance at one moment, each decoded when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from .shelf import Item, Shelf

ChildKey = tuple[str, str]
"""Kind and name of an object that an instance owns."""


class Children(MutableMapping[ChildKey, dict[str, Any]]):
    """Objects by (kind, name). What is set here is known to its holder alone, not to the cache."""

    def __init__(
        self,
        items: Mapping[ChildKey, Item | dict[str, Any]],
        decode: Callable[[Item], dict[str, Any]] | None = None,
    ) -> None:
        self._items: dict[ChildKey, Item | dict[str, Any]] = dict(items)
        self._decode: Callable[[Item], dict[str, Any]] = decode or Shelf().body
        self._decoded: dict[ChildKey, dict[str, Any]] = {}

    def note_fine(self, key: ChildKey, uid: str, digest: str) -> None:
        """Keep that an object as it is holds what the instance of that uid wants (by its hash).

        It is kept with this state of the object, so a newer one has to be compared again.
        """
        item = self._items.get(key)
        if isinstance(item, Item):
            item.fine_for, item.fine_hash = uid, digest

    def fine(self, key: ChildKey, uid: str) -> str | None:
        """Return the hash of what an object was found to hold, None where it was not compared."""
        item = self._items.get(key)
        if isinstance(item, Item):
            return item.fine_hash if item.fine_for == uid else None
        return None

    def __getitem__(self, key: ChildKey) -> dict[str, Any]:
        """Return an object."""
        item = self._items[key]
        if not isinstance(item, Item):
            return item
        body = self._decoded.get(key)
        if body is None:
            body = self._decoded[key] = self._decode(item)
        return body

    def __setitem__(self, key: ChildKey, body: dict[str, Any]) -> None:
        """Take in an object, such as the answer to a write."""
        self._items[key] = body
        self._decoded.pop(key, None)

    def __delitem__(self, key: ChildKey) -> None:
        """Take an object away."""
        del self._items[key]

    def __contains__(self, key: object) -> bool:
        """Return whether there is such an object, without decoding it."""
        return key in self._items

    def __iter__(self) -> Iterator[ChildKey]:
        """Iterate over kinds and names."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._items)
