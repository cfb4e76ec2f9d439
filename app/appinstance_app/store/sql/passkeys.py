"""Passkeys and recovery codes in SQL.

`users.passkeys` counts an account's passkeys, so that no request has to: whoever changes their
number holds the account's row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymysql.constants import ER
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from appinstance_app.store.database import error_code
from appinstance_app.store.protocol import PasskeyTakenError, TooManyPasskeysError
from appinstance_app.store.records import Passkey, Removal
from appinstance_app.store.tables import identities, passkeys, recovery_codes

from .base import (
    SqlPart,
    aware,
    aware_or_none,
    changed,
    held,
    naive,
    naive_or_none,
    set_account,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row


class SqlPasskeys(SqlPart):
    """See `protocol.Passkeys`."""

    def add_passkey(self, passkey: Passkey, *, most: int) -> None:
        def work(connection: Connection) -> None:
            owner = held(connection, passkey.user_id)
            if owner is None or owner.passkeys >= most:
                raise TooManyPasskeysError
            connection.execute(
                insert(passkeys).values(
                    id=passkey.id,
                    user_id=passkey.user_id,
                    credential_id=passkey.credential_id,
                    public_key=passkey.public_key,
                    name=passkey.name,
                    sign_count=passkey.sign_count,
                    created_at=naive(passkey.created_at),
                    last_used_at=naive_or_none(passkey.last_used_at),
                )
            )
            set_account(connection, passkey.user_id, passkeys=owner.passkeys + 1)

        try:
            self._run(work)
        except IntegrityError as error:
            if error_code(error) == ER.DUP_ENTRY:
                raise PasskeyTakenError from None
            raise

    def passkey(self, credential_id: str) -> Passkey | None:
        statement = select(passkeys).where(passkeys.c.credential_id == credential_id)
        row = self._run(lambda connection: connection.execute(statement).first())
        return _passkey(row) if row else None

    def passkeys_of(self, user_id: str) -> Sequence[Passkey]:
        statement = (
            select(passkeys)
            .where(passkeys.c.user_id == user_id)
            .order_by(passkeys.c.created_at, passkeys.c.id)
        )
        rows = self._run(lambda connection: connection.execute(statement).all())
        return tuple(map(_passkey, rows))

    def use_passkey(self, passkey_id: str, *, sign_count: int, now: datetime) -> bool:
        kept = passkeys.c.sign_count
        # 0 is what an authenticator says that has no counter.
        grown = kept < sign_count if sign_count else kept == 0
        statement = (
            update(passkeys)
            .where(passkeys.c.id == passkey_id, grown)
            .values(sign_count=sign_count, last_used_at=naive(now))
        )
        return self._execute(statement) == 1

    def rename_passkey(self, user_id: str, passkey_id: str, name: str) -> bool:
        own = (passkeys.c.id == passkey_id, passkeys.c.user_id == user_id)

        def work(connection: Connection) -> bool:
            # Looked up, since an update to the name that it has changes no row.
            if connection.execute(select(passkeys.c.id).where(*own)).first() is None:
                return False
            connection.execute(update(passkeys).where(*own).values(name=name))
            return True

        return self._run(work)

    def remove_passkey(self, user_id: str, passkey_id: str, *, issuer: str | None) -> Removal:
        own = (passkeys.c.id == passkey_id, passkeys.c.user_id == user_id)

        def work(connection: Connection) -> Removal:
            owner = held(connection, user_id)
            there = connection.execute(select(passkeys.c.id).where(*own)).first()
            if owner is None or there is None:
                return Removal.UNKNOWN
            if owner.passkeys == 1 and not owner.password_hash:
                known = select(identities.c.subject).where(
                    identities.c.user_id == user_id, identities.c.issuer == (issuer or "")
                )
                if connection.execute(known).first() is None:
                    return Removal.LAST_WAY_IN
            connection.execute(delete(passkeys).where(*own))
            if owner.passkeys > 1:
                set_account(connection, user_id, passkeys=owner.passkeys - 1)
                return Removal.GONE
            set_account(connection, user_id, passkeys=0, second_factor=0)
            connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
            return Removal.GONE_WITH_SECOND_FACTOR if owner.second_factor else Removal.GONE

        return self._run(work)

    def set_second_factor(self, user_id: str, *, on: bool) -> bool:
        def work(connection: Connection) -> bool:
            owner = held(connection, user_id)
            if owner is None or (on and not owner.passkeys):
                return False
            set_account(connection, user_id, second_factor=int(on))
            return True

        return self._run(work)

    def replace_recovery_codes(self, user_id: str, hashes: Sequence[str]) -> None:
        def work(connection: Connection) -> None:
            if held(connection, user_id) is None:
                return
            connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
            rows = [{"user_id": user_id, "code_hash": item} for item in hashes]
            connection.execute(insert(recovery_codes), rows)

        self._run(work)

    def recovery_codes_left(self, user_id: str) -> int:
        statement = (
            select(func.count())
            .select_from(recovery_codes)
            .where(recovery_codes.c.user_id == user_id)
        )
        return int(self._run(lambda connection: connection.execute(statement).scalar_one()))

    def use_recovery_code(self, user_id: str, code_hash: str) -> bool:
        statement = delete(recovery_codes).where(
            recovery_codes.c.user_id == user_id, recovery_codes.c.code_hash == code_hash
        )
        return self._run(lambda connection: changed(connection.execute(statement))) == 1


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        user_id=row.user_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        name=row.name,
        sign_count=row.sign_count,
        created_at=aware(row.created_at),
        last_used_at=aware_or_none(row.last_used_at),
    )
