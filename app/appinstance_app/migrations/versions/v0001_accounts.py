"""Accounts, sessions with their refresh tokens, and counters for rate limits.

MySQL's DDL is not transactional: should this be cut off half-way, the next run must be able to go
over it again, hence IF NOT EXISTS. The plain SQL is what MySQL 8 and MariaDB 10.11 both take.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
_ID = "CHAR(32) CHARACTER SET ascii COLLATE ascii_bin"

_TABLES = (
    f"""
    CREATE TABLE IF NOT EXISTS users (
        id {_ID} NOT NULL,
        email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        display_name VARCHAR(80) NOT NULL,
        password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        avatar_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        created_at DATETIME(6) NOT NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uq_users_email (email)
    ) {_OPTIONS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS sessions (
        id {_ID} NOT NULL,
        user_id {_ID} NOT NULL,
        created_at DATETIME(6) NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        revoked_at DATETIME(6) NULL,
        PRIMARY KEY (id),
        KEY ix_sessions_user_id (user_id),
        KEY ix_sessions_expires_at (expires_at),
        CONSTRAINT fk_sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    ) {_OPTIONS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS refresh_tokens (
        token_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        session_id {_ID} NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        used_at DATETIME(6) NULL,
        PRIMARY KEY (token_hash),
        KEY ix_refresh_tokens_session_id (session_id),
        KEY ix_refresh_tokens_expires_at (expires_at),
        CONSTRAINT fk_refresh_tokens_session
            FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
    ) {_OPTIONS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS hits (
        `key` VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        `count` INTEGER NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        PRIMARY KEY (`key`),
        KEY ix_hits_expires_at (expires_at)
    ) {_OPTIONS}
    """,
)


def upgrade() -> None:
    """From an empty database."""
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    """To an empty database."""
    for table in ("hits", "refresh_tokens", "sessions", "users"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
