"""Passkeys, recovery codes, challenges, and who somebody is to a provider.

Only adds, with defaults: the version before goes on while this has run. See 0002 on what is looked
up first.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
_ASCII = "CHARACTER SET ascii COLLATE ascii_bin"
_ID = f"CHAR(32) {_ASCII}"
_HASH = f"CHAR(64) {_ASCII}"

_COLUMNS = {
    "passkeys": "SMALLINT NOT NULL DEFAULT 0",
    "second_factor": "SMALLINT NOT NULL DEFAULT 0",
}


def _owner(table: str) -> str:
    return (
        f"CONSTRAINT fk_{table}_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE"
    )


_TABLES = {
    "passkeys": f"""
        id {_ID} NOT NULL,
        user_id {_ID} NOT NULL,
        credential_id VARCHAR(1366) {_ASCII} NOT NULL,
        public_key VARCHAR(2048) {_ASCII} NOT NULL,
        name VARCHAR(80) NOT NULL,
        sign_count BIGINT NOT NULL,
        created_at DATETIME(6) NOT NULL,
        last_used_at DATETIME(6) NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uq_passkeys_credential_id (credential_id),
        KEY ix_passkeys_user_id (user_id),
        {_owner("passkeys")}
    """,
    "recovery_codes": f"""
        user_id {_ID} NOT NULL,
        code_hash {_HASH} NOT NULL,
        PRIMARY KEY (user_id, code_hash),
        {_owner("recovery_codes")}
    """,
    "proofs": f"""
        token_hash {_HASH} NOT NULL,
        kind VARCHAR(16) {_ASCII} NOT NULL,
        user_id {_ID} NULL,
        bound_to {_HASH} NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        PRIMARY KEY (token_hash),
        KEY ix_proofs_user_id (user_id),
        KEY ix_proofs_expires_at (expires_at),
        {_owner("proofs")}
    """,
    "identities": f"""
        issuer VARCHAR(255) {_ASCII} NOT NULL,
        subject VARCHAR(255) {_ASCII} NOT NULL,
        user_id {_ID} NOT NULL,
        created_at DATETIME(6) NOT NULL,
        PRIMARY KEY (issuer, subject),
        KEY ix_identities_user_id (user_id),
        {_owner("identities")}
    """,
}


def upgrade() -> None:
    """From 0002, also where a run before this one was cut off half-way."""
    there = {column["name"] for column in inspect(op.get_bind()).get_columns("users")}
    missing = [f"ADD COLUMN {name} {kind}" for name, kind in _COLUMNS.items() if name not in there]
    if missing:
        op.execute(f"ALTER TABLE users {', '.join(missing)}")
    for name, columns in _TABLES.items():
        op.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}) {_OPTIONS}")


def downgrade() -> None:
    """To 0002."""
    for name in _TABLES:
        op.execute(f"DROP TABLE IF EXISTS {name}")
    op.execute(f"ALTER TABLE users {', '.join(f'DROP COLUMN {name}' for name in _COLUMNS)}")
