"""Alembic's entry: runs the versions on the connection that `runner.migrate` has locked."""

from __future__ import annotations

from alembic import context

from appinstance_app.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # MySQL commits before each DDL statement anyway; the version is noted after each script.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
