"""Brings the schema to the newest version, one process at a time.

The lock is MySQL's GET_LOCK, on the connection that the statements run on: it outlives the implicit
commits of DDL, and when this process dies in the middle of a statement, the server keeps it until
that statement has ended. It spans the whole server, so the database's name is part of it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pymysql.constants import ER
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from appinstance_app.store.database import error_code, short

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

LOCK_WAIT_SECONDS: Final = 120
# What the content or the rules of the database cause, and no further try mends; anything else, such
# as a lost connection, a deadlock or a right that is missing, may be gone the next time.
_REFUSALS: Final = (IntegrityError, DataError, ProgrammingError)
_REFUSAL_CODES: Final = frozenset(
    {ER.BAD_FIELD_ERROR, ER.CANT_DROP_FIELD_OR_KEY, ER.DUP_FIELDNAME, ER.DUP_KEYNAME}
)
_log = structlog.get_logger(__name__)


class MigrationLockedError(Exception):
    """Another process has been migrating this database for too long."""


class MigrationFailedError(Exception):
    """The server failed under way; the next try goes over the same version again."""


class MigrationRefusedError(Exception):
    """The database's content or rules do not admit this version; no further try will go better."""


def migrate(
    engine: Engine, *, lock_wait_seconds: int = LOCK_WAIT_SECONDS
) -> tuple[str | None, str]:
    """The version before and the one after, which may be the same.

    Raises MigrationLockedError, MigrationFailedError, MigrationRefusedError.

    A database that is already newer, because another release went ahead, is left as it is: a
    rollback of the app must not be blocked by its own migration job.
    """
    with engine.connect() as connection:
        try:
            _lock(connection, lock_wait_seconds)
            return _upgraded(connection)
        except DBAPIError as error:
            if isinstance(error, _REFUSALS) or error_code(error) in _REFUSAL_CODES:
                raise MigrationRefusedError(
                    f"The database does not admit the migration: {short(error)}. The version "
                    "before goes on serving; mend the data, or take another image."
                ) from error
            raise MigrationFailedError(f"The migration failed: {short(error)}.") from error
        finally:
            # Its end gives the lock back. A word to the server would wait for a running statement.
            connection.invalidate()


def lock_name(connection: Connection) -> str:
    """At most 64 characters, MySQL's limit; database names may be as long by themselves."""
    database = connection.execute(text("SELECT DATABASE()")).scalar_one()
    return "appinstance-migrate-" + hashlib.sha256(str(database).encode()).hexdigest()[:32]


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _lock(connection: Connection, seconds: int) -> None:
    # In slices, so that the log says what it waits for.
    for _ in range(max(1, seconds // 5)):
        got = connection.execute(
            text("SELECT GET_LOCK(:name, :seconds)"),
            {"name": lock_name(connection), "seconds": min(5, seconds)},
        ).scalar_one()
        connection.rollback()
        if got == 1:
            return
        _log.info("migration.waiting", cause="another process is migrating this database")
    raise MigrationLockedError(
        f"Another process has held the migration lock for {seconds} s; look at its log, then retry."
    )


def _upgraded(connection: Connection) -> tuple[str | None, str]:
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    if head is None:
        raise AssertionError("The package holds no migrations.")
    before = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if before is not None and before not in {
        script.revision for script in scripts.walk_revisions()
    }:
        _log.warning("migration.newer", version=before, known=head)
        return before, before
    command.upgrade(config, "head")
    connection.commit()
    return before, head
