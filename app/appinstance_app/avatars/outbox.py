"""Deletes the objects of old pictures, on every replica, one after the other, until they are gone.

What is to go is in the store (`protocol.Pictures`), so nothing is forgotten when a process ends or
S3 does not answer: it is tried again, at once after a change here, and now and then. No request
waits for it.
"""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from appinstance_app.media.protocol import MediaUnavailableError
from appinstance_app.store.protocol import StoreUnavailableError
from appinstance_app.workers import Bounded, Busy, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from appinstance_app.media.protocol import MediaStore
    from appinstance_app.metrics import Metrics
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Leftovers, OldPicture

PAUSE_SECONDS: Final = 60.0
AGAIN_AFTER: Final = timedelta(minutes=5)
# Longer than all that lies between the object and the account may take together.
UNFINISHED_FOR: Final = timedelta(minutes=15)
# After so many failures in a row it is S3 that is away, and not one object that can't be deleted.
_MOST_FAILURES: Final = 3
_SECONDS: Final = 15.0
_KEY: Final = re.compile(r"avatars/(?P<user>[0-9a-f]{32})/(?P<name>[0-9a-f]{48})\.webp")
_log = structlog.get_logger(__name__)


class Outbox:
    """The list of old pictures, emptied."""

    def __init__(
        self,
        store: Store,
        media: MediaStore,
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._store = store
        self._media = media
        self._clock = clock
        self._metrics = metrics
        self._pause_seconds = pause_seconds
        self._thread = Bounded("old pictures", 1, waiting=0, seconds=_SECONDS)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something has come onto the list."""
        self._woken.set()

    async def keep_empty(self) -> None:
        """Runs until it is cancelled. The pause varies, so that replicas do not work in step."""
        while True:
            try:
                await self.swept()
            except (StoreUnavailableError, Busy) as error:
                _log.warning("pictures.failed", cause=str(error))
            except Exception:  # noqa: BLE001 without a next round nothing would be deleted again
                _log.exception("pictures.failed")
            pause = self._pause_seconds * random.uniform(0.5, 1.5)  # noqa: S311 no secret
            # Not `wait_for`: that of Python 3.11 loses a cancellation that comes with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            self._woken.clear()

    async def swept(self) -> Leftovers:
        """Deletes what is due, and says what is left. Raises StoreUnavailableError, Busy."""
        gone = failed = 0
        while failed < _MOST_FAILURES:
            now = self._clock()
            old = await in_thread(
                self._store.claim_old_picture, now=now, again_at=now + AGAIN_AFTER
            )
            if old is None:
                break
            if await self._deleted(old):
                gone, failed = gone + 1, 0
            else:
                failed += 1
        now = self._clock()
        left = await in_thread(self._store.old_pictures, now=now)
        age = (now - left.since).total_seconds() if left.since else 0.0
        self._metrics.old_pictures.set(left.count)
        self._metrics.old_pictures_age.set(age)
        if gone or left.count:
            told = _log.warning if left.count else _log.info
            told("pictures.swept", gone=gone, left=left.count, oldest_seconds=round(age))
        return left

    async def _deleted(self, old: OldPicture) -> bool:
        try:
            await self._thread.run(self._media.delete, object_key(old.user_id, old.name))
        except (MediaUnavailableError, Busy) as error:
            self._metrics.picture_deletions.labels("failed").inc()
            _log.warning("picture.left", user=old.user_id, attempts=old.attempts, cause=str(error))
            return False
        await in_thread(self._store.forget_old_picture, old.name)
        self._metrics.picture_deletions.labels("done").inc()
        return True


def object_key(user_id: str, name: str) -> str:
    """The key below the instance's prefix: random, so that it can't be guessed, and ours alone."""
    return f"avatars/{user_id}/{name}.webp"


def named(key: str) -> tuple[str, str] | None:
    """Account and name in a key, if it is one of ours."""
    found = _KEY.fullmatch(key)
    return (found["user"], found["name"]) if found else None
