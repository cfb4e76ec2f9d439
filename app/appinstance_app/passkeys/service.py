"""What owners do with their passkeys, their recovery codes and the second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from appinstance_app.problems import Kind, Problem
from appinstance_app.store.protocol import PasskeyTakenError, TooManyPasskeysError
from appinstance_app.store.records import Event, Passkey, Removal, User, new_id
from appinstance_app.workers import in_thread

from .ceremonies import Ceremonies, RefusedError
from .challenges import Ask, Challenge, Challenges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appinstance_app.auth.history import History
    from appinstance_app.auth.sessions import Caller, SessionService
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Client

    from .codes import RecoveryCodes

MOST: Final = 20


class PasskeyService:
    """Adds, names and removes."""

    def __init__(
        self,
        store: Store,
        sessions: SessionService,
        history: History,
        ceremonies: Ceremonies,
        challenges: Challenges,
        codes: RecoveryCodes,
        *,
        issuer: str | None,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._history = history
        self._ceremonies = ceremonies
        self._challenges = challenges
        self._codes = codes
        self._issuer = issuer

    async def of(self, caller: Caller) -> Sequence[Passkey]:
        """The caller's passkeys, the oldest first."""
        return await in_thread(self._store.passkeys_of, caller.user.id)

    async def options(self, caller: Caller) -> tuple[Challenge, dict[str, Any]]:
        """What the browser is asked for a new one. Raises Problem: 403, 409."""
        self._sessions.require_confirmed(caller)
        known = await self.of(caller)
        if len(known) >= MOST:
            raise _too_many()
        challenge = await self._challenges.new(
            Ask.ADD, user_id=caller.user.id, holder=caller.session.id
        )
        return challenge, self._ceremonies.creation(challenge.value, caller.user, known)

    async def add(
        self, caller: Caller, client: Client, *, challenge_id: str, name: str, credential: Any
    ) -> tuple[Passkey, Sequence[str] | None]:
        """The new passkey, and recovery codes if the account had none left.

        The challenge is bound to the session, which was confirmed when it was given out.
        Raises Problem: 409, 422.
        """
        challenge = await self._challenges.taken(challenge_id, Ask.ADD, holder=caller.session.id)
        if challenge is None:
            raise Problem(422, "This took too long; add the passkey again.")
        try:
            made = self._ceremonies.created(credential, challenge)
        except RefusedError:
            raise Problem(422, "This passkey can't be used here; try another one.") from None
        now = self._sessions.clock()
        passkey = Passkey(
            id=new_id(),
            user_id=caller.user.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            name=name,
            sign_count=made.sign_count,
            created_at=now,
        )
        try:
            await in_thread(self._store.add_passkey, passkey, most=MOST)
        except TooManyPasskeysError:
            raise _too_many() from None
        except PasskeyTakenError:
            raise Problem(409, "This passkey was added before.") from None
        await self._history.note(caller.user.id, Event.PASSKEY_ADDED, client, now=now)
        if await in_thread(self._store.recovery_codes_left, caller.user.id):
            return passkey, None
        return passkey, await self._made_codes(caller, client)

    async def rename(self, caller: Caller, passkey_id: str, name: str) -> None:
        """Raises Problem (404)."""
        if not await in_thread(self._store.rename_passkey, caller.user.id, passkey_id, name):
            raise _unknown()

    async def remove(self, caller: Caller, passkey_id: str, client: Client) -> None:
        """Removes a passkey, and with the last one the second factor. Raises Problem: 403, 404,
        409 where nobody could sign in then."""
        self._sessions.require_confirmed(caller)
        removal = await in_thread(
            self._store.remove_passkey, caller.user.id, passkey_id, issuer=self._issuer
        )
        if removal is Removal.UNKNOWN:
            raise _unknown()
        if removal is Removal.LAST_WAY_IN:
            raise Problem(
                409,
                "Without this passkey you could not sign in any more. Add another one first.",
                kind=Kind.LAST_WAY_IN,
            )
        now = self._sessions.clock()
        await self._history.note(caller.user.id, Event.PASSKEY_REMOVED, client, now=now)
        if removal is Removal.GONE_WITH_SECOND_FACTOR:
            await self._history.note(caller.user.id, Event.SECOND_FACTOR_OFF, client, now=now)

    async def set_second_factor(self, caller: Caller, client: Client, *, on: bool) -> User:
        """The account as it is then. Raises Problem: 403, 409 without a passkey."""
        self._sessions.require_confirmed(caller)
        if not await in_thread(self._store.set_second_factor, caller.user.id, on=on):
            raise Problem(409, "Add a passkey first.")
        if caller.user.second_factor != on:
            event = Event.SECOND_FACTOR_ON if on else Event.SECOND_FACTOR_OFF
            now = self._sessions.clock()
            await self._history.note(caller.user.id, event, client, now=now)
        return await in_thread(self._store.user, caller.user.id) or caller.user

    async def new_codes(self, caller: Caller, client: Client) -> Sequence[str]:
        """New codes in place of the ones before. Raises Problem: 403, 409 without a passkey."""
        self._sessions.require_confirmed(caller)
        if not caller.user.passkeys:
            raise Problem(409, "Add a passkey first.")
        return await self._made_codes(caller, client)

    async def _made_codes(self, caller: Caller, client: Client) -> Sequence[str]:
        codes = await self._codes.made(caller.user.id)
        now = self._sessions.clock()
        await self._history.note(caller.user.id, Event.RECOVERY_CODES_MADE, client, now=now)
        return codes


def _unknown() -> Problem:
    return Problem(404, "You have no such passkey; it may have been removed already.")


def _too_many() -> Problem:
    return Problem(409, f"An account has at most {MOST} passkeys; remove one first.")
