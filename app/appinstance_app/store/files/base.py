"""The JSON file behind the store: read once, written whole at each change.

A write goes to a new file that then takes the old one's name, so that a crash leaves the one or the
other. A lock file keeps a second process away, which would not see this one's changes.
"""

from __future__ import annotations

import copy
import fcntl
import json
import os
import tempfile
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from appinstance_app.store.protocol import StoreUnavailableError
from appinstance_app.store.records import Client, Session, User

if TYPE_CHECKING:
    from collections.abc import Iterator
_FORMAT: Final = 1
Row = dict[str, Any]
Table = dict[str, Row]


class State(TypedDict):
    """What the file holds. A file of an earlier version lacks tables and fields of rows."""

    format: int
    users: Table
    old_pictures: Table
    sessions: Table
    refresh_tokens: Table
    hits: Table
    links: Table
    pending_users: Table
    activity: list[Row]
    passkeys: Table
    recovery_codes: dict[str, list[str]]
    proofs: Table
    identities: Table


class FileStoreBusyError(Exception):
    """Another process uses the folder, or it can't be used; the message says which."""


class FileBase:
    """The state, and the one way to change it. Raises FileStoreBusyError."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "store.json"
        self._mutex = threading.Lock()
        self._guard = (folder / "store.lock").open("w")
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._guard.close()
            raise FileStoreBusyError(
                f"Another process uses {folder}; stop it, or set APP_DATA_DIR to another folder."
            ) from None
        self._state = self._read()

    def check(self) -> None:
        """See `protocol.Store`."""
        if self._guard.closed:
            raise StoreUnavailableError("The file store is closed.")

    def close(self) -> None:
        """See `protocol.Store`."""
        self._guard.close()

    @contextmanager
    def _look(self) -> Iterator[State]:
        """The state, not to be changed, while nobody else changes it."""
        with self._mutex:
            yield self._state

    @contextmanager
    def _change(self) -> Iterator[State]:
        """A copy to change, kept only if the block ends well and the file is written."""
        with self._mutex:
            self.check()
            state = copy.deepcopy(self._state)
            yield state
            if state != self._state:
                self._write(state)
                self._state = state

    def _read(self) -> State:
        empty = State(
            format=_FORMAT, users={}, old_pictures={}, sessions={}, refresh_tokens={}, hits={},
            links={}, pending_users={}, activity=[], passkeys={}, recovery_codes={}, proofs={},
            identities={},
        )  # fmt: skip
        if not self._path.exists():
            return empty
        try:
            state = json.loads(self._path.read_text(encoding="utf-8"))
            known = state["format"] == _FORMAT
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            self._guard.close()
            raise FileStoreBusyError(f"{self._path} is not a store of this version; move it away.")
        return cast("State", {**empty, **state})

    def _write(self, state: State) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".store-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(state, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            raise StoreUnavailableError(f"{self._path} can't be written.") from error


def user_of(user_id: str, row: Row) -> User:
    """The account in a row of `users`."""
    return User(
        id=user_id,
        email=row["email"],
        display_name=row["display_name"],
        created_at=moment(row["created_at"]),
        avatar_name=row["avatar_name"],
        email_verified_at=moment_or_none(row.get("email_verified_at")),
        disabled_at=moment_or_none(row.get("disabled_at")),
        has_password=bool(row["password_hash"]),
        passkeys=row.get("passkeys", 0),
        second_factor=row.get("second_factor", False),
    )


def session_of(session_id: str, row: Row) -> Session:
    """The session in a row of `sessions`."""
    return Session(
        id=session_id,
        user_id=row["user_id"],
        created_at=moment(row["created_at"]),
        expires_at=moment(row["expires_at"]),
        client=Client(row.get("device", ""), row.get("place", "")),
        last_used_at=moment_or_none(row.get("last_used_at")),
        confirmed_at=moment_or_none(row.get("confirmed_at")),
    )


def words(at: datetime | None) -> str | None:
    """A time as the file keeps it."""
    return at.astimezone(UTC).isoformat() if at else None


def moment(kept: str) -> datetime:
    """A time that the file kept."""
    return datetime.fromisoformat(kept)


def moment_or_none(kept: str | None) -> datetime | None:
    """The same where there may be none."""
    return moment(kept) if kept else None
