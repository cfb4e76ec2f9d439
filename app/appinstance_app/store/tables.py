"""The tables as the code sees them. The migrations make them; a test compares the two.

Names that must match exactly are in the binary collation: the default ones of MySQL and MariaDB
take "é" for "e" and "ß" for "ss", which would make two people's emails one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CHAR,
    SMALLINT,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.dialects.mysql import BIGINT, DATETIME

_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}
_ID = CHAR(32, collation="ascii_bin")
_HASH = CHAR(64, collation="ascii_bin")

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("email", String(254, collation="utf8mb4_bin"), nullable=False),
    Column("display_name", String(80), nullable=False),
    Column("password_hash", String(255, collation="ascii_bin"), nullable=False),
    Column("avatar_name", String(64, collation="ascii_bin"), nullable=True),
    Column("created_at", DATETIME(fsp=6), nullable=False),
    Column("email_verified_at", DATETIME(fsp=6), nullable=True),
    Column("disabled_at", DATETIME(fsp=6), nullable=True),
    Column("passkeys", SMALLINT, nullable=False, server_default="0"),
    Column("second_factor", SMALLINT, nullable=False, server_default="0"),
    Index("uq_users_email", "email", unique=True),
    **_OPTIONS,
)

# No foreign key: an old picture outlives its account.
old_pictures = Table(
    "old_pictures",
    metadata,
    Column("name", String(64, collation="ascii_bin"), primary_key=True),
    Column("user_id", _ID, nullable=False),
    Column("since", DATETIME(fsp=6), nullable=False),
    Column("due_at", DATETIME(fsp=6), nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("ix_old_pictures_due_at", "due_at"),
    Index("ix_old_pictures_since", "since"),
    **_OPTIONS,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", DATETIME(fsp=6), nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Column("revoked_at", DATETIME(fsp=6), nullable=True),
    Column("device", String(64), nullable=False, server_default=""),
    Column("place", String(64), nullable=False, server_default=""),
    Column("last_used_at", DATETIME(fsp=6), nullable=True),
    Column("confirmed_at", DATETIME(fsp=6), nullable=True),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
    **_OPTIONS,
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", _HASH, primary_key=True),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Column("used_at", DATETIME(fsp=6), nullable=True),
    Column("successor", _HASH, nullable=True),
    Index("ix_refresh_tokens_session_id", "session_id"),
    Index("ix_refresh_tokens_expires_at", "expires_at"),
    **_OPTIONS,
)

links = Table(
    "links",
    metadata,
    Column("token_hash", _HASH, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", String(16, collation="ascii_bin"), nullable=False),
    Column("email", String(254, collation="utf8mb4_bin"), nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Index("ix_links_user_id", "user_id"),
    Index("ix_links_expires_at", "expires_at"),
    **_OPTIONS,
)

pending_users = Table(
    "pending_users",
    metadata,
    Column("token_hash", _HASH, primary_key=True),
    Column("user_id", _ID, nullable=False),
    Column("email", String(254, collation="utf8mb4_bin"), nullable=False),
    Column("display_name", String(80), nullable=False),
    Column("password_hash", String(255, collation="ascii_bin"), nullable=False),
    Column("created_at", DATETIME(fsp=6), nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Index("ix_pending_users_expires_at", "expires_at"),
    **_OPTIONS,
)

activity = Table(
    "activity",
    metadata,
    Column("id", BIGINT, primary_key=True, autoincrement=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("at", DATETIME(fsp=6), nullable=False),
    Column("event", String(32, collation="ascii_bin"), nullable=False),
    Column("device", String(64), nullable=False),
    Column("place", String(64), nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Index("ix_activity_user_id_at", "user_id", "at"),
    Index("ix_activity_expires_at", "expires_at"),
    **_OPTIONS,
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("credential_id", String(1366, collation="ascii_bin"), nullable=False),
    Column("public_key", String(2048, collation="ascii_bin"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("sign_count", BIGINT, nullable=False),
    Column("created_at", DATETIME(fsp=6), nullable=False),
    Column("last_used_at", DATETIME(fsp=6), nullable=True),
    Index("uq_passkeys_credential_id", "credential_id", unique=True),
    Index("ix_passkeys_user_id", "user_id"),
    **_OPTIONS,
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", _HASH, primary_key=True),
    **_OPTIONS,
)

proofs = Table(
    "proofs",
    metadata,
    Column("token_hash", _HASH, primary_key=True),
    Column("kind", String(16, collation="ascii_bin"), nullable=False),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=True),
    Column("bound_to", _HASH, nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Index("ix_proofs_user_id", "user_id"),
    Index("ix_proofs_expires_at", "expires_at"),
    **_OPTIONS,
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(255, collation="ascii_bin"), primary_key=True),
    Column("subject", String(255, collation="ascii_bin"), primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", DATETIME(fsp=6), nullable=False),
    Index("ix_identities_user_id", "user_id"),
    **_OPTIONS,
)

hits = Table(
    "hits",
    metadata,
    Column("key", String(100, collation="ascii_bin"), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", DATETIME(fsp=6), nullable=False),
    Index("ix_hits_expires_at", "expires_at"),
    **_OPTIONS,
)
