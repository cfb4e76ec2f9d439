"""Objects kept small: those of late as they are, all others packed.

A decoded object takes five times the memory of its JSON, and of one kind all look alike: packed by
a dictionary of their like, they take less than a tenth of that (docs/performance.md). So the last
that were put or looked at stay decoded, and what falls behind is packed. Not safe for threads by
itself; the cache has the lock.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import Any

import msgspec

from .objects import version_of

Body = dict[str, Any]

RECENT = 400
# zlib looks back no further than 32 KiB; more would be of no use.
_MOST_WORDS = 16 * 1024
# What is packed to less than this part of its size has found its like in the dictionary.
_ALIKE = 0.25
_LEVEL = 1
# 16 KiB of window and a small hash table: as good for objects of a few KiB, and quicker to set up.
_WINDOW, _MEMORY = -14, 6


class Item(msgspec.Struct, eq=False, gc=False):
    """One object. What is asked of it most often needs no unpacking."""

    uid: str
    version: int
    body: Body | None
    packed: bytes = b""
    words: bytes = b""
    """The dictionary by which it is packed."""
    fine_for: str = ""
    """The uid of the instance in whose eyes nothing differed, and the hash of what it wanted."""
    fine_hash: str = ""


class Shelf:
    """Packs and unpacks objects; `recent` of them stay decoded."""

    def __init__(self, recent: int = RECENT) -> None:
        self._recent = recent
        self._decoded: OrderedDict[Item, None] = OrderedDict()
        self._words: dict[str, bytes] = {}

    def put(self, body: Body) -> Item:
        """Return the item of an object, which nobody may change any more."""
        meta = body["metadata"]
        item = Item(meta.get("uid") or "", version_of(body), body)
        self._remember(item)
        return item

    def body(self, item: Item) -> Body:
        """Return the object of an item."""
        if item.body is None:
            unpacking = zlib.decompressobj(_WINDOW, item.words)
            item.body = msgspec.json.decode(unpacking.decompress(item.packed))
        self._remember(item)
        return item.body

    def forget(self, item: Item) -> None:
        """Let go of an item that was replaced or dropped; who still has it may look at it."""
        self._decoded.pop(item, None)

    def _remember(self, item: Item) -> None:
        self._decoded[item] = None
        self._decoded.move_to_end(item)
        while len(self._decoded) > self._recent:
            self._pack(self._decoded.popitem(last=False)[0])

    def _pack(self, item: Item) -> None:
        if item.body is None:
            return
        if not item.packed:
            kind = str(item.body.get("kind", ""))
            words = self._words.get(kind, b"")
            text = msgspec.json.encode(item.body)
            packing = zlib.compressobj(
                _LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, words
            )
            item.packed = packing.compress(text) + packing.flush()
            item.words = words
            if len(item.packed) > len(text) * _ALIKE and len(words) + len(text) <= _MOST_WORDS:
                self._words[kind] = words + text
        item.body = None
