"""Removing a database, after a dump that was loaded once; and loading one again."""

from __future__ import annotations

import datetime
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appinstance_operator.api.request import Answer

from . import accounts
from .dumps import Login, Store, dumped, loaded
from .entries import Entries
from .failures import Failure
from .ledger import Ledger, State
from .names import Identity
from .server import Administrator, Place
from .steps import point


@dataclass(frozen=True)
class Remover:
    """The steps of an end, with what they work on. `store`: None where there is no bucket."""

    admin: Administrator
    login: Login
    entries: Entries
    store: Store | None

    @property
    def _place(self) -> Place:
        return self.login.place

    def delete(self, identity: Identity, key: str) -> str:
        """Remove all of it and return where the dump is (empty: there was nothing to dump)."""
        with self.admin.alone(identity.lock):
            ledger = Ledger(self.admin)
            line = ledger.line(identity)
            if line is None:
                return ""
            store = self._bucket()
            ledger.put_state(identity, State.DELETING)
            accounts.lock_users(self.admin, identity.users)
            point("after-lock")
            dump = line.dump
            if not dump and accounts.schema_exists(self.admin, identity.schema):
                dump = self._dumped(identity, store)
                point("after-dump")
                ledger.put_dump(identity, dump)
                point("after-dump-noted")
            accounts.drop_users(self.admin, identity.users)
            point("after-users-removed")
            self._remove_entry(key, identity)
            point("after-entry-removed")
            accounts.drop_schema(self.admin, identity.schema)
            point("after-schema-removed")
            ledger.end(identity)
            return dump

    def restore(self, identity: Identity, dump: str, *, replace: bool) -> int:
        """Load a dump into the instance's schema; return how many tables it has then.

        A schema with tables in it is refused unless they are to be replaced.
        """
        store = self._bucket()
        with self.admin.alone(identity.lock), tempfile.TemporaryDirectory() as folder:
            line = Ledger(self.admin).line(identity)
            if line is None or line.state is not State.ACTIVE:
                raise Failure(
                    Answer.UNCONFIGURED, "this AppInstance has no database; apply it first"
                )
            path = Path(folder, "dump.sql.gz")
            store.get(dump, path)
            # Seen to be good before anything is taken away.
            self._tried(identity, path)
            if self._counts(identity.schema):
                if not replace:
                    raise Failure(
                        Answer.NOT_EMPTY,
                        "the schema has tables; give --replace to have them replaced",
                    )
                self._empty(identity.schema)
            with self._loader(identity, identity.schema) as login:
                loaded(login, identity.schema, path)
            return len(self._counts(identity.schema))

    def _bucket(self) -> Store:
        if self.store is None:
            raise Failure(
                Answer.UNCONFIGURED,
                "database.provisioning.backupBucket is not set, and nothing is removed undumped",
            )
        return self.store

    def _dumped(self, identity: Identity, store: Store) -> str:
        """Dump the schema, load the dump once, keep it; return its key."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        key = f"{prefix(identity)}{now}.sql.gz"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "dump.sql.gz")
            dumped(self.login, identity.schema, path)
            if self._tried(identity, path) != self._counts(identity.schema):
                raise Failure(Answer.DUMP_FAILED, "the dump has not the rows that the schema has")
            store.put(key, path)
        return key

    def _tried(self, identity: Identity, path: Path) -> dict[str, int]:
        """Load a dump into a schema made for that; return its rows by table."""
        scratch = f"app-try-{identity.digest}"
        accounts.drop_schema(self.admin, scratch)
        accounts.make_schema(self.admin, scratch)
        try:
            with self._loader(identity, scratch) as login:
                loaded(login, scratch, path)
            return self._counts(scratch)
        finally:
            accounts.drop_schema(self.admin, scratch)

    @contextmanager
    def _loader(self, identity: Identity, schema: str) -> Iterator[Login]:
        """Yield a user for a while that may reach this one schema."""
        user, password = f"app-{identity.digest}-l", secrets.token_urlsafe(30)
        accounts.drop_users(self.admin, [user])
        accounts.make_user(self.admin, user, password, 2)
        accounts.repaired(self.admin, user, schema, 2)
        try:
            yield Login(self._place, user, password)
        finally:
            accounts.drop_users(self.admin, [user])

    def _tables(self, schema: str) -> list[str]:
        rows = self.admin.rows(
            "list the tables",
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %s",
            (schema,),
        )
        return [str(row["name"]) for row in rows]

    def _counts(self, schema: str) -> dict[str, int]:
        """Return the number of rows of each table."""
        counts = {}
        for table in self._tables(schema):
            rows = self.admin.rows(
                "count rows",
                f"SELECT COUNT(*) AS n FROM `{schema}`.{_quoted(table)}",  # noqa: S608
            )
            counts[table] = int(rows[0]["n"])
        return counts

    def _empty(self, schema: str) -> None:
        self.admin.run("put keys aside", "SET SESSION foreign_key_checks = 0")
        for table in self._tables(schema):
            self.admin.run("remove a table", f"DROP TABLE `{schema}`.{_quoted(table)}")
        self.admin.run("put keys back", "SET SESSION foreign_key_checks = 1")

    def _remove_entry(self, key: str, identity: Identity) -> None:
        try:
            self.entries.remove(key, identity)
        except Failure as failure:
            if failure.answer is not Answer.TAKEN:
                raise
            # Somebody else's by now: it is not ours to remove.


def _quoted(table: str) -> str:
    """Return a table's name, which is a tenant's word, as an identifier."""
    return "`" + table.replace("`", "``") + "`"


def prefix(identity: Identity) -> str:
    """Return where in the bucket the dumps of an instance are."""
    return f"{identity.namespace}/{identity.name}/{identity.digest}/"
