"""Sessions and their refresh tokens in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.store.protocol import NO_GRACE
from appinstance_app.store.records import RefreshToken, Refused, Rotation, Session

from .base import FileBase, Row, State, moment, session_of, user_of, words
from .history import note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from appinstance_app.store.records import Activity, Client, User


class FileSessions(FileBase):
    """See `protocol.Sessions`."""

    def open_session(
        self,
        session: Session,
        token: RefreshToken,
        *,
        instead_of: str | None = None,
        noted: Activity | None = None,
        cleared: str | None = None,
    ) -> None:
        with self._change() as state:
            former = state["refresh_tokens"].get(instead_of or "")
            if former:
                _revoke(state["sessions"][former["session_id"]], session.created_at)
            state["sessions"][session.id] = {
                "user_id": session.user_id,
                "created_at": words(session.created_at),
                "expires_at": words(session.expires_at),
                "revoked_at": None,
                "device": session.client.device,
                "place": session.client.place,
                "last_used_at": words(session.last_used_at),
                "confirmed_at": words(session.confirmed_at),
            }
            _keep(state, token)
            if noted:
                note(state, noted)
            state["hits"].pop(cleared or "", None)

    def rotate(
        self,
        token_hash: str,
        *,
        successor: str,
        expires_at: datetime,
        now: datetime,
        grace: timedelta = NO_GRACE,
    ) -> Rotation:
        with self._change() as state:
            token = state["refresh_tokens"].get(token_hash)
            if token is None:
                return Rotation(None, Refused.UNKNOWN)
            session = session_of(token["session_id"], state["sessions"][token["session_id"]])
            used: Row | None = token
            refusal = Refused.UNKNOWN
            if token["used_at"] is not None:
                refusal = Refused.REUSED
                in_time = moment(token["used_at"]) > now - grace
                successor_of = token.get("successor") or ""
                used = state["refresh_tokens"].get(successor_of) if in_time else None
            if used is None or not _is_good(state, used, now):
                return Rotation(session, refusal)
            used |= {"used_at": words(now), "successor": successor}
            token["successor"] = successor
            _keep(state, RefreshToken(successor, session.id, min(expires_at, session.expires_at)))
            return Rotation(session)

    def note_use(self, session_id: str, client: Client, *, now: datetime) -> None:
        with self._change() as state:
            if session_id in state["sessions"]:
                state["sessions"][session_id] |= {
                    "device": client.device, "place": client.place, "last_used_at": words(now),
                }  # fmt: skip

    def confirm_session(self, session_id: str, *, now: datetime) -> None:
        with self._change() as state:
            if session_id in state["sessions"]:
                state["sessions"][session_id]["confirmed_at"] = words(now)

    def caller(self, session_id: str, *, now: datetime) -> tuple[User, Session] | None:
        with self._look() as state:
            row = state["sessions"].get(session_id)
            if row is None or not _is_alive(row, now):
                return None
            owner = user_of(row["user_id"], state["users"][row["user_id"]])
            return None if owner.disabled_at else (owner, session_of(session_id, row))

    def sessions_of(self, user_id: str, *, now: datetime) -> Sequence[Session]:
        with self._look() as state:
            found = [
                session_of(key, row)
                for key, row in state["sessions"].items()
                if row["user_id"] == user_id and _is_alive(row, now)
            ]
        return tuple(
            sorted(found, key=lambda item: item.last_used_at or item.created_at, reverse=True)
        )

    def revoke_session(self, session_id: str, *, now: datetime) -> None:
        with self._change() as state:
            if session_id in state["sessions"]:
                _revoke(state["sessions"][session_id], now)

    def revoke_sessions(self, user_id: str, *, keep: str | None, now: datetime) -> int:
        with self._change() as state:
            rows = [
                row
                for key, row in state["sessions"].items()
                if row["user_id"] == user_id and key != keep
            ]
            return sum(_revoke(row, now) for row in rows)

    def session_of(self, token_hash: str) -> Session | None:
        with self._look() as state:
            token = state["refresh_tokens"].get(token_hash)
            if token is None:
                return None
            return session_of(token["session_id"], state["sessions"][token["session_id"]])


def _is_alive(row: Row, now: datetime) -> bool:
    return row["revoked_at"] is None and moment(row["expires_at"]) > now


def _is_good(state: State, token: Row, now: datetime) -> bool:
    session = state["sessions"][token["session_id"]]
    return (
        token["used_at"] is None and moment(token["expires_at"]) > now and _is_alive(session, now)
    )


def _revoke(row: Row, now: datetime) -> bool:
    if row["revoked_at"] is not None:
        return False
    row["revoked_at"] = words(now)
    return True


def _keep(state: State, token: RefreshToken) -> None:
    state["refresh_tokens"][token.token_hash] = {
        "session_id": token.session_id,
        "expires_at": words(token.expires_at),
        "used_at": None,
        "successor": None,
    }
