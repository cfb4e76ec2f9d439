"""Whether the database's schema is one that this version can work with.

Versions are numbers that only grow. A newer schema is fine, because migrations expand before they
contract: while version N's migration has run, N-1 goes on serving. An older one is not, and neither
is one that says it is new enough and lacks a table or column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymysql.constants import ER
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from .database import error_code
from .protocol import SchemaUnfitError
from .tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MISSING = frozenset({ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR})


def check_schema(connection: Connection, needed: str) -> None:
    """Returns if requests can be served. Raises SchemaUnfitError."""
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    if len(found) != 1 or not found[0].isdecimal() or int(found[0]) < int(needed):
        raise SchemaUnfitError(
            f"The database's schema is at {', '.join(found) or 'no version'} and this version "
            f"of the app needs {needed}: run `appinstance-app migrate`."
        )
    for table in metadata.sorted_tables:
        connection.execute(select(table).limit(0))


def unfit(error: DBAPIError) -> SchemaUnfitError | None:
    """The error to raise instead, where one means that a table or column is not there."""
    if error_code(error) not in _MISSING:
        return None
    return SchemaUnfitError(
        "The database lacks a table or column that this version needs: run `appinstance-app "
        "migrate`."
    )
