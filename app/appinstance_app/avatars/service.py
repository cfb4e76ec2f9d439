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

from appinstance_app.auth.tokens import utc_now
from appinstance_app.media.protocol import MediaUnavailableError
from appinstance_app.problems import FieldError, Problem
from appinstance_app.workers import Bounded, Busy, in_thread

from .images import CONTENT_TYPE, Fault, UnusableError, rebuilt
from .misses import Misses

if TYPE_CHECKING:
    from typing import BinaryIO

    from appinstance_app.auth.limits import Limit, RateLimits
    from appinstance_app.media.cloudfront import SignedUrls
    from appinstance_app.media.protocol import MediaStore
    from appinstance_app.metrics import Metrics
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import User

USER_ID: Final = re.compile(r"[0-9a-f]{32}")
NAME: Final = re.compile(r"[0-9a-f]{48}")
_WAITING: Final = 16
_DECODING_SECONDS: Final = 30.0
_READS: Final = 8
_READ_SECONDS: Final = 5.0
_WRITES: Final = 4
_WRITE_SECONDS: Final = 15.0
_log = structlog.get_logger(__name__)

_PROBLEMS: Final = {
    Fault.EMPTY: (422, "The file is empty."),
    Fault.TYPE: (415, "This is no PNG, JPEG or WebP picture, whatever its name says."),
    Fault.MALFORMED: (422, "This file can't be opened as a picture; it may be damaged."),
    Fault.DIMENSIONS: (422, "The picture has too many pixels; it may have at most 25 million."),
    Fault.FRAMES: (422, "The picture has several frames; send a still one."),
    Fault.COSTLY: (422, "The picture takes too much memory or time to open; send a simpler one."),
}


class AvatarService:
    """Keeps pictures in step with accounts."""

    def __init__(
        self,
        store: Store,
        media: MediaStore,
        *,
        limits: RateLimits,
        per_user: Limit,
        signed: SignedUrls | None = None,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._media = media
        self._limits = limits
        self._per_user = per_user
        self._signed = signed
        self._metrics = metrics
        self._misses = Misses()
        # One at a time: a hostile picture takes what its process may have, and a pod has a limit.
        self._decoder = Bounded("decoding", 1, waiting=_WAITING, seconds=_DECODING_SECONDS)
        # Apart: anybody may read, and a flood of readers must not keep people from changing theirs.
        self._reads = Bounded("media reads", _READS, waiting=8 * _READS, seconds=_READ_SECONDS)
        self._writes = Bounded("media writes", _WRITES, waiting=8 * _WRITES, seconds=_WRITE_SECONDS)

    async def count_upload(self, user: User) -> None:
        """Counts an upload of this person, before its body is read. Raises Problem (429)."""
        await self._limits.count(self._per_user, user.id, utc_now())

    async def replace(self, user: User, file: BinaryIO) -> User:
        """The account with its new picture. Raises Busy, and Problem (415, 422)."""
        try:
            # Read there: of all pictures in line, one at a time is in memory.
            picture = await self._decoder.run(lambda: rebuilt(file.read()))
        except UnusableError as error:
            status, sentence = _PROBLEMS[error.fault]
            raise Problem(
                status, sentence, errors=[FieldError(field="file", message=sentence)]
            ) from None
        name = secrets.token_hex(24)
        await self._writes.run(
            self._media.put, object_key(user.id, name), picture, content_type=CONTENT_TYPE
        )
        # Should this fail, the new object stays: a commit whose answer was lost may have happened.
        before = await in_thread(self._store.replace_avatar, user.id, name)
        await self.discard(user.id, before)
        return changed(user, avatar_name=name)

    async def remove(self, user: User) -> None:
        """The account without a picture."""
        before = await in_thread(self._store.replace_avatar, user.id, None)
        await self.discard(user.id, before)

    def address(self, user: User) -> str | None:
        """Where a browser gets the picture: signed for CloudFront, or here; None without one."""
        if user.avatar_name is None:
            return None
        if self._signed:
            return self._signed.url(object_key(user.id, user.avatar_name))
        return f"/api/v1/avatars/{user.id}/{user.avatar_name}.webp"

    async def picture(self, user_id: str, name: str, *, address: str) -> bytes | None:
        """The WebP file, or None where it is nobody's picture now. Raises Busy, Problem (429).

        The account is asked, and not the bucket alone: what was removed is not shown again because
        its object could not be deleted.
        """
        if not USER_ID.fullmatch(user_id) or not NAME.fullmatch(name):
            return None
        self._misses.check(address)
        owner = await in_thread(self._store.user, user_id)
        content = None
        if owner and owner.avatar_name == name:
            content = await self._reads.run(self._media.get, object_key(user_id, name))
        if content is None:
            self._misses.note(address)
        return content

    async def discard(self, user_id: str, name: str | None) -> None:
        """Deletes an object that nobody points to; a failure costs storage, not the request."""
        if name is None:
            return
        try:
            await self._writes.run(self._media.delete, object_key(user_id, name))
        except (MediaUnavailableError, Busy) as error:
            self._metrics.orphans.inc()
            _log.warning("avatar.orphaned", user=user_id, cause=str(error))


def object_key(user_id: str, name: str) -> str:
    """The key below the instance's prefix: random, so that it can't be guessed, and ours alone."""
    return f"avatars/{user_id}/{name}.webp"
