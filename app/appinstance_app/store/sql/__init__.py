"""The store on MySQL or MariaDB, in SQL that both understand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete

from appinstance_app.store import tables
from appinstance_app.store.schema import check_schema

from .accounts import SqlAccounts
from .base import naive
from .history import SqlCounters, SqlHistory
from .links import SqlLinks
from .passkeys import SqlPasskeys
from .pictures import SqlPictures
from .proofs import SqlProofs
from .sessions import SqlSessions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

_PURGE_BATCH: Final = 1000
_EXPIRING: Final = (
    tables.refresh_tokens,
    tables.sessions,
    tables.hits,
    tables.links,
    tables.pending_users,
    tables.activity,
    tables.proofs,
)


class SqlStore(
    SqlAccounts,
    SqlPictures,
    SqlSessions,
    SqlLinks,
    SqlHistory,
    SqlCounters,
    SqlPasskeys,
    SqlProofs,
):
    """See `protocol.Store`. `needs`: the oldest version of the schema that will do."""

    def __init__(self, engine: Engine, *, needs: str = "0000") -> None:
        super().__init__(engine)
        self._needs = needs

    def check(self) -> None:
        # Not `SELECT 1`: without the schema no request can be served either.
        self._read(lambda connection: check_schema(connection, self._needs))

    def close(self) -> None:
        self._engine.dispose()

    def purge_expired(self, *, now: datetime) -> int:
        total = 0
        for table in _EXPIRING:
            statement = (
                delete(table)
                .where(table.c.expires_at <= naive(now))
                .with_dialect_options(mysql_limit=_PURGE_BATCH)
            )
            # Small transactions: a purge must not hold up a sign-in.
            while True:
                gone = self._execute(statement)
                total += gone
                if gone < _PURGE_BATCH:
                    break
        return total
