"""Challenges, tickets, states, and identities at a provider, in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.store.protocol import IdentityTakenError
from appinstance_app.store.records import Identity, Proof, User

from .accounts import insert_user
from .base import FileBase, Row, State, moment, user_of, words

if TYPE_CHECKING:
    from datetime import datetime


class FileProofs(FileBase):
    """See `protocol.Proofs` and `protocol.Identities`."""

    def keep_proof(self, proof: Proof) -> None:
        with self._change() as state:
            if proof.user_id is None or proof.user_id in state["users"]:
                state["proofs"][proof.token_hash] = {
                    "kind": proof.kind,
                    "user_id": proof.user_id,
                    "bound_to": proof.bound_to,
                    "expires_at": words(proof.expires_at),
                }

    def proof(self, token_hash: str, kind: str, *, now: datetime) -> Proof | None:
        with self._look() as state:
            return _wanted(state, token_hash, kind, now)

    def take_proof(self, token_hash: str, kind: str, *, now: datetime) -> Proof | None:
        with self._change() as state:
            found = _wanted(state, token_hash, kind, now)
            if found:
                del state["proofs"][token_hash]
            return found

    def identified(self, issuer: str, subject: str) -> User | None:
        with self._look() as state:
            row = state["identities"].get(_key(issuer, subject))
            return user_of(row["user_id"], state["users"][row["user_id"]]) if row else None

    def add_identity(self, identity: Identity) -> None:
        with self._change() as state:
            _link(state, identity)

    def add_identified(self, user: User, identity: Identity) -> None:
        with self._change() as state:
            insert_user(state, user, "")
            _link(state, identity)


def _key(issuer: str, subject: str) -> str:
    return f"{issuer} {subject}"


def _link(state: State, identity: Identity) -> None:
    key = _key(identity.issuer, identity.subject)
    if key in state["identities"]:
        raise IdentityTakenError
    state["identities"][key] = {
        "issuer": identity.issuer,
        "user_id": identity.user_id,
        "created_at": words(identity.created_at),
    }


def _wanted(state: State, token_hash: str, kind: str, now: datetime) -> Proof | None:
    row: Row | None = state["proofs"].get(token_hash)
    if row is None or row["kind"] != kind or moment(row["expires_at"]) <= now:
        return None
    return Proof(
        token_hash=token_hash,
        kind=kind,
        expires_at=moment(row["expires_at"]),
        user_id=row["user_id"],
        bound_to=row["bound_to"],
    )
