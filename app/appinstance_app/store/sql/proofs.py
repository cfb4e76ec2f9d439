"""Challenges, tickets, states, and identities at a provider, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymysql.constants import ER
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from appinstance_app.store.database import error_code
from appinstance_app.store.protocol import EmailTakenError, IdentityTakenError
from appinstance_app.store.records import Identity, Proof, User
from appinstance_app.store.tables import identities, proofs, users

from .accounts import insert_user
from .base import SqlPart, aware, changed, naive, user_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row


class SqlProofs(SqlPart):
    """See `protocol.Proofs` and `protocol.Identities`."""

    def keep_proof(self, proof: Proof) -> None:
        statement = insert(proofs).values(
            token_hash=proof.token_hash,
            kind=proof.kind,
            user_id=proof.user_id,
            bound_to=proof.bound_to,
            expires_at=naive(proof.expires_at),
        )
        try:
            self._execute(statement)
        except IntegrityError as error:
            # The account was deleted meanwhile.
            if error_code(error) != ER.NO_REFERENCED_ROW_2:
                raise

    def proof(self, token_hash: str, kind: str, *, now: datetime) -> Proof | None:
        wanted = _wanted(token_hash, kind, now)
        row = self._run(
            lambda connection: connection.execute(select(proofs).where(*wanted)).first()
        )
        return _proof(row) if row else None

    def take_proof(self, token_hash: str, kind: str, *, now: datetime) -> Proof | None:
        wanted = _wanted(token_hash, kind, now)

        def work(connection: Connection) -> Proof | None:
            row = connection.execute(select(proofs).where(*wanted)).first()
            # Who deletes it has it: of two at once, the other one deletes nothing.
            if row is None or changed(connection.execute(delete(proofs).where(*wanted))) != 1:
                return None
            return _proof(row)

        return self._run(work)

    def identified(self, issuer: str, subject: str) -> User | None:
        statement = (
            select(users)
            .join(identities, identities.c.user_id == users.c.id)
            .where(identities.c.issuer == issuer, identities.c.subject == subject)
        )
        row = self._run(lambda connection: connection.execute(statement).first())
        return user_of(row) if row else None

    def add_identity(self, identity: Identity) -> None:
        try:
            self._run(lambda connection: _link(connection, identity))
        except IntegrityError as error:
            if error_code(error) == ER.DUP_ENTRY:
                raise IdentityTakenError from None
            raise

    def add_identified(self, user: User, identity: Identity) -> None:
        def work(connection: Connection) -> None:
            try:
                insert_user(connection, user, "")
            except IntegrityError as error:
                if error_code(error) == ER.DUP_ENTRY:
                    raise EmailTakenError from None
                raise
            _link(connection, identity)

        try:
            self._run(work)
        except IntegrityError as error:
            if error_code(error) == ER.DUP_ENTRY:
                raise IdentityTakenError from None
            raise


def _wanted(token_hash: str, kind: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        proofs.c.token_hash == token_hash,
        proofs.c.kind == kind,
        proofs.c.expires_at > naive(now),
    )


def _link(connection: Connection, identity: Identity) -> None:
    connection.execute(
        insert(identities).values(
            issuer=identity.issuer,
            subject=identity.subject,
            user_id=identity.user_id,
            created_at=naive(identity.created_at),
        )
    )


def _proof(row: Row[Any]) -> Proof:
    return Proof(
        token_hash=row.token_hash,
        kind=row.kind,
        expires_at=aware(row.expires_at),
        user_id=row.user_id,
        bound_to=row.bound_to,
    )
