"""Brings the schema to the newest version, one process at a time.

The lock is MySQL's GET_LOCK on a connection of its own: it outlives the implicit commits of DDL and
falls when its holder dies. It spans the whole server, so the database's name is part of it.
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
from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

LOCK_WAIT_SECONDS: Final = 120
_log = structlog.get_logger(__name__)


class MigrationLockedError(Exception):
    """Another process has been migrating this database for too long."""


def migrate(
    engine: Engine, *, lock_wait_seconds: int = LOCK_WAIT_SECONDS
) -> tuple[str | None, str]:
    """The version before and the one after, which may be the same. Raises MigrationLockedError.

    A database that is already newer, because another release went ahead, is left as it is: a
    rollback of the app must not be blocked by its own migration job.
    """
    with engine.connect() as keeper, engine.connect() as connection:
        _lock(keeper, lock_wait_seconds)
        try:
            return _upgraded(connection)
        finally:
            keeper.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": lock_name(keeper)})


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


def _lock(keeper: Connection, seconds: int) -> None:
    # The wait is cut into slices that are shorter than the connection's read timeout.
    for _ in range(max(1, seconds // 5)):
        got = keeper.execute(
            text("SELECT GET_LOCK(:name, :seconds)"),
            {"name": lock_name(keeper), "seconds": min(5, seconds)},
        ).scalar_one()
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
