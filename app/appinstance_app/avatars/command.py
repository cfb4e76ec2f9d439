"""`appinstance-app pictures …`: which objects of old pictures are still to be deleted.

`find` looks through all objects for those that no account points to and no list has: what versions
before this one left behind, or who changed the bucket or the database by hand.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from .outbox import named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from appinstance_app.media.protocol import MediaStore
    from appinstance_app.store.protocol import Store

USAGE: Final = "pictures | pictures find"
# A younger one may be of an upload by the version before, which announces none.
_SETTLED_AFTER: Final = timedelta(hours=1)


class PicturesCommandError(Exception):
    """What can't be done, in a sentence."""


def run(words: Sequence[str], store: Store, media: MediaStore, *, now: datetime) -> str:
    """What is left, in a sentence. Raises PicturesCommandError."""
    if tuple(words) not in ((), ("find",)):
        raise PicturesCommandError(f"Say what to do: {USAGE}.")
    found = ""
    if words:
        count = _announced(store, media, now)
        found = f"Looked through all objects; nobody's picture: {count}. "
    left = store.old_pictures(now=now)
    if not left.since:
        return f"{found}No old picture is left to be deleted."
    return (
        f"{found}Old pictures left to be deleted: {left.count}, the oldest since "
        f"{left.since:%Y-%m-%d %H:%M} UTC. The running app deletes them."
    )


def _announced(store: Store, media: MediaStore, now: datetime) -> int:
    count = 0
    for key, made in media.listed():
        ours = named(key)
        if ours is None or made > now - _SETTLED_AFTER:
            continue
        user_id, name = ours
        owner = store.user(user_id)
        if owner is None or owner.avatar_name != name:
            store.announce_picture(user_id, name, due_at=now)
            count += 1
    return count
