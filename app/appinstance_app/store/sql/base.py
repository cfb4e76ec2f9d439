"""What all parts of the SQL store share: one transaction a call, and rows as values."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
from pymysql.constants import ER
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from appinstance_app.store.database import error_code, hung_up, short
from appinstance_app.store.protocol import StoreUnavailableError
from appinstance_app.store.records import Client, Session, User
from appinstance_app.store.schema import unfit
from appinstance_app.store.tables import sessions, users

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import ColumnElement, Connection, CursorResult, Engine, Row

_ATTEMPTS: Final = 3
_TRY_AGAIN: Final = frozenset({ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT})

Result = TypeVar("Result")
_log = structlog.get_logger(__name__)


class SqlPart:
    """One part of the store, on the engine that all share."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _run(self, work: Callable[[Connection], Result]) -> Result:
        """`work` in one transaction, tried again after a deadlock. Raises StoreUnavailableError.

        What the server's state explains is "unavailable"; an integrity or data error is ours to
        answer for, and goes on.
        """
        return self._tried(self._transaction, work, lambda error: error_code(error) in _TRY_AGAIN)

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        """`work` that changes nothing: without a commit, and asked again where the server has hung
        up meanwhile. Raises StoreUnavailableError."""
        return self._tried(self._engine.connect, work, hung_up)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._answering() as connection:
            yield connection
            connection.commit()

    def _answering(self) -> Connection:
        """A connection that has just answered: what may have changed something isn't repeated."""
        connection = self._engine.connect()
        try:
            connection.connection.dbapi_connection.ping(reconnect=False)  # type: ignore[union-attr]
        except Exception:  # noqa: BLE001 SQLAlchemy finds out which it is
            return self._connected_anew(connection)
        return connection

    def _connected_anew(self, connection: Connection) -> Connection:
        try:
            connection.exec_driver_sql("DO 0")
        except DBAPIError as error:
            # The pool has given up all that were open before.
            connection.close()
            if not hung_up(error):
                raise
            return self._engine.connect()
        return connection

    def _tried(
        self,
        connected: Callable[[], AbstractContextManager[Connection]],
        work: Callable[[Connection], Result],
        may_help: Callable[[DBAPIError], bool],
    ) -> Result:
        attempt = 1
        while True:
            try:
                with connected() as connection:
                    return work(connection)
            except (IntegrityError, DataError):
                raise
            except DBAPIError as error:
                if may_help(error) and attempt < _ATTEMPTS:
                    attempt += 1
                    continue
                _log.error("store.failed", cause=short(error))
                if lacking := unfit(error):
                    raise lacking from error
                raise StoreUnavailableError("The database does not answer.") from error
            except PoolTimeoutError as error:
                raise StoreUnavailableError("No database connection is free.") from error

    def _execute(self, statement: Any) -> int:
        """One statement in a transaction of its own; how many rows it changed."""
        return self._run(lambda connection: changed(connection.execute(statement)))


def held(connection: Connection, user_id: str) -> Row[Any] | None:
    """The account's row, which nobody else changes until the commit."""
    return connection.execute(select(users).where(users.c.id == user_id).with_for_update()).first()


def set_account(connection: Connection, user_id: str, **values: Any) -> None:
    """Sets columns of an account."""
    connection.execute(update(users).where(users.c.id == user_id).values(**values))


def revoke(connection: Connection, *conditions: ColumnElement[bool], now: datetime) -> int:
    """Ends those of these sessions that were not ended before; how many."""
    alive = sessions.c.revoked_at.is_(None)
    result = connection.execute(
        update(sessions).where(*conditions, alive).values(revoked_at=naive(now))
    )
    return changed(result)


def own_sessions(user_id: str, *, keep: str | None) -> Sequence[ColumnElement[bool]]:
    """The conditions for all sessions of an account but `keep`."""
    own = [sessions.c.user_id == user_id]
    return own if keep is None else [*own, sessions.c.id != keep]


def user_of(row: Row[Any]) -> User:
    """The account in a row of `users`."""
    return User(
        id=row.id,
        email=row.email,
        display_name=row.display_name,
        created_at=aware(row.created_at),
        avatar_name=row.avatar_name,
        email_verified_at=aware_or_none(row.email_verified_at),
        disabled_at=aware_or_none(row.disabled_at),
        has_password=bool(row.password_hash),
        passkeys=row.passkeys,
        second_factor=bool(row.second_factor),
    )


def session_of(row: Row[Any]) -> Session:
    """The session in a row of `sessions`."""
    return Session(
        id=row.id,
        user_id=row.user_id,
        created_at=aware(row.created_at),
        expires_at=aware(row.expires_at),
        client=Client(row.device, row.place),
        last_used_at=aware_or_none(row.last_used_at),
        confirmed_at=aware_or_none(row.confirmed_at),
    )


def changed(result: CursorResult[Any]) -> int:
    """How many rows a statement changed."""
    return int(result.rowcount)


def naive(moment: datetime) -> datetime:
    """A time as the database keeps it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def naive_or_none(moment: datetime | None) -> datetime | None:
    """The same where there may be none."""
    return naive(moment) if moment else None


def aware(moment: datetime) -> datetime:
    """A time that the database kept."""
    return moment.replace(tzinfo=UTC)


def aware_or_none(moment: datetime | None) -> datetime | None:
    """The same where there may be none."""
    return aware(moment) if moment else None
