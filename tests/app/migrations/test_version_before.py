"""Version N-1 serves on while N's migration has run (docs/adr/0033 says what is promised).

Every version only adds: a rule over what it makes of the database. What the rule refuses is tried,
and so is that the app lives on all that it allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from app.avatars.media import AVATAR, FILES, Media
from app.conftest import Running, database_settings
from app.migrations.shape import Shape, broken, shape_of
from app.processes import EMAIL, USER_PASSWORD
from sqlalchemy import text

from appinstance_app.migrations import newest_version
from appinstance_app.migrations.runner import alembic_config, migrate
from appinstance_app.settings import DatabaseSettings
from appinstance_app.store.database import engine_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.mariadb import MariaDb
    from sqlalchemy import Engine

    from appinstance_app.store.sql import SqlStore

pytestmark = pytest.mark.integration
_ID = "CHAR(32) CHARACTER SET ascii COLLATE ascii_bin"
# What a version may do. None of it takes anything from the one before.
ALLOWED = (
    "ALTER TABLE users ADD COLUMN later INT NULL",
    "ALTER TABLE users ADD COLUMN first VARCHAR(8) NOT NULL DEFAULT 'x' FIRST",
    "ALTER TABLE sessions ADD COLUMN later DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)",
    "ALTER TABLE users ADD INDEX ix_users_created_at (created_at)",
    "ALTER TABLE activity DROP INDEX ix_activity_expires_at, ADD INDEX ix_e (expires_at, event)",
    "CREATE TABLE alone (id INT PRIMARY KEY, name INT NOT NULL UNIQUE, CHECK (name > 0))",
    f"CREATE TABLE theirs (user_id {_ID} NOT NULL, "
    "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)",
    f"CREATE TABLE left_over (user_id {_ID} NULL, "
    "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL)",
)
REFUSED = {
    "a column goes": "ALTER TABLE sessions DROP COLUMN confirmed_at",
    "a column has another name": "ALTER TABLE sessions CHANGE last_used_at used_at "
    "DATETIME(6) NULL",
    "a column is shorter": "ALTER TABLE sessions MODIFY device VARCHAR(8) NOT NULL DEFAULT ''",
    "a column may be nothing": "ALTER TABLE sessions MODIFY place VARCHAR(64) NULL DEFAULT ''",
    "a column may no longer be nothing": "ALTER TABLE users MODIFY avatar_name "
    "VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL",
    "a column compares otherwise": "ALTER TABLE users MODIFY email VARCHAR(254) NOT NULL",
    "a default goes": "ALTER TABLE users ALTER second_factor DROP DEFAULT",
    "a number is no longer given": "ALTER TABLE activity MODIFY id BIGINT NOT NULL",
    "a new column has no default": "ALTER TABLE users ADD COLUMN later INT NOT NULL",
    "a table goes": "DROP TABLE hits",
    "a table has another name": "RENAME TABLE links TO mailed",
    "what was twice may be once alone": "ALTER TABLE users ADD UNIQUE (display_name)",
    "what was once may be twice": "ALTER TABLE users DROP INDEX uq_users_email",
    "a value is checked": "ALTER TABLE users ADD CHECK (display_name <> 'Ada')",
    "a row does something": "CREATE TRIGGER later BEFORE INSERT ON users "
    "FOR EACH ROW SET NEW.display_name = 'x'",
    "a column points somewhere": "ALTER TABLE old_pictures "
    "ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
    "an account takes less with it": "ALTER TABLE sessions DROP FOREIGN KEY fk_sessions_user",
    "a new table holds accounts": f"CREATE TABLE later (user_id {_ID} NOT NULL, "
    "FOREIGN KEY (user_id) REFERENCES users (id))",
}


@pytest.fixture(scope="module")
def changing(mariadb: MariaDb) -> Iterator[Engine]:
    """A migrated database that each test changes further, in whatever order."""
    mariadb.new_database("changing")
    engine = engine_for(DatabaseSettings(**database_settings(mariadb, "changing")), connections=1)
    migrate(engine)
    yield engine
    engine.dispose()
    mariadb.execute("DROP DATABASE changing")


def shape(engine: Engine) -> Shape:
    with engine.connect() as connection:
        return shape_of(connection)


def test_every_version_only_adds(engine: Engine) -> None:
    """A version that takes something away may do so one version after nobody used it: except its
    number here, with the version that was the last to use it."""
    with engine.connect() as connection:
        before = shape_of(connection)
        for number in range(1, int(newest_version()) + 1):
            command.upgrade(alembic_config(connection), f"{number:04}")
            connection.commit()
            after = shape_of(connection)
            assert after != before, number
            assert broken(before, after) == [], number
            before = after


@pytest.mark.parametrize("statement", REFUSED.values(), ids=[*REFUSED])
def test_what_takes_something_away_is_found(
    changing: Engine, mariadb: MariaDb, statement: str
) -> None:
    before = shape(changing)
    mariadb.execute("USE changing", statement)
    assert broken(before, shape(changing))


async def test_the_app_serves_all_its_life_on_what_a_next_version_may_make(
    engine: Engine, served: SqlStore, start: Callable[..., Any]
) -> None:
    before = shape(engine)
    with engine.begin() as connection:
        for statement in ALLOWED:
            connection.execute(text(statement))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert broken(before, shape(engine)) == []
    served.check()
    app: Running = await start(store=served, media=Media())
    await app.signed_up()
    with engine.begin() as connection:  # as the next version does beside it
        for table in ("theirs", "left_over"):
            connection.execute(text(f"INSERT INTO {table} SELECT id FROM users"))  # noqa: S608
        connection.execute(
            text(
                "INSERT INTO activity (user_id, at, event, device, place, expires_at) "
                "SELECT id, NOW(6), 'of-the-next-version', '', '', NOW(6) + INTERVAL 1 DAY "
                "FROM users"
            )
        )
    body = {"email": EMAIL, "password": USER_PASSWORD}
    answer = await app.client.post("/api/v1/auth/sign-in", json=body)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    uploaded = await app.client.put(AVATAR, files=FILES, headers=headers)
    assert uploaded.status_code == 200, uploaded.text
    assert (await app.client.get(uploaded.json()["avatar_url"])).status_code == 200
    for path in ("/api/v1/users/me", "/api/v1/users/me/sessions", "/api/v1/users/me/activity"):
        answer = await app.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
    assert (await app.client.post("/api/v1/auth/refresh")).status_code == 200
    gone = await app.client.delete("/api/v1/users/me", headers=headers)
    assert gone.status_code == 204, gone.text
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM theirs")).scalar_one() == 0
        assert connection.execute(text("SELECT * FROM left_over")).all() == [(None,)]
