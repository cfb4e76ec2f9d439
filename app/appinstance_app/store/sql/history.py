"""Activity and counters in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pymysql.constants import ER
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.exc import IntegrityError

from appinstance_app.store.database import error_code
from appinstance_app.store.records import Activity, Client, Event
from appinstance_app.store.tables import activity, hits

from .base import SqlPart, aware, naive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from appinstance_app.store.records import Hit

_KNOWN: Final = frozenset(event.value for event in Event)
# Each sign-in needs these: put together once.
_NOTE: Final = insert(activity)
_COUNT: Final = mysql_insert(hits).on_duplicate_key_update(
    count=func.last_insert_id(hits.c.count + 1)
)
_CLEAR: Final = delete(hits).where(hits.c.key == bindparam("key_"))


class SqlHistory(SqlPart):
    """See `protocol.History`."""

    def add_activity(self, activity_: Activity) -> None:
        try:
            self._run(lambda connection: note(connection, activity_))
        except IntegrityError as error:
            # The account was deleted meanwhile.
            if error_code(error) != ER.NO_REFERENCED_ROW_2:
                raise

    def activity_of(self, user_id: str, *, most: int, failed: bool) -> Sequence[Activity]:
        is_failure = activity.c.event == Event.SIGN_IN_FAILED.value
        statement = (
            select(activity)
            .where(activity.c.user_id == user_id, is_failure if failed else ~is_failure)
            .order_by(activity.c.at.desc(), activity.c.id.desc())
            .limit(most)
        )
        rows = self._run(lambda connection: connection.execute(statement).all())
        return tuple(
            Activity(
                user_id=row.user_id,
                at=aware(row.at),
                event=Event(row.event),
                client=Client(row.device, row.place),
                expires_at=aware(row.expires_at),
            )
            for row in rows
            # A newer version of the app, beside this one, may write of what this one does not know.
            if row.event in _KNOWN
        )


class SqlCounters(SqlPart):
    """See `protocol.Counters`."""

    def count_hit(self, key: str, *, expires_at: datetime) -> int:
        return self._run(lambda connection: _counted(connection, key, expires_at))

    def count_in_turn(self, hits: Sequence[Hit]) -> Sequence[int]:
        def work(connection: Connection) -> Sequence[int]:
            counts: list[int] = []
            for hit in hits:
                counts.append(_counted(connection, hit.key, hit.expires_at))
                if counts[-1] > hit.most:
                    break
            return counts

        return self._run(work)

    def clear_hits(self, key: str) -> None:
        self._run(lambda connection: clear(connection, key))


def note(connection: Connection, activity_: Activity) -> None:
    """A new row of `activity`."""
    row = {
        "user_id": activity_.user_id,
        "at": naive(activity_.at),
        "event": activity_.event.value,
        "device": activity_.client.device,
        "place": activity_.client.place,
        "expires_at": naive(activity_.expires_at),
    }
    connection.execute(_NOTE, row)


def clear(connection: Connection, key: str) -> None:
    """Forgets a counter."""
    connection.execute(_CLEAR, {"key_": key})


def _counted(connection: Connection, key: str, expires_at: datetime) -> int:
    hit = {"key": key, "count": 1, "expires_at": naive(expires_at)}
    # The number comes with the answer; a new row has none, and counts one.
    return int(connection.execute(_COUNT, hit).lastrowid or 1)
