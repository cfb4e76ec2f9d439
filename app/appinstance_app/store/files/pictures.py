"""Pictures of accounts, and those that are to go, in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.store.records import Leftovers, OldPicture

from .base import FileBase, State, moment, words

if TYPE_CHECKING:
    from datetime import datetime


class FilePictures(FileBase):
    """See `protocol.Pictures`."""

    def announce_picture(self, user_id: str, name: str, *, due_at: datetime) -> None:
        with self._change() as state:
            _keep(state, user_id, name, due_at)

    def replace_avatar(self, user_id: str, name: str | None, *, now: datetime) -> bool:
        with self._change() as state:
            owner = state["users"].get(user_id)
            if owner is None or (name is not None and not _is_announced(state, user_id, name)):
                return False
            if name is not None:
                del state["old_pictures"][name]
            keep_old_picture(state, user_id, owner["avatar_name"], now=now)
            owner["avatar_name"] = name
            return True

    def claim_old_picture(self, *, now: datetime, again_at: datetime) -> OldPicture | None:
        with self._change() as state:
            due = [
                (moment(row["due_at"]), name)
                for name, row in state["old_pictures"].items()
                if moment(row["due_at"]) <= now
            ]
            if not due:
                return None
            _, name = min(due)
            row = state["old_pictures"][name]
            row |= {"due_at": words(again_at), "attempts": row["attempts"] + 1}
            return OldPicture(row["user_id"], name, row["attempts"])

    def forget_old_picture(self, name: str) -> None:
        with self._change() as state:
            state["old_pictures"].pop(name, None)

    def old_pictures(self, *, now: datetime) -> Leftovers:
        with self._look() as state:
            since = [moment(row["since"]) for row in state["old_pictures"].values()]
        old = [at for at in since if at <= now]
        return Leftovers(len(old), min(old, default=None))


def keep_old_picture(state: State, user_id: str, name: str | None, *, now: datetime) -> None:
    """Puts an account's former picture, if it had one, on the list."""
    if name is not None:
        _keep(state, user_id, name, now)


def _keep(state: State, user_id: str, name: str, due_at: datetime) -> None:
    new = {
        "user_id": user_id, "since": words(due_at), "due_at": words(due_at), "attempts": 0,
    }  # fmt: skip
    row = state["old_pictures"].setdefault(name, new)
    for field in ("since", "due_at"):
        row[field] = words(min(moment(row[field]), due_at))


def _is_announced(state: State, user_id: str, name: str) -> bool:
    row = state["old_pictures"].get(name)
    return row is not None and row["user_id"] == user_id and row["attempts"] == 0
