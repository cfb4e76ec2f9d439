"""Reading from an instance's database as a person of the platform: by a user made for that."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.request import Answer

from . import accounts
from .failures import Failure
from .ledger import Ledger
from .names import Identity
from .server import Administrator, Place, connection, failures

_MOST_ROWS = 1000


@dataclass(frozen=True)
class Reader:
    """Reads one schema by a user that may do nothing else, and is gone afterwards."""

    admin: Administrator
    place: Place

    def rows(self, identity: Identity, statement: str) -> Iterator[list[Any]]:
        """Yield what a statement finds, a thousand rows at most. Raises Failure."""
        if Ledger(self.admin).line(identity) is None:
            raise Failure(Answer.UNCONFIGURED, "this AppInstance has no database")
        user, password = f"app-{identity.digest}-r", secrets.token_urlsafe(30)
        with self.admin.alone(f"{identity.lock}-r"):
            accounts.drop_users(self.admin, [user])
            accounts.make_user(self.admin, user, password, 1)
            try:
                accounts.let_read(self.admin, user, identity.schema)
                yield from self._found(identity, user, password, statement)
            finally:
                accounts.drop_users(self.admin, [user])

    def _found(
        self, identity: Identity, user: str, password: str, statement: str
    ) -> Iterator[list[Any]]:
        opened = connection(self.place, user, password, identity.schema)
        with opened, opened.cursor() as cursor, failures("read"):
            cursor.execute("START TRANSACTION READ ONLY")
            cursor.execute(statement)
            yield from (list(row) for row in cursor.fetchmany(_MOST_ROWS))
