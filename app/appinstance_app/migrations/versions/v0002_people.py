"""What people see and do with their own account: devices, links in mails, activity.

Only adds, with defaults: the version before goes on while this has run. MariaDB knows ADD COLUMN IF
NOT EXISTS and MySQL does not, so what is there already is looked up.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
_ID = "CHAR(32) CHARACTER SET ascii COLLATE ascii_bin"
_HASH = "CHAR(64) CHARACTER SET ascii COLLATE ascii_bin"
_EMAIL = "VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

_COLUMNS = {
    "users": {"email_verified_at": "DATETIME(6) NULL", "disabled_at": "DATETIME(6) NULL"},
    "sessions": {
        "device": "VARCHAR(64) NOT NULL DEFAULT ''",
        "place": "VARCHAR(64) NOT NULL DEFAULT ''",
        "last_used_at": "DATETIME(6) NULL",
        "confirmed_at": "DATETIME(6) NULL",
    },
    "refresh_tokens": {"successor": f"{_HASH} NULL"},
}

_TABLES = (
    f"""
    CREATE TABLE IF NOT EXISTS links (
        token_hash {_HASH} NOT NULL,
        user_id {_ID} NOT NULL,
        purpose VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        email {_EMAIL} NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        PRIMARY KEY (token_hash),
        KEY ix_links_user_id (user_id),
        KEY ix_links_expires_at (expires_at),
        CONSTRAINT fk_links_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    ) {_OPTIONS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS pending_users (
        token_hash {_HASH} NOT NULL,
        user_id {_ID} NOT NULL,
        email {_EMAIL} NOT NULL,
        display_name VARCHAR(80) NOT NULL,
        password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        created_at DATETIME(6) NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        PRIMARY KEY (token_hash),
        KEY ix_pending_users_expires_at (expires_at)
    ) {_OPTIONS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS activity (
        id BIGINT NOT NULL AUTO_INCREMENT,
        user_id {_ID} NOT NULL,
        `at` DATETIME(6) NOT NULL,
        event VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        device VARCHAR(64) NOT NULL,
        place VARCHAR(64) NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        PRIMARY KEY (id),
        KEY ix_activity_user_id_at (user_id, `at`),
        KEY ix_activity_expires_at (expires_at),
        CONSTRAINT fk_activity_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    ) {_OPTIONS}
    """,
)


def upgrade() -> None:
    """From 0001, also where a run before this one was cut off half-way."""
    for table, columns in _COLUMNS.items():
        there = {column["name"] for column in inspect(op.get_bind()).get_columns(table)}
        missing = [
            f"ADD COLUMN {name} {kind}" for name, kind in columns.items() if name not in there
        ]
        if missing:
            op.execute(f"ALTER TABLE {table} {', '.join(missing)}")
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    """To 0001."""
    for table in ("activity", "pending_users", "links"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    for table, columns in _COLUMNS.items():
        op.execute(f"ALTER TABLE {table} {', '.join(f'DROP COLUMN {name}' for name in columns)}")
