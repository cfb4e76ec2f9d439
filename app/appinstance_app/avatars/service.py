"""A person's picture: replaced, removed, delivered.

The order is what keeps the two stores together: first a note that there may be a new object, then
the object, then the account that points to it, in one transaction with the note that the old object
is to go (`outbox`). Whatever fails in between leaves an object that is on the list of those to be
deleted, never an account that points to nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Final

from appinstance_app.auth.tokens import utc_now
from appinstance_app.problems import FieldError, Problem
from appinstance_app.workers import Bounded, Busy, in_thread

from .images import CONTENT_TYPE, Fault, UnusableError, rebuilt
from .misses import Misses
from .outbox import UNFINISHED_FOR, named, object_key

if TYPE_CHECKING:
    from typing import BinaryIO

    from appinstance_app.auth.limits import Limit, RateLimits
    from appinstance_app.media.cloudfront import SignedUrls
    from appinstance_app.media.protocol import MediaStore
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import User

    from .outbox import Outbox

_WAITING: Final = 16
_DECODING_SECONDS: Final = 30.0
_READS: Final = 8
_READ_SECONDS: Final = 5.0
_WRITES: Final = 4
_WRITE_SECONDS: Final = 15.0
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
        outbox: Outbox,
    ) -> None:
        self._store = store
        self._media = media
        self._limits = limits
        self._per_user = per_user
        self._signed = signed
        self._outbox = outbox
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
        await in_thread(
            self._store.announce_picture, user.id, name, due_at=utc_now() + UNFINISHED_FOR
        )
        await self._writes.run(
            self._media.put, object_key(user.id, name), picture, content_type=CONTENT_TYPE
        )
        # Should this fail, the note decides: a commit whose answer was lost has taken it away.
        if not await in_thread(self._store.replace_avatar, user.id, name, now=utc_now()):
            # The account is gone, or all this took so long that the object counts as left behind.
            await in_thread(self._store.announce_picture, user.id, name, due_at=utc_now())
            raise Busy("pictures", "not kept in time")
        self._outbox.wake()
        return changed(user, avatar_name=name)

    async def remove(self, user: User) -> None:
        """The account without a picture."""
        await in_thread(self._store.replace_avatar, user.id, None, now=utc_now())
        self._outbox.wake()

    def address(self, user: User) -> str | None:
        """Where a browser gets the picture: signed for CloudFront, or here; None without one."""
        if user.avatar_name is None:
            return None
        if self._signed:
            return self._signed.url(object_key(user.id, user.avatar_name))
        return f"/api/v1/avatars/{user.id}/{user.avatar_name}.webp"

    async def is_shown(self, user_id: str, name: str, *, address: str) -> bool:
        """Whether it is the account's picture now. Raises Busy, Problem (429).

        The account is asked, and not the bucket alone: what was removed is not shown again because
        its object could not be deleted.
        """
        if named(object_key(user_id, name)) is None:
            return False
        self._misses.check(address)
        owner = await in_thread(self._store.user, user_id)
        if owner is None or owner.avatar_name != name:
            self._misses.note(address)
            return False
        return True

    async def picture(self, user_id: str, name: str, *, address: str) -> bytes | None:
        """The WebP file of a picture that `is_shown`, None where it is not there. Raises Busy."""
        content = await self._reads.run(self._media.get, object_key(user_id, name))
        if content is None:
            self._misses.note(address)
        return content
