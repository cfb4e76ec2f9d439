"""Migrations on a real server: what they make is what the code expects, once, under a lock."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymysql
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from app.conftest import database_settings
from sqlalchemy import text
from support.waiting import WAIT_SECONDS, wait_for

from appinstance_app.migrations import newest_version
from appinstance_app.migrations.runner import (
    MigrationFailedError,
    MigrationLockedError,
    alembic_config,
    lock_name,
    migrate,
)
from appinstance_app.settings import DatabaseSettings
from appinstance_app.store.database import engine_for
from appinstance_app.store.protocol import SchemaUnfitError
from appinstance_app.store.sql import SqlStore
from appinstance_app.store.tables import metadata

if TYPE_CHECKING:
    from app.mariadb import MariaDb
    from sqlalchemy import Engine

pytestmark = pytest.mark.integration
HEAD = ScriptDirectory.from_config(alembic_config()).get_current_head()


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
    assert migrate(engine) == (None, HEAD)


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


def test_the_image_needs_the_newest_version_and_versions_are_growing_numbers() -> None:
    assert newest_version() == HEAD
    scripts = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())
    numbers = [script.revision for script in reversed(scripts)]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert all(Path(script.path).name.startswith(f"v{script.revision}_") for script in scripts)


def lock_is_free(server: MariaDb, name: str) -> bool:
    with pymysql.connect(unix_socket=str(server.socket), user="root") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT IS_FREE_LOCK(%s)", (name,))
        return bool(cursor.fetchone() == (1,))


def test_a_statement_may_take_longer_than_a_request_may(
    mariadb: MariaDb, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = request.node.name[:60]
    mariadb.new_database(name)
    fields = DatabaseSettings(**database_settings(mariadb, name))

    def slow(config: Any, _version: str) -> None:
        config.attributes["connection"].execute(text("SELECT SLEEP(2)"))

    monkeypatch.setattr("alembic.command.upgrade", slow)
    with pytest.raises(MigrationFailedError, match="timed out"):
        migrate(engine_for(fields, connections=1, read_seconds=1))
    assert migrate(engine_for(fields, connections=1, read_seconds=None)) == (None, HEAD)
    mariadb.execute(f"DROP DATABASE `{name}`")


def test_the_lock_is_held_as_long_as_the_statement_runs_also_when_its_process_is_gone(
    engine: Engine, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a killed process leaves it: the socket is closed, and the server works on."""
    with engine.connect() as connection:
        name = lock_name(connection)
    begun = threading.Event()
    sockets: list[Any] = []

    def hang(config: Any, _version: str) -> None:
        connection = config.attributes["connection"]
        sockets.append(connection.connection.driver_connection._sock)
        # A table that is locked keeps DDL waiting on the server for as long as we like.
        begun.set()
        connection.execute(text("ALTER TABLE held ADD COLUMN later INT"))

    mariadb.execute(f"CREATE TABLE `{engine.url.database}`.held (id INT)")
    monkeypatch.setattr("alembic.command.upgrade", hang)
    with pymysql.connect(unix_socket=str(mariadb.socket), user="root") as holder:
        holder.cursor().execute(f"LOCK TABLES `{engine.url.database}`.held READ")
        with ThreadPoolExecutor(1) as pool:
            attempt = pool.submit(migrate, engine)
            assert begun.wait(WAIT_SECONDS)
            watcher = pymysql.connect(unix_socket=str(mariadb.socket), user="root")
            wait_for("the statement", lambda: waiting_for_a_table(watcher))
            sockets[0].shutdown(socket.SHUT_RDWR)
            with pytest.raises(MigrationFailedError):
                attempt.result(WAIT_SECONDS)
            assert waiting_for_a_table(watcher)
            assert not lock_is_free(mariadb, name)
        holder.cursor().execute("UNLOCK TABLES")
    wait_for("the lock", lambda: lock_is_free(mariadb, name))
    watcher.close()


def waiting_for_a_table(watcher: Any) -> bool:
    with watcher.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist "
            "WHERE info LIKE 'ALTER TABLE held%' AND state LIKE 'Waiting for%'"
        )
        return bool(cursor.fetchone() == (1,))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ("UPDATE alembic_version SET version_num = '0000'", "is at 0000 and this version"),
        ("DELETE FROM alembic_version", "is at no version and this version"),
        ("INSERT INTO alembic_version VALUES ('9999')", "is at "),
        ("UPDATE alembic_version SET version_num = 'planted'", "is at planted and"),
        ("DROP TABLE alembic_version", "lacks a table or column"),
        ("RENAME TABLE users TO people", "lacks a table or column"),
        ("ALTER TABLE users DROP COLUMN avatar_name", "lacks a table or column"),
    ],
)
def test_a_schema_that_will_not_do_is_not_ready_and_says_what_to_do(
    engine: Engine, served: SqlStore, change: str, cause: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET foreign_key_checks = 0"))
        connection.execute(text(change))
    with pytest.raises(SchemaUnfitError, match=cause) as caught:
        served.check()
    assert str(caught.value).endswith("run `appinstance-app migrate`.")


def test_the_lock_is_named_after_the_database_and_fits(engine: Engine) -> None:
    with engine.connect() as connection:
        name = lock_name(connection)
    assert len(name) <= 64
    assert name.startswith("appinstance-migrate-")
