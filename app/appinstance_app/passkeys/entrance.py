"""Sign-in by a passkey, the second factor after the password, and proving oneself once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from appinstance_app.problems import Problem
from appinstance_app.store.records import Event
from appinstance_app.workers import in_thread

from .ceremonies import Ceremonies, RefusedError
from .challenges import Ask, Challenge, Challenges

if TYPE_CHECKING:
    from appinstance_app.auth.history import History
    from appinstance_app.auth.limits import RateLimits
    from appinstance_app.auth.service import Asking, AuthService
    from appinstance_app.auth.sessions import Caller, OpenSession, SessionService
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Passkey

    from .codes import RecoveryCodes
    from .tickets import Tickets

_log = structlog.get_logger(__name__)


class Entrance:
    """Who shows a passkey or a code gets a session."""

    def __init__(
        self,
        store: Store,
        auth: AuthService,
        sessions: SessionService,
        limits: RateLimits,
        history: History,
        ceremonies: Ceremonies,
        challenges: Challenges,
        tickets: Tickets,
        codes: RecoveryCodes,
    ) -> None:
        self._store = store
        self._auth = auth
        self._sessions = sessions
        self._limits = limits
        self._history = history
        self._ceremonies = ceremonies
        self._challenges = challenges
        self._tickets = tickets
        self._codes = codes

    async def options(self, asking: Asking) -> tuple[Challenge, dict[str, Any]]:
        """What a browser is asked that says nothing of who it is. Raises Problem: 429."""
        await self._limits.challenge(asking.address, now=self._sessions.clock())
        challenge = await self._challenges.new(Ask.SIGN_IN)
        return challenge, self._ceremonies.request(challenge.value, (), verified=True)

    async def sign_in(self, asking: Asking, *, challenge_id: str, credential: Any) -> OpenSession:
        """A session for whom the passkey belongs to. Raises Problem: 401, 403 (shut)."""
        challenge = await self._challenges.taken(challenge_id, Ask.SIGN_IN)
        passkey = await self._used(credential, challenge, verified=True)
        user = await in_thread(self._store.user, passkey.user_id) if passkey else None
        if user is None:
            raise Problem(401, "This passkey was not accepted.")
        return await self._auth.entered(user, asking)

    async def second_options(self, ticket: str) -> tuple[Challenge, dict[str, Any]]:
        """What the browser is asked after the password. Raises Problem: 401."""
        user = await self._tickets.tried(ticket)
        known = await in_thread(self._store.passkeys_of, user.id)
        challenge = await self._challenges.new(Ask.SECOND, user_id=user.id, holder=ticket)
        return challenge, self._ceremonies.request(challenge.value, known, verified=False)

    async def second_passkey(
        self, asking: Asking, *, ticket: str, challenge_id: str, credential: Any
    ) -> OpenSession:
        """A session for the ticket's owner. Raises Problem: 401, 403 (shut)."""
        user = await self._tickets.tried(ticket)
        challenge = await self._challenges.taken(challenge_id, Ask.SECOND, holder=ticket)
        if not await self._used(credential, challenge, verified=False, owner=user.id):
            await self._failed(user.id, asking)
            raise Problem(401, "This passkey was not accepted.")
        await self._tickets.used_up(ticket)
        return await self._auth.entered(user, asking)

    async def second_code(self, asking: Asking, *, ticket: str, code: str) -> OpenSession:
        """A session for the ticket's owner. Raises Problem: 401, 403 (shut), 429."""
        user = await self._tickets.tried(ticket)
        now = self._sessions.clock()
        await self._limits.recovery_code(user.id, now=now)
        if not await self._codes.used(user.id, code):
            await self._failed(user.id, asking)
            raise Problem(401, "This code is not right, or was used before.")
        await self._tickets.used_up(ticket)
        await self._history.note(user.id, Event.RECOVERY_CODE_USED, asking.client, now=now)
        return await self._auth.entered(user, asking)

    async def confirm_options(self, caller: Caller) -> tuple[Challenge, dict[str, Any]]:
        """What the browser is asked to prove that it is still the owner."""
        known = await in_thread(self._store.passkeys_of, caller.user.id)
        if not known:
            raise Problem(409, "You have no passkey; confirm with your password.")
        challenge = await self._challenges.new(
            Ask.CONFIRM, user_id=caller.user.id, holder=caller.session.id
        )
        return challenge, self._ceremonies.request(challenge.value, known, verified=True)

    async def confirm(self, caller: Caller, *, challenge_id: str, credential: Any) -> None:
        """Notes that the caller is the owner. Raises Problem: 403."""
        challenge = await self._challenges.taken(
            challenge_id, Ask.CONFIRM, holder=caller.session.id
        )
        if not await self._used(credential, challenge, verified=True, owner=caller.user.id):
            raise Problem(403, "This passkey was not accepted.")
        await in_thread(self._store.confirm_session, caller.session.id, now=self._sessions.clock())

    async def _used(
        self, credential: Any, challenge: bytes | None, *, verified: bool, owner: str | None = None
    ) -> Passkey | None:
        """The passkey that answered the challenge, if it is `owner`'s; its use is noted."""
        passkey = await in_thread(self._store.passkey, credential["id"]) if challenge else None
        if challenge is None or passkey is None or (owner and passkey.user_id != owner):
            return None
        try:
            count = self._ceremonies.used(credential, challenge, passkey, verified=verified)
        except RefusedError:
            return None
        now = self._sessions.clock()
        if not await in_thread(self._store.use_passkey, passkey.id, sign_count=count, now=now):
            _log.warning("passkey.copied", user=passkey.user_id, passkey=passkey.id)
            return None
        return passkey

    async def _failed(self, user_id: str, asking: Asking) -> None:
        now = self._sessions.clock()
        await self._history.note(user_id, Event.SIGN_IN_FAILED, asking.client, now=now)
