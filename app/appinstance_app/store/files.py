"""The store in one JSON file, for development: no server, and the data can be read with an editor.

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
from typing import TYPE_CHECKING, Any, Final, TypedDict

from .protocol import EmailTakenError, StoreUnavailableError
from .records import Credentials, RefreshToken, Refused, Rotation, Session, User

if TYPE_CHECKING:
    from collections.abc import Iterator
_FORMAT: Final = 1
Row = dict[str, Any]


class _State(TypedDict):
    format: int
    users: dict[str, Row]
    sessions: dict[str, Row]
    refresh_tokens: dict[str, Row]
    hits: dict[str, Row]


class FileStoreBusyError(Exception):
    """Another process uses the folder, or it can't be used; the message says which."""


class FileStore:
    """See `protocol.Store`. Raises FileStoreBusyError."""

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
        if self._guard.closed:
            raise StoreUnavailableError("The file store is closed.")

    def close(self) -> None:
        self._guard.close()

    def add_user(self, user: User, password_hash: str) -> None:
        with self._change() as state:
            if any(row["email"] == user.email for row in state["users"].values()):
                raise EmailTakenError
            state["users"][user.id] = {
                "email": user.email,
                "display_name": user.display_name,
                "password_hash": password_hash,
                "avatar_name": user.avatar_name,
                "created_at": _text(user.created_at),
            }

    def user(self, user_id: str) -> User | None:
        with self._mutex:
            row = self._state["users"].get(user_id)
            return _user(user_id, row) if row else None

    def credentials(self, email: str) -> Credentials | None:
        with self._mutex:
            for user_id, row in self._state["users"].items():
                if row["email"] == email:
                    return Credentials(_user(user_id, row), row["password_hash"])
        return None

    def replace_password_hash(self, user_id: str, old: str, new: str) -> bool:
        with self._change() as state:
            row = state["users"].get(user_id)
            if row is None or row["password_hash"] != old:
                return False
            row["password_hash"] = new
            return True

    def replace_avatar(self, user_id: str, name: str | None) -> str | None:
        with self._change() as state:
            row = state["users"].get(user_id)
            if row is None:
                return None
            before: str | None = row["avatar_name"]
            row["avatar_name"] = name
            return before

    def open_session(self, session: Session, token: RefreshToken) -> None:
        with self._change() as state:
            state["sessions"][session.id] = {
                "user_id": session.user_id,
                "created_at": _text(session.created_at),
                "expires_at": _text(session.expires_at),
                "revoked_at": None,
            }
            _keep(state, token)

    def rotate(
        self, token_hash: str, *, successor: str, expires_at: datetime, now: datetime
    ) -> Rotation:
        with self._change() as state:
            token = state["refresh_tokens"].get(token_hash)
            if token is None:
                return Rotation(None, Refused.UNKNOWN)
            row = state["sessions"][token["session_id"]]
            session = _session(token["session_id"], row)
            if token["used_at"]:
                return Rotation(session, Refused.REUSED)
            ends = min(_moment(token["expires_at"]), session.expires_at)
            if row["revoked_at"] or ends <= now:
                return Rotation(session, Refused.UNKNOWN)
            token["used_at"] = _text(now)
            _keep(state, RefreshToken(successor, session.id, min(expires_at, session.expires_at)))
            return Rotation(session)

    def revoke_session(self, session_id: str, *, now: datetime) -> None:
        with self._change() as state:
            row = state["sessions"].get(session_id)
            if row is not None and row["revoked_at"] is None:
                row["revoked_at"] = _text(now)

    def session_of(self, token_hash: str) -> Session | None:
        with self._mutex:
            token = self._state["refresh_tokens"].get(token_hash)
            if token is None:
                return None
            return _session(token["session_id"], self._state["sessions"][token["session_id"]])

    def count_hit(self, key: str, *, expires_at: datetime) -> int:
        with self._change() as state:
            row = state["hits"].setdefault(key, {"count": 0, "expires_at": _text(expires_at)})
            row["count"] += 1
            return int(row["count"])

    def clear_hits(self, key: str) -> None:
        with self._change() as state:
            state["hits"].pop(key, None)

    def purge_expired(self, *, now: datetime) -> int:
        with self._change() as state:
            gone = [_purged(state[table], now) for table in ("refresh_tokens", "sessions", "hits")]
            left = state["sessions"].keys()
            for token_hash, row in list(state["refresh_tokens"].items()):
                if row["session_id"] not in left:
                    del state["refresh_tokens"][token_hash]
            return sum(gone)

    @contextmanager
    def _change(self) -> Iterator[_State]:
        """A copy to change, kept only if the block ends well and the file is written."""
        with self._mutex:
            self.check()
            state = copy.deepcopy(self._state)
            yield state
            if state != self._state:
                self._write(state)
                self._state = state

    def _read(self) -> _State:
        if not self._path.exists():
            return _State(format=_FORMAT, users={}, sessions={}, refresh_tokens={}, hits={})
        try:
            state: _State = json.loads(self._path.read_text(encoding="utf-8"))
            known = state["format"] == _FORMAT
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            self._guard.close()
            raise FileStoreBusyError(f"{self._path} is not a store of this version; move it away.")
        return state

    def _write(self, state: _State) -> None:
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


def _purged(table: dict[str, Row], now: datetime) -> int:
    expired = [key for key, row in table.items() if _moment(row["expires_at"]) <= now]
    for key in expired:
        del table[key]
    return len(expired)


def _keep(state: _State, token: RefreshToken) -> None:
    state["refresh_tokens"][token.token_hash] = {
        "session_id": token.session_id,
        "expires_at": _text(token.expires_at),
        "used_at": None,
    }


def _user(user_id: str, row: Row) -> User:
    return User(
        id=user_id,
        email=row["email"],
        display_name=row["display_name"],
        created_at=_moment(row["created_at"]),
        avatar_name=row["avatar_name"],
    )


def _session(session_id: str, row: Row) -> Session:
    return Session(
        id=session_id,
        user_id=row["user_id"],
        created_at=_moment(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
