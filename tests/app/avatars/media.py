"""A media store in memory, and what the tests of pictures send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.avatars.hostile import drawn, saved

from appinstance_app.media.protocol import MediaUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

AVATAR = "/api/v1/users/me/avatar"
FILES = {"file": ("a.png", saved(drawn(), "PNG"), "image/png")}


class Media:
    """A media store in memory that notes what it is asked and can fail."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.failing: set[str] = set()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call in self.failing:
            raise MediaUnavailableError("planted failure")

    def check(self) -> None:
        self._note("check")

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self._note("put")
        assert content_type == "image/webp"
        self.objects[key] = content

    def get(self, key: str) -> bytes | None:
        self._note("get")
        return self.objects.get(key)

    def delete(self, key: str) -> None:
        self._note("delete")
        self.objects.pop(key, None)

    def listed(self) -> Iterator[tuple[str, datetime]]:
        raise NotImplementedError


async def until(condition: Callable[[], bool]) -> None:
    """What is done behind an answer has been done."""
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 it looks at threads, too
            await asyncio.sleep(0.01)
