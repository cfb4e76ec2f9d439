"""Pictures of accounts, and those that are to go, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.mysql import insert as mysql_insert

from appinstance_app.store.records import Leftovers, OldPicture
from appinstance_app.store.tables import old_pictures

from .base import SqlPart, aware_or_none, changed, held, naive, set_account

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class SqlPictures(SqlPart):
    """See `protocol.Pictures`."""

    def announce_picture(self, user_id: str, name: str, *, due_at: datetime) -> None:
        due = naive(due_at)
        self._execute(
            mysql_insert(old_pictures)
            .values(name=name, user_id=user_id, since=due, due_at=due, attempts=0)
            .on_duplicate_key_update(
                since=func.least(old_pictures.c.since, due),
                due_at=func.least(old_pictures.c.due_at, due),
            )
        )

    def replace_avatar(self, user_id: str, name: str | None, *, now: datetime) -> bool:
        def work(connection: Connection) -> bool:
            owner = held(connection, user_id)
            if owner is None or (name is not None and not _adopted(connection, user_id, name)):
                return False
            keep_old_picture(connection, user_id, owner.avatar_name, now=now)
            set_account(connection, user_id, avatar_name=name)
            return True

        return self._run(work)

    def claim_old_picture(self, *, now: datetime, again_at: datetime) -> OldPicture | None:
        due = (
            select(old_pictures)
            .where(old_pictures.c.due_at <= naive(now))
            .order_by(old_pictures.c.due_at)
            .limit(1)
            # What another replica is at, or an upload, is not waited for.
            .with_for_update(skip_locked=True)
        )

        def work(connection: Connection) -> OldPicture | None:
            row = connection.execute(due).first()
            if row is None:
                return None
            attempts = row.attempts + 1
            connection.execute(
                update(old_pictures)
                .where(old_pictures.c.name == row.name)
                .values(due_at=naive(again_at), attempts=attempts)
            )
            return OldPicture(row.user_id, row.name, attempts)

        return self._run(work)

    def forget_old_picture(self, name: str) -> None:
        self._execute(delete(old_pictures).where(old_pictures.c.name == name))

    def old_pictures(self, *, now: datetime) -> Leftovers:
        statement = select(func.count(), func.min(old_pictures.c.since)).where(
            old_pictures.c.since <= naive(now)
        )
        row = self._run(lambda connection: connection.execute(statement).one())
        return Leftovers(row[0], aware_or_none(row[1]))


def keep_old_picture(
    connection: Connection, user_id: str, name: str | None, *, now: datetime
) -> None:
    """Puts an account's former picture, if it had one, on the list."""
    if name is not None:
        moment = naive(now)
        connection.execute(
            insert(old_pictures).values(
                name=name, user_id=user_id, since=moment, due_at=moment, attempts=0
            )
        )


def _adopted(connection: Connection, user_id: str, name: str) -> bool:
    """Takes an announced picture off the list; whether it was there, and nobody deletes it."""
    announced = delete(old_pictures).where(
        old_pictures.c.name == name,
        old_pictures.c.user_id == user_id,
        old_pictures.c.attempts == 0,
    )
    return changed(connection.execute(announced)) == 1
