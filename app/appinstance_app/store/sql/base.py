"""What all parts of the SQL store share: one transaction a call, and rows as values."""

from __future__ import annotations

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
    from collections.abc import Callable, Sequence

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
        return self._tried(work, commits=True)

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        """`work` that changes nothing, and spares the commit. Raises StoreUnavailableError."""
        return self._tried(work, commits=False)

    def _tried(self, work: Callable[[Connection], Result], *, commits: bool) -> Result:
        attempt, committing = 1, False
        while True:
            try:
                with self._engine.connect() as connection:
                    result = work(connection)
                    committing = commits
                    if commits:
                        connection.commit()
                    return result
            except (IntegrityError, DataError):
                raise
            except DBAPIError as error:
                if _may_help(error, committing=committing) and attempt < _ATTEMPTS:
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


def _may_help(error: DBAPIError, *, committing: bool) -> bool:
    """Whether to try once more: after a deadlock, and where the server had hung up meanwhile.

    Until the commit nothing has happened. Whether one did whose answer was lost, nobody knows.
    """
    return error_code(error) in _TRY_AGAIN or (hung_up(error) and not committing)


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


def session_of(row: Row[Any], prefix: str = "") -> Session:
    """The session in a row of `sessions`; `prefix`: of its columns' names, beside others'."""

    def column(name: str) -> Any:
        return getattr(row, prefix + name)

    return Session(
        id=column("id"),
        user_id=column("user_id"),
        created_at=aware(column("created_at")),
        expires_at=aware(column("expires_at")),
        client=Client(column("device"), column("place")),
        last_used_at=aware_or_none(column("last_used_at")),
        confirmed_at=aware_or_none(column("confirmed_at")),
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
