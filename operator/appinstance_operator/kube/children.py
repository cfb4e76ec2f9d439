"""The objects of one instance at one moment, each decoded when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from .objects import version_of
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

    def version(self, key: ChildKey) -> int | None:
        """Return an object's resource version without decoding it, None when it is not there."""
        item = self._items.get(key)
        if item is None:
            return None
        return item.version if isinstance(item, Item) else version_of(item)

    def __getitem__(self, key: ChildKey) -> dict[str, Any]:
        """Return an object."""
        item = self._items[key]
        if isinstance(item, Item):
            item = self._items[key] = self._decode(item)
        return item

    def __setitem__(self, key: ChildKey, body: dict[str, Any]) -> None:
        """Take in an object, such as the answer to a write."""
        self._items[key] = body

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
