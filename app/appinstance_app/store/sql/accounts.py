"""Accounts in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pymysql.constants import ER
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from appinstance_app.store.database import error_code
from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import Credentials
from appinstance_app.store.tables import links, sessions, users

from .base import (
    SqlPart,
    held,
    naive,
    naive_or_none,
    own_sessions,
    revoke,
    set_account,
    user_of,
)
from .pictures import keep_old_picture

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from appinstance_app.store.records import User


# Asked often, so put together once.
_BY_ID: Final = select(users).where(users.c.id == bindparam("given"))
_BY_EMAIL: Final = select(users).where(users.c.email == bindparam("given"))


class SqlAccounts(SqlPart):
    """See `protocol.Accounts`."""

    def add_user(self, user: User, password_hash: str) -> None:
        self._with_unique_email(lambda connection: insert_user(connection, user, password_hash))

    def user(self, user_id: str) -> User | None:
        row = self._read(lambda connection: connection.execute(_BY_ID, {"given": user_id}).first())
        return user_of(row) if row else None

    def credentials(self, email: str) -> Credentials | None:
        row = self._read(lambda connection: connection.execute(_BY_EMAIL, {"given": email}).first())
        return Credentials(user_of(row), row.password_hash) if row else None

    def credentials_of(self, user_id: str) -> Credentials | None:
        row = self._read(lambda connection: connection.execute(_BY_ID, {"given": user_id}).first())
        return Credentials(user_of(row), row.password_hash) if row else None

    def replace_password_hash(self, user_id: str, old: str, new: str) -> bool:
        same = (users.c.id == user_id, users.c.password_hash == old)
        return self._execute(update(users).where(*same).values(password_hash=new)) == 1

    def set_password_hash(self, user_id: str, new: str, *, keep: str | None, now: datetime) -> None:
        def work(connection: Connection) -> None:
            set_account(connection, user_id, password_hash=new)
            revoke(connection, *own_sessions(user_id, keep=keep), now=now)
            connection.execute(delete(links).where(links.c.user_id == user_id))

        self._run(work)

    def set_display_name(self, user_id: str, name: str) -> None:
        self._run(lambda connection: set_account(connection, user_id, display_name=name))

    def set_email(self, user_id: str, email: str, *, verified_at: datetime) -> None:
        values = {"email": email, "email_verified_at": naive(verified_at)}
        self._with_unique_email(lambda connection: set_account(connection, user_id, **values))

    def set_disabled(self, user_id: str, at: datetime | None) -> None:
        def work(connection: Connection) -> None:
            set_account(connection, user_id, disabled_at=naive_or_none(at))
            if at is not None:
                connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

        self._run(work)

    def delete_user(self, user_id: str, *, now: datetime) -> User | None:
        def work(connection: Connection) -> User | None:
            row = held(connection, user_id)
            if row is None:
                return None
            keep_old_picture(connection, user_id, row.avatar_name, now=now)
            # Sessions, links and activity go with it, by their foreign keys.
            connection.execute(delete(users).where(users.c.id == user_id))
            return user_of(row)

        return self._run(work)

    def _with_unique_email(self, work: Any) -> None:
        try:
            self._run(work)
        except IntegrityError as error:
            if error_code(error) == ER.DUP_ENTRY:
                raise EmailTakenError from None
            raise


def insert_user(connection: Connection, user: User, password_hash: str) -> None:
    """A new row of `users`."""
    connection.execute(
        insert(users).values(
            id=user.id,
            email=user.email,
            display_name=user.display_name,
            password_hash=password_hash,
            avatar_name=user.avatar_name,
            created_at=naive(user.created_at),
            email_verified_at=naive_or_none(user.email_verified_at),
            disabled_at=naive_or_none(user.disabled_at),
        )
    )
