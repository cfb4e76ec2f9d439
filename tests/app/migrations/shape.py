"""What a database promises to the version that uses it, and what a later one breaks of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Deleting a row must not be kept from it by a table that it knows nothing of.
_LETS_GO = ("CASCADE", "SET NULL")
_COLUMNS = """
    SELECT table_name, column_name, column_type, collation_name, is_nullable,
           is_nullable = 'YES' OR column_default IS NOT NULL OR extra LIKE '%auto_increment%', extra
    FROM information_schema.columns WHERE table_schema = DATABASE()
"""
_UNIQUE = """
    SELECT table_name, GROUP_CONCAT(column_name ORDER BY seq_in_index)
    FROM information_schema.statistics WHERE table_schema = DATABASE() AND non_unique = 0
    GROUP BY table_name, index_name
"""
_FOREIGN = """
    SELECT k.table_name, GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position),
           r.referenced_table_name, r.delete_rule, r.update_rule
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k
      ON k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name
     AND k.table_name = r.table_name
    WHERE r.constraint_schema = DATABASE()
    GROUP BY k.table_name, r.constraint_name
"""
_CHECKS = """
    SELECT table_name, check_clause FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE()
"""
_TRIGGERS = """
    SELECT event_object_table, action_timing, event_manipulation, action_statement
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()
"""


@dataclass(frozen=True)
class Foreign:
    """A column that points to another table."""

    table: str
    columns: str
    to: str
    on_delete: str
    on_update: str


@dataclass(frozen=True)
class Shape:
    """Columns by table and name; and what a table refuses or does by itself, without names."""

    columns: dict[tuple[str, str], tuple[object, ...]]
    foreign: frozenset[Foreign]
    rules: frozenset[tuple[object, ...]]

    @property
    def tables(self) -> set[str]:
        """The names of all tables."""
        return {table for table, _ in self.columns}


def shape_of(connection: Connection) -> Shape:
    """What the database is like, but for Alembic's own table."""

    def rows(statement: str) -> list[tuple[object, ...]]:
        found = [tuple(row) for row in connection.execute(text(statement))]
        return [row for row in found if row[0] != "alembic_version"]

    return Shape(
        {(str(row[0]), str(row[1])): row[2:] for row in rows(_COLUMNS)},
        frozenset(Foreign(*map(str, row)) for row in rows(_FOREIGN)),
        frozenset(
            (*row[:1], kind, *row[1:])
            for kind, statement in (("unique", _UNIQUE), ("check", _CHECKS), ("trigger", _TRIGGERS))
            for row in rows(statement)
        ),
    )


def broken(before: Shape, after: Shape) -> list[str]:
    """What the version that knows `before` can no longer rely on."""
    found = [
        f"{table}.{name} is gone or is another one"
        for (table, name), column in before.columns.items()
        if after.columns.get((table, name)) != column
    ]
    found += [
        f"{table}.{name} needs a value that nobody gives"
        for (table, name), column in after.columns.items()
        if table in before.tables and (table, name) not in before.columns and not column[3]
    ]
    found += [f"{rule} is gone" for rule in before.rules - after.rules]
    found += [f"{rule} is new" for rule in after.rules - before.rules if rule[0] in before.tables]
    found += [f"{rule} is gone" for rule in before.foreign - after.foreign]
    for rule in after.foreign - before.foreign:
        if rule.table in before.tables:
            found.append(f"{rule} is new")
        elif rule.to in before.tables and rule.on_delete not in _LETS_GO:
            found.append(f"{rule} holds rows that were free to go")
    return found
