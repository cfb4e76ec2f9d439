"""Challenges: each is asked once, soon, and by whom it was given to.

The asker holds the id; the challenge follows from it, and the store has the id's hash: nothing that
leaks from the store answers a challenge, and any replica can check one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from appinstance_app.auth.tokens import new_secret, secret_hash
from appinstance_app.store.records import Proof
from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from appinstance_app.store.protocol import Proofs

LIFETIME: Final = timedelta(minutes=5)


class Ask(StrEnum):
    """What a challenge is for."""

    ADD = "add"
    SIGN_IN = "sign-in"
    SECOND = "second"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Challenge:
    """`id`: what the asker shows when it answers."""

    id: str = field(repr=False)
    value: bytes = field(repr=False)


class Challenges:
    """Gives them out and takes them back."""

    def __init__(self, store: Proofs, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def new(self, ask: Ask, *, user_id: str | None = None, holder: str = "") -> Challenge:
        """`holder`: the session or the ticket that must come with the answer."""
        token = new_secret()
        expires_at = self._clock() + LIFETIME
        bound_to = secret_hash(holder) if holder else ""
        proof = Proof(secret_hash(token), ask.value, expires_at, user_id, bound_to)
        await in_thread(self._store.keep_proof, proof)
        return Challenge(token, _value(token))

    async def taken(self, challenge_id: str, ask: Ask, *, holder: str = "") -> bytes | None:
        """The challenge, which is used up; None if it is not good or another's."""
        found = await in_thread(
            self._store.take_proof, secret_hash(challenge_id), ask.value, now=self._clock()
        )
        if found is None or found.bound_to != (secret_hash(holder) if holder else ""):
            return None
        return _value(challenge_id)


def _value(token: str) -> bytes:
    return hashlib.sha256(f"webauthn:{token}".encode()).digest()
