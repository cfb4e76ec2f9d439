"""Sessions and their refresh tokens in SQL.

What must happen once happens in one conditional statement whose row count decides, never in a read
followed by a write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, insert, select, update

from appinstance_app.store.protocol import NO_GRACE
from appinstance_app.store.records import Client, RefreshToken, Refused, Rotation, Session
from appinstance_app.store.tables import refresh_tokens, sessions, users

from .base import (
    SqlPart,
    aware,
    changed,
    naive,
    naive_or_none,
    own_sessions,
    revoke,
    session_of,
    user_of,
)
from .history import clear, note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection

    from appinstance_app.store.records import Activity, User

_alive = sessions.c.revoked_at.is_(None)
_OPEN: Final = insert(sessions)
_KEEP: Final = insert(refresh_tokens)
_BESIDE: Final = "session_"
# Asked with every request, so it is one question, and put together once.
_CALLER: Final = (
    select(users, *(column.label(f"{_BESIDE}{column.name}") for column in sessions.c))
    .join(sessions, sessions.c.user_id == users.c.id)
    .where(
        sessions.c.id == bindparam("session"),
        _alive,
        sessions.c.expires_at > bindparam("now"),
        users.c.disabled_at.is_(None),
    )
)


class SqlSessions(SqlPart):
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
        def work(connection: Connection) -> None:
            if instead_of is not None:
                former = select(refresh_tokens.c.session_id).where(
                    refresh_tokens.c.token_hash == instead_of
                )
                is_former = sessions.c.id == former.scalar_subquery()
                revoke(connection, is_former, now=session.created_at)
            row = {
                "id": session.id,
                "user_id": session.user_id,
                "created_at": naive(session.created_at),
                "expires_at": naive(session.expires_at),
                "device": session.client.device,
                "place": session.client.place,
                "last_used_at": naive_or_none(session.last_used_at),
                "confirmed_at": naive_or_none(session.confirmed_at),
            }
            connection.execute(_OPEN, row)
            _keep(connection, token)
            if noted is not None:
                note(connection, noted)
            if cleared is not None:
                clear(connection, cleared)

        self._run(work)

    def rotate(
        self,
        token_hash: str,
        *,
        successor: str,
        expires_at: datetime,
        now: datetime,
        grace: timedelta = NO_GRACE,
    ) -> Rotation:
        def work(connection: Connection) -> Rotation:
            # Held until the commit, so that two askers with one token come one after the other.
            row = connection.execute(
                select(refresh_tokens)
                .where(refresh_tokens.c.token_hash == token_hash)
                .with_for_update()
            ).first()
            if row is None:
                return Rotation(None, Refused.UNKNOWN)
            session = session_of(
                connection.execute(select(sessions).where(sessions.c.id == row.session_id)).one()
            )
            if row.used_at is None:
                won = _used_up(connection, token_hash, successor, now)
                refusal = Refused.UNKNOWN
            else:
                won = (
                    row.successor is not None
                    and aware(row.used_at) > now - grace
                    and _used_up(connection, row.successor, successor, now)
                )
                refusal = Refused.REUSED
            if not won:
                return Rotation(session, refusal)
            if row.used_at is not None:
                connection.execute(
                    update(refresh_tokens)
                    .where(refresh_tokens.c.token_hash == token_hash)
                    .values(successor=successor)
                )
            _keep(
                connection,
                RefreshToken(successor, session.id, min(expires_at, session.expires_at)),
            )
            return Rotation(session)

        return self._run(work)

    def note_use(self, session_id: str, client: Client, *, now: datetime) -> None:
        self._execute(
            update(sessions)
            .where(sessions.c.id == session_id)
            .values(device=client.device, place=client.place, last_used_at=naive(now))
        )

    def confirm_session(self, session_id: str, *, now: datetime) -> None:
        self._execute(
            update(sessions).where(sessions.c.id == session_id).values(confirmed_at=naive(now))
        )

    def caller(self, session_id: str, *, now: datetime) -> tuple[User, Session] | None:
        given = {"session": session_id, "now": naive(now)}
        row = self._read(lambda connection: connection.execute(_CALLER, given).first())
        return (user_of(row), session_of(row, _BESIDE)) if row else None

    def sessions_of(self, user_id: str, *, now: datetime) -> Sequence[Session]:
        statement = (
            select(sessions)
            .where(sessions.c.user_id == user_id, _alive, sessions.c.expires_at > naive(now))
            .order_by(func.coalesce(sessions.c.last_used_at, sessions.c.created_at).desc())
        )
        rows = self._read(lambda connection: connection.execute(statement).all())
        return tuple(map(session_of, rows))

    def revoke_session(self, session_id: str, *, now: datetime) -> None:
        self._revoke(sessions.c.id == session_id, now=now)

    def revoke_sessions(self, user_id: str, *, keep: str | None, now: datetime) -> int:
        return self._revoke(*own_sessions(user_id, keep=keep), now=now)

    def session_of(self, token_hash: str) -> Session | None:
        statement = (
            select(sessions)
            .join(refresh_tokens, refresh_tokens.c.session_id == sessions.c.id)
            .where(refresh_tokens.c.token_hash == token_hash)
        )
        row = self._read(lambda connection: connection.execute(statement).first())
        return session_of(row) if row else None

    def _revoke(self, *conditions: ColumnElement[bool], now: datetime) -> int:
        return self._run(lambda connection: revoke(connection, *conditions, now=now))


def _used_up(connection: Connection, token_hash: str, successor: str, now: datetime) -> bool:
    """Whether this call was the one that used the token up."""
    moment = naive(now)
    alive: Any = (
        select(sessions.c.id)
        .where(sessions.c.id == refresh_tokens.c.session_id, _alive, sessions.c.expires_at > moment)
        .exists()
    )
    statement = (
        update(refresh_tokens)
        .where(
            refresh_tokens.c.token_hash == token_hash,
            refresh_tokens.c.used_at.is_(None),
            refresh_tokens.c.expires_at > moment,
            alive,
        )
        .values(used_at=moment, successor=successor)
    )
    return changed(connection.execute(statement)) == 1


def _keep(connection: Connection, token: RefreshToken) -> None:
    row = {
        "token_hash": token.token_hash,
        "session_id": token.session_id,
        "expires_at": naive(token.expires_at),
    }
    connection.execute(_KEEP, row)
