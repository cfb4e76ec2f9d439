"""Migrations on a real server: what they make is what the code expects, once, under a lock."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from app.conftest import database_settings
from sqlalchemy import text

from appinstance_app.migrations.runner import (
    MigrationLockedError,
    alembic_config,
    lock_name,
    migrate,
)
from appinstance_app.settings import DatabaseSettings
from appinstance_app.store.database import engine_for
from appinstance_app.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.mariadb import MariaDb
    from sqlalchemy import Engine

pytestmark = pytest.mark.integration
HEAD = ScriptDirectory.from_config(alembic_config()).get_current_head()


@pytest.fixture
def engine(mariadb: MariaDb, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database."""
    name = request.node.name[:60]
    mariadb.new_database(name)
    engine = engine_for(DatabaseSettings(**database_settings(mariadb, name)), connections=8)
    yield engine
    engine.dispose()
    mariadb.execute(f"DROP DATABASE `{name}`")


def test_the_migrated_schema_is_the_one_that_the_code_expects(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_collations_are_the_ones_that_the_code_declares(engine: Engine) -> None:
    """Alembic does not compare them, and they decide whose email is whose."""
    migrate(engine)
    declared = {
        (table.name, column.name): collation
        for table in metadata.tables.values()
        for column in table.columns
        if (collation := getattr(column.type, "collation", None))
    }
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT table_name, column_name, collation_name FROM information_schema.columns "
                "WHERE table_schema = DATABASE()"
            )
        ).all()
        charsets = connection.execute(
            text(
                "SELECT DISTINCT table_collation FROM information_schema.tables "
                "WHERE table_schema = DATABASE() AND table_name <> 'alembic_version'"
            )
        ).all()
    actual = {(row[0], row[1]): row[2] for row in rows}
    assert {key: actual[key] for key in declared} == declared
    assert charsets == [("utf8mb4_unicode_ci",)]


def test_it_tells_from_where_to_where_and_does_nothing_the_second_time(engine: Engine) -> None:
    assert migrate(engine) == (None, HEAD)
    assert migrate(engine) == (HEAD, HEAD)


def test_several_at_once_take_turns(engine: Engine) -> None:
    barrier = threading.Barrier(3)

    def run(_: int) -> tuple[str | None, str]:
        barrier.wait()
        return migrate(engine)

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(run, range(3)))
    assert sorted(outcomes, key=str) == sorted([(None, HEAD), (HEAD, HEAD), (HEAD, HEAD)], key=str)


def test_a_lock_that_another_holds_ends_the_waiting_with_a_sentence(engine: Engine) -> None:
    with engine.connect() as other:
        other.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": lock_name(other)})
        with pytest.raises(MigrationLockedError, match="held the migration lock for 1 s"):
            migrate(engine, lock_wait_seconds=1)
        assert other.execute(text("SHOW TABLES")).all() == []


def test_the_lock_falls_when_its_holder_is_done_or_fails(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.command.upgrade", fail)
        with pytest.raises(RuntimeError, match="cut off"):
            migrate(engine)
    assert migrate(engine, lock_wait_seconds=1) == (None, HEAD)


def test_a_run_that_was_cut_off_half_way_can_be_gone_over_again(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:  # as if it had ended before the last table and the note
        connection.execute(text("DROP TABLE hits"))
        connection.execute(text("DELETE FROM alembic_version"))
    assert migrate(engine) == (None, HEAD)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM hits")).scalar_one() == 0


def test_a_newer_database_is_left_as_it_is(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate(engine) == ("9999", "9999")


def test_the_lock_is_named_after_the_database_and_fits(engine: Engine) -> None:
    with engine.connect() as connection:
        name = lock_name(connection)
    assert len(name) <= 64
    assert name.startswith("appinstance-migrate-")
