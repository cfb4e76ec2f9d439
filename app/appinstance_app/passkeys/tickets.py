"""Tickets: the password was right, and a second factor is asked for.

A ticket is good for some minutes, some tries and one sign-in, and no longer than the password that
it was given for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from appinstance_app.auth.tokens import new_secret, secret_hash
from appinstance_app.problems import Problem
from appinstance_app.store.records import Proof, User
from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from appinstance_app.store.protocol import Store

LIFETIME: Final = timedelta(minutes=5)
# To ask for options is one, to answer another.
TRIES: Final = 10
_KIND: Final = "ticket"


@dataclass(frozen=True)
class Ticket:
    """What stands for the password while the second factor is asked for."""

    token: str = field(repr=False)
    methods: tuple[str, ...]
    expires_in: int


class Tickets:
    """Gives them out and takes them back."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def new(self, user: User) -> Ticket:
        """A ticket for who has just given the account's password."""
        token = new_secret()
        proof = Proof(
            secret_hash(token),
            _KIND,
            self._clock() + LIFETIME,
            user.id,
            await self._password_of(user.id),
        )
        await in_thread(self._store.keep_proof, proof)
        left = await in_thread(self._store.recovery_codes_left, user.id)
        methods = ("passkey", "recovery_code") if left else ("passkey",)
        return Ticket(token, methods, int(LIFETIME.total_seconds()))

    async def tried(self, ticket: str) -> User:
        """Whose ticket it is; counts a try. Raises Problem (401)."""
        token_hash, now = secret_hash(ticket), self._clock()
        tries = await in_thread(
            self._store.count_hit, f"ticket:{token_hash}", expires_at=now + LIFETIME
        )
        proof = await in_thread(self._store.proof, token_hash, _KIND, now=now)
        if tries > TRIES or proof is None or proof.user_id is None:
            raise _over()
        user = await in_thread(self._store.user, proof.user_id)
        if user is None or proof.bound_to != await self._password_of(proof.user_id):
            raise _over()
        return user

    async def used_up(self, ticket: str) -> None:
        """Raises Problem (401) for all but one caller."""
        taken = await in_thread(
            self._store.take_proof, secret_hash(ticket), _KIND, now=self._clock()
        )
        if taken is None:
            raise _over()

    async def _password_of(self, user_id: str) -> str:
        found = await in_thread(self._store.credentials_of, user_id)
        return secret_hash(found.password_hash if found else "")


def _over() -> Problem:
    return Problem(401, "This took too long or too many tries; sign in again.")
