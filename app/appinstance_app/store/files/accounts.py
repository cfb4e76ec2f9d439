"""Accounts in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import Credentials

from .base import FileBase, State, user_of, words
from .pictures import keep_old_picture

if TYPE_CHECKING:
    from datetime import datetime

    from appinstance_app.store.records import User


class FileAccounts(FileBase):
    """See `protocol.Accounts`."""

    def add_user(self, user: User, password_hash: str) -> None:
        with self._change() as state:
            insert_user(state, user, password_hash)

    def user(self, user_id: str) -> User | None:
        with self._look() as state:
            row = state["users"].get(user_id)
            return user_of(user_id, row) if row else None

    def credentials(self, email: str) -> Credentials | None:
        with self._look() as state:
            return _credentials(state, id_of(state, email))

    def credentials_of(self, user_id: str) -> Credentials | None:
        with self._look() as state:
            return _credentials(state, user_id)

    def replace_password_hash(self, user_id: str, old: str, new: str) -> bool:
        with self._change() as state:
            row = state["users"].get(user_id)
            if row is None or row["password_hash"] != old:
                return False
            row["password_hash"] = new
            return True

    def set_password_hash(self, user_id: str, new: str, *, keep: str | None, now: datetime) -> None:
        with self._change() as state:
            if user_id not in state["users"]:
                return
            state["users"][user_id]["password_hash"] = new
            for key, row in state["sessions"].items():
                if row["user_id"] == user_id and key != keep and row["revoked_at"] is None:
                    row["revoked_at"] = words(now)
            drop_links(state, user_id)

    def set_display_name(self, user_id: str, name: str) -> None:
        self._set(user_id, display_name=name)

    def set_email(self, user_id: str, email: str, *, verified_at: datetime) -> None:
        with self._change() as state:
            if id_of(state, email) not in (None, user_id):
                raise EmailTakenError
            if user_id in state["users"]:
                state["users"][user_id] |= {
                    "email": email, "email_verified_at": words(verified_at),
                }  # fmt: skip

    def set_disabled(self, user_id: str, at: datetime | None) -> None:
        self._set(user_id, disabled_at=words(at))
        if at is not None:
            with self._change() as state:
                drop_sessions(state, user_id)

    def delete_user(self, user_id: str, *, now: datetime) -> User | None:
        with self._change() as state:
            row = state["users"].pop(user_id, None)
            if row is None:
                return None
            keep_old_picture(state, user_id, row["avatar_name"], now=now)
            drop_sessions(state, user_id)
            state["recovery_codes"].pop(user_id, None)
            for table in (
                state["links"], state["passkeys"], state["proofs"], state["identities"],
            ):  # fmt: skip
                for key in [key for key, item in table.items() if item["user_id"] == user_id]:
                    del table[key]
            state["activity"] = [item for item in state["activity"] if item["user_id"] != user_id]
            return user_of(user_id, row)

    def _set(self, user_id: str, **values: Any) -> None:
        with self._change() as state:
            if user_id in state["users"]:
                state["users"][user_id] |= values


def _credentials(state: State, user_id: str | None) -> Credentials | None:
    row = state["users"].get(user_id) if user_id else None
    return Credentials(user_of(str(user_id), row), row["password_hash"]) if row else None


def insert_user(state: State, user: User, password_hash: str) -> None:
    """A new row of `users`. Raises EmailTakenError."""
    if id_of(state, user.email) is not None:
        raise EmailTakenError
    state["users"][user.id] = {
        "email": user.email,
        "display_name": user.display_name,
        "password_hash": password_hash,
        "avatar_name": user.avatar_name,
        "created_at": words(user.created_at),
        "email_verified_at": words(user.email_verified_at),
        "disabled_at": words(user.disabled_at),
    }


def id_of(state: State, email: str) -> str | None:
    """Whose address this is."""
    return next((key for key, row in state["users"].items() if row["email"] == email), None)


def drop_sessions(state: State, user_id: str) -> None:
    """Deletes the sessions of an account with their tokens."""
    gone = {key for key, row in state["sessions"].items() if row["user_id"] == user_id}
    state["sessions"] = {k: row for k, row in state["sessions"].items() if k not in gone}
    state["refresh_tokens"] = {
        key: row for key, row in state["refresh_tokens"].items() if row["session_id"] not in gone
    }


def drop_links(state: State, user_id: str) -> None:
    """Deletes the links of an account."""
    state["links"] = {k: row for k, row in state["links"].items() if row["user_id"] != user_id}
