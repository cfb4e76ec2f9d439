"""The store on MySQL or MariaDB, in SQL that both understand.

What must happen once happens in one conditional statement whose row count decides, never in a read
followed by a write. Times go in without a zone, as UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
from pymysql.constants import ER
from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from .database import error_code, short
from .protocol import EmailTakenError, StoreUnavailableError
from .records import Credentials, RefreshToken, Refused, Rotation, Session, User
from .schema import check_schema, unfit
from .tables import hits, refresh_tokens, sessions, users

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, CursorResult, Engine, Row

_ATTEMPTS: Final = 3
_TRY_AGAIN: Final = frozenset({ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT})
_PURGE_BATCH: Final = 1000

Result = TypeVar("Result")
_log = structlog.get_logger(__name__)


class SqlStore:
    """See `protocol.Store`. `needs`: the oldest version of the schema that will do."""

    def __init__(self, engine: Engine, *, needs: str = "0000") -> None:
        self._engine = engine
        self._needs = needs

    def check(self) -> None:
        # Not `SELECT 1`: without the schema no request can be served either.
        self._run(lambda connection: check_schema(connection, self._needs))

    def close(self) -> None:
        self._engine.dispose()

    def add_user(self, user: User, password_hash: str) -> None:
        statement = insert(users).values(
            id=user.id,
            email=user.email,
            display_name=user.display_name,
            password_hash=password_hash,
            avatar_name=user.avatar_name,
            created_at=_naive(user.created_at),
        )
        try:
            self._run(lambda connection: connection.execute(statement))
        except IntegrityError as error:
            if error_code(error) == ER.DUP_ENTRY:
                raise EmailTakenError from None
            raise

    def user(self, user_id: str) -> User | None:
        row = self._run(
            lambda connection: connection.execute(_user_by(users.c.id == user_id)).first()
        )
        return _user(row) if row else None

    def credentials(self, email: str) -> Credentials | None:
        row = self._run(
            lambda connection: connection.execute(_user_by(users.c.email == email)).first()
        )
        return Credentials(_user(row), row.password_hash) if row else None

    def replace_password_hash(self, user_id: str, old: str, new: str) -> bool:
        statement = (
            update(users)
            .where(users.c.id == user_id, users.c.password_hash == old)
            .values(password_hash=new)
        )
        return self._run(lambda connection: _changed(connection.execute(statement))) == 1

    def replace_avatar(self, user_id: str, name: str | None) -> str | None:
        def work(connection: Connection) -> str | None:
            before: str | None = connection.execute(
                select(users.c.avatar_name).where(users.c.id == user_id).with_for_update()
            ).scalar_one_or_none()
            connection.execute(update(users).where(users.c.id == user_id).values(avatar_name=name))
            return before

        return self._run(work)

    def open_session(self, session: Session, token: RefreshToken) -> None:
        def work(connection: Connection) -> None:
            connection.execute(
                insert(sessions).values(
                    id=session.id,
                    user_id=session.user_id,
                    created_at=_naive(session.created_at),
                    expires_at=_naive(session.expires_at),
                )
            )
            _keep(connection, token)

        self._run(work)

    def rotate(
        self, token_hash: str, *, successor: str, expires_at: datetime, now: datetime
    ) -> Rotation:
        moment = _naive(now)
        use_up = (
            update(refresh_tokens)
            .where(
                refresh_tokens.c.token_hash == token_hash,
                refresh_tokens.c.used_at.is_(None),
                refresh_tokens.c.expires_at > moment,
                exists().where(
                    sessions.c.id == refresh_tokens.c.session_id,
                    sessions.c.revoked_at.is_(None),
                    sessions.c.expires_at > moment,
                ),
            )
            .values(used_at=moment)
        )

        def work(connection: Connection) -> Rotation:
            won = _changed(connection.execute(use_up)) == 1
            row = connection.execute(_session_by_token(token_hash)).first()
            if row is None:
                return Rotation(None, Refused.UNKNOWN)
            session = _session(row)
            if not won:
                return Rotation(session, Refused.REUSED if row.used_at else Refused.UNKNOWN)
            _keep(
                connection,
                RefreshToken(successor, session.id, min(expires_at, session.expires_at)),
            )
            return Rotation(session)

        return self._run(work)

    def revoke_session(self, session_id: str, *, now: datetime) -> None:
        statement = (
            update(sessions)
            .where(sessions.c.id == session_id, sessions.c.revoked_at.is_(None))
            .values(revoked_at=_naive(now))
        )
        self._run(lambda connection: connection.execute(statement))

    def session_of(self, token_hash: str) -> Session | None:
        row = self._run(
            lambda connection: connection.execute(_session_by_token(token_hash)).first()
        )
        return _session(row) if row else None

    def count_hit(self, key: str, *, expires_at: datetime) -> int:
        statement = (
            mysql_insert(hits)
            .values(key=key, count=1, expires_at=_naive(expires_at))
            .on_duplicate_key_update(count=hits.c.count + 1)
        )

        def work(connection: Connection) -> int:
            # The insert holds the row until the commit, so the number read is this hit's own.
            connection.execute(statement)
            count: int = connection.execute(
                select(hits.c.count).where(hits.c.key == key)
            ).scalar_one()
            return count

        return self._run(work)

    def clear_hits(self, key: str) -> None:
        self._run(lambda connection: connection.execute(delete(hits).where(hits.c.key == key)))

    def purge_expired(self, *, now: datetime) -> int:
        moment = _naive(now)
        total = 0
        for table in (refresh_tokens, sessions, hits):
            statement = (
                delete(table)
                .where(table.c.expires_at <= moment)
                .with_dialect_options(mysql_limit=_PURGE_BATCH)
            )
            # Small transactions: a purge must not hold up a sign-in.
            while True:
                gone = self._run(lambda connection, s=statement: _changed(connection.execute(s)))  # type: ignore[misc]
                total += gone
                if gone < _PURGE_BATCH:
                    break
        return total

    def _run(self, work: Callable[[Connection], Result]) -> Result:
        """`work` in one transaction, tried again after a deadlock. Raises StoreUnavailableError."""
        attempt = 1
        while True:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except (IntegrityError, DataError):
                raise  # not the server's state but ours to answer for
            except DBAPIError as error:
                if error_code(error) in _TRY_AGAIN and attempt < _ATTEMPTS:
                    attempt += 1
                    continue
                _log.error("store.failed", cause=short(error))
                if lacking := unfit(error):
                    raise lacking from error
                raise StoreUnavailableError("The database does not answer.") from error
            except PoolTimeoutError as error:
                raise StoreUnavailableError("No database connection is free.") from error


def _keep(connection: Connection, token: RefreshToken) -> None:
    connection.execute(
        insert(refresh_tokens).values(
            token_hash=token.token_hash,
            session_id=token.session_id,
            expires_at=_naive(token.expires_at),
        )
    )


def _user_by(condition: Any) -> Any:
    return select(users).where(condition)


def _session_by_token(token_hash: str) -> Any:
    return (
        select(sessions, refresh_tokens.c.used_at)
        .join(refresh_tokens, refresh_tokens.c.session_id == sessions.c.id)
        .where(refresh_tokens.c.token_hash == token_hash)
    )


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        email=row.email,
        display_name=row.display_name,
        created_at=row.created_at.replace(tzinfo=UTC),
        avatar_name=row.avatar_name,
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        created_at=row.created_at.replace(tzinfo=UTC),
        expires_at=row.expires_at.replace(tzinfo=UTC),
    )


def _changed(result: CursorResult[Any]) -> int:
    return int(result.rowcount)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
