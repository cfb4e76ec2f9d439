"""Databases for migrations: an empty one for each test, and a store on a migrated one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from app.conftest import database_settings

from appinstance_app.migrations import newest_version
from appinstance_app.migrations.runner import migrate
from appinstance_app.settings import DatabaseSettings
from appinstance_app.store.database import engine_for
from appinstance_app.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.mariadb import MariaDb
    from sqlalchemy import Engine


@pytest.fixture
def engine(mariadb: MariaDb, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:40]
    mariadb.new_database(name)
    engine = engine_for(DatabaseSettings(**database_settings(mariadb, name)), connections=8)
    yield engine
    engine.dispose()
    mariadb.execute(f"DROP DATABASE `{name}`")


@pytest.fixture
def served(engine: Engine) -> SqlStore:
    """A store whose image needs the newest version, on a migrated database."""
    migrate(engine)
    return SqlStore(engine, needs=newest_version())
