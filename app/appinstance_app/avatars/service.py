"""A person's picture: replaced, removed, delivered.

The order is what keeps the two stores together: first the new object, then the account that points
to it, and only after that commit the old object. Whatever fails in between leaves at worst an
object that nobody points to, never an account that points to nothing.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Final

import structlog

from appinstance_app.media.protocol import MediaUnavailableError
from appinstance_app.problems import FieldError, Problem
from appinstance_app.workers import Bounded, in_thread

from .images import CONTENT_TYPE, Fault, UnusableError, rebuilt

if TYPE_CHECKING:
    from appinstance_app.media.protocol import MediaStore
    from appinstance_app.metrics import Metrics
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import User

USER_ID: Final = re.compile(r"[0-9a-f]{32}")
NAME: Final = re.compile(r"[0-9a-f]{48}")
_WAITING: Final = 16
_log = structlog.get_logger(__name__)

_PROBLEMS: Final = {
    Fault.EMPTY: (422, "The file is empty."),
    Fault.TYPE: (415, "This is no PNG, JPEG or WebP picture, whatever its name says."),
    Fault.MALFORMED: (422, "This file can't be opened as a picture; it may be damaged."),
    Fault.DIMENSIONS: (422, "The picture has too many pixels; it may have at most 25 million."),
    Fault.FRAMES: (422, "The picture has several frames; send a still one."),
}


class AvatarService:
    """Keeps pictures in step with accounts."""

    def __init__(self, store: Store, media: MediaStore, *, metrics: Metrics) -> None:
        self._store = store
        self._media = media
        self._metrics = metrics
        # One at a time: a hostile picture may take 200 MB, and a pod has a limit.
        self._decoder = Bounded("pictures", 1, waiting=_WAITING)

    async def replace(self, user: User, content: bytes) -> User:
        """The account with its new picture. Raises Problem (413, 415, 422, 503)."""
        try:
            picture = await self._decoder.run(rebuilt, content)
        except UnusableError as error:
            status, sentence = _PROBLEMS[error.fault]
            raise Problem(
                status, sentence, errors=[FieldError(field="file", message=sentence)]
            ) from None
        name = secrets.token_hex(24)
        await in_thread(
            self._media.put, object_key(user.id, name), picture, content_type=CONTENT_TYPE
        )
        # Should this fail, the new object stays: a commit whose answer was lost may have happened.
        before = await in_thread(self._store.replace_avatar, user.id, name)
        await self._discard(user.id, before)
        return changed(user, avatar_name=name)

    async def remove(self, user: User) -> None:
        """The account without a picture."""
        before = await in_thread(self._store.replace_avatar, user.id, None)
        await self._discard(user.id, before)

    async def picture(self, user_id: str, name: str) -> bytes | None:
        """The WebP file, or None where there is none of this name."""
        if not USER_ID.fullmatch(user_id) or not NAME.fullmatch(name):
            return None
        return await in_thread(self._media.get, object_key(user_id, name))

    async def _discard(self, user_id: str, name: str | None) -> None:
        """Deletes an object that nobody points to; a failure costs storage, not the request."""
        if name is None:
            return
        try:
            await in_thread(self._media.delete, object_key(user_id, name))
        except MediaUnavailableError as error:
            self._metrics.orphans.inc()
            _log.warning("avatar.orphaned", user=user_id, cause=str(error))


def object_key(user_id: str, name: str) -> str:
    """The key below the instance's prefix: random, so that it can't be guessed, and ours alone."""
    return f"avatars/{user_id}/{name}.webp"
