"""Pictures whose objects are still to be deleted.

Only adds: the version before goes on while this has run. What that one replaces meanwhile is not
on the list; should its deletion fail, `appinstance-app pictures find` finds it.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0003, also where a run before this one was cut off half-way."""
    op.execute(
        """
        CREATE TABLE IF NOT EXISTS old_pictures (
            name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            user_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            since DATETIME(6) NOT NULL,
            due_at DATETIME(6) NOT NULL,
            attempts INTEGER NOT NULL,
            PRIMARY KEY (name),
            KEY ix_old_pictures_due_at (due_at),
            KEY ix_old_pictures_since (since)
        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
        """
    )


def downgrade() -> None:
    """To 0003."""
    op.execute("DROP TABLE IF EXISTS old_pictures")
