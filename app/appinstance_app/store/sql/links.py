"""What was mailed, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymysql.constants import ER
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from appinstance_app.store.database import error_code
from appinstance_app.store.records import Link, Purpose, User
from appinstance_app.store.tables import links, pending_users

from .accounts import insert_user
from .base import SqlPart, aware, changed, naive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from appinstance_app.store.records import PendingUser


class SqlLinks(SqlPart):
    """See `protocol.Links`."""

    def keep_link(self, link: Link) -> None:
        def work(connection: Connection) -> None:
            connection.execute(
                delete(links).where(
                    links.c.user_id == link.user_id, links.c.purpose == link.purpose.value
                )
            )
            connection.execute(
                insert(links).values(
                    token_hash=link.token_hash,
                    user_id=link.user_id,
                    purpose=link.purpose.value,
                    email=link.email,
                    expires_at=naive(link.expires_at),
                )
            )

        self._run(work)

    def use_link(
        self, token_hash: str, purposes: Sequence[Purpose], *, now: datetime
    ) -> Link | None:
        wanted = (
            links.c.token_hash == token_hash,
            links.c.purpose.in_([purpose.value for purpose in purposes]),
            links.c.expires_at > naive(now),
        )

        def work(connection: Connection) -> Link | None:
            row = connection.execute(select(links).where(*wanted)).first()
            # Who deletes it has it: of two at once, the other one deletes nothing.
            if row is None or changed(connection.execute(delete(links).where(*wanted))) != 1:
                return None
            return Link(
                token_hash=row.token_hash,
                user_id=row.user_id,
                purpose=Purpose(row.purpose),
                email=row.email,
                expires_at=aware(row.expires_at),
            )

        return self._run(work)

    def keep_pending(self, pending: PendingUser) -> None:
        self._execute(
            insert(pending_users).values(
                token_hash=pending.token_hash,
                user_id=pending.user.id,
                email=pending.user.email,
                display_name=pending.user.display_name,
                password_hash=pending.password_hash,
                created_at=naive(pending.user.created_at),
                expires_at=naive(pending.expires_at),
            )
        )

    def admit_pending(self, token_hash: str, *, now: datetime) -> User | None:
        wanted = (
            pending_users.c.token_hash == token_hash,
            pending_users.c.expires_at > naive(now),
        )

        def work(connection: Connection) -> User | None:
            row = connection.execute(select(pending_users).where(*wanted)).first()
            if (
                row is None
                or changed(connection.execute(delete(pending_users).where(*wanted))) != 1
            ):
                return None
            user = User(
                id=row.user_id,
                email=row.email,
                display_name=row.display_name,
                created_at=aware(row.created_at),
                email_verified_at=now,
            )
            insert_user(connection, user, row.password_hash)
            return user

        try:
            return self._run(work)
        except IntegrityError as error:
            if error_code(error) == ER.DUP_ENTRY:
                return None
            raise
