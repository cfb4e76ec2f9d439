"""What a media store can do. Blocking, like the store of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class MediaUnavailableError(Exception):
    """The media store can't be reached or refuses; trying again later may help."""


class MediaStore(Protocol):
    """Objects by key. Keys are made by `avatars.service`, never from what a client sends."""

    def check(self) -> None:
        """Returns if the place can be used. Raises MediaUnavailableError."""

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        """Keeps an object. Raises MediaUnavailableError."""

    def get(self, key: str) -> bytes | None:
        """The object, or None where there is none. Raises MediaUnavailableError."""

    def delete(self, key: str) -> None:
        """Deletes an object; none being there is fine. Raises MediaUnavailableError."""

    def listed(self) -> Iterator[tuple[str, datetime]]:
        """Every key, and when its object was made. Raises MediaUnavailableError."""
