"""Which schema is whose: a table of the administrator's own, written before anything is made."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass
from typing import Any, Final

from .names import Identity
from .server import Administrator

SCHEMA: Final = "appinstance-ledger"
_TABLE: Final = f"`{SCHEMA}`.`databases`"


class State(enum.Enum):
    """How far it is."""

    MAKING = "making"
    ACTIVE = "active"
    DELETING = "deleting"


@dataclass(frozen=True)
class Line:
    """One instance's line. Times are the server's own, in UTC."""

    identity: Identity
    schema: str
    state: State
    active: str
    """The user whose password the entry holds; empty before there is one."""
    digest: str
    """SHA-256 of the password in the entry; it is random and long, so it cannot be guessed."""
    rotation: str
    age_seconds: int | None
    """How long ago the password was made."""
    dump: str = ""
    """Where the dump is that came before the deletion."""


class Ledger:
    """The table, by identity."""

    def __init__(self, admin: Administrator) -> None:
        self._admin = admin

    def prepare(self) -> None:
        """Make the ledger where it is not there."""
        self._admin.run("make the ledger", f"CREATE DATABASE IF NOT EXISTS `{SCHEMA}`")
        self._admin.run(
            "make the ledger",
            f"CREATE TABLE IF NOT EXISTS {_TABLE} ("
            "schema_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,"
            "cluster VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
            "namespace VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
            "name VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
            "state VARCHAR(16) NOT NULL,"
            "active VARCHAR(32) NOT NULL DEFAULT '',"
            "digest CHAR(64) NOT NULL DEFAULT '',"
            "rotation VARCHAR(64) NOT NULL DEFAULT '',"
            "issued_at DATETIME NULL,"
            "dump VARCHAR(512) NOT NULL DEFAULT '',"
            "UNIQUE KEY identity (cluster, namespace, name))",
        )

    def line(self, identity: Identity) -> Line | None:
        """Return an instance's line, None when it has none."""
        found = self._select(
            "WHERE cluster = %s AND namespace = %s AND name = %s",
            (identity.cluster, identity.namespace, identity.name),
        )
        return found[0] if found else None

    def lines(self, cluster: str) -> list[Line]:
        """Return every line of a cluster."""
        return self._select("WHERE cluster = %s ORDER BY namespace, name", (cluster,))

    def begin(self, identity: Identity) -> None:
        """Write down that a schema of this name is this instance's."""
        self._admin.run(
            "write the ledger",
            f"INSERT INTO {_TABLE} (schema_name, cluster, namespace, name, state) "  # noqa: S608
            "VALUES (%s, %s, %s, %s, %s)",
            (
                identity.schema,
                identity.cluster,
                identity.namespace,
                identity.name,
                State.MAKING.value,
            ),
        )

    def issued(self, identity: Identity, user: str, digest: str) -> None:
        """Write down whose password the entry holds now, and that it is new."""
        self._set(identity, "active = %s, digest = %s, issued_at = UTC_TIMESTAMP()", user, digest)

    def rotated(self, identity: Identity, rotation: str) -> None:
        """Write down which rotation was carried out last."""
        self._set(identity, "rotation = %s", rotation)

    def put_state(self, identity: Identity, state: State) -> None:
        """Write down how far it is."""
        self._set(identity, "state = %s", state.value)

    def put_dump(self, identity: Identity, dump: str) -> None:
        """Write down where a good dump is."""
        self._set(identity, "dump = %s", dump)

    def end(self, identity: Identity) -> None:
        """Strike the line out."""
        self._admin.run(
            "write the ledger",
            f"DELETE FROM {_TABLE} WHERE schema_name = %s",  # noqa: S608
            (identity.schema,),
        )

    def _set(self, identity: Identity, what: str, *values: object) -> None:
        self._admin.run(
            "write the ledger",
            f"UPDATE {_TABLE} SET {what} WHERE schema_name = %s",  # noqa: S608 - of our own words
            (*values, identity.schema),
        )

    def _select(self, where: str, values: tuple[object, ...]) -> list[Line]:
        rows = self._admin.rows(
            "read the ledger",
            f"SELECT *, UTC_TIMESTAMP() AS now FROM {_TABLE} {where}",  # noqa: S608 - the same
            values,
        )
        return [_line(row) for row in rows]


def _line(row: dict[str, Any]) -> Line:
    issued: datetime.datetime | None = row["issued_at"]
    return Line(
        identity=Identity(row["cluster"], row["namespace"], row["name"]),
        schema=row["schema_name"],
        state=State(row["state"]),
        active=row["active"],
        digest=row["digest"],
        rotation=row["rotation"],
        age_seconds=int((row["now"] - issued).total_seconds()) if issued else None,
        dump=row["dump"],
    )
