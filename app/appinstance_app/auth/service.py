"""Who gets a session: sign-up, sign-in, and proving once more that one is the owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from appinstance_app.problems import FieldError, Kind, Problem
from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import Event, PendingUser, User, new_id
from appinstance_app.workers import in_thread

from .sessions import CHALLENGE
from .tokens import new_secret, secret_hash

if TYPE_CHECKING:
    from datetime import datetime

    from appinstance_app.mail.messages import Messages
    from appinstance_app.mail.outgoing import Outgoing
    from appinstance_app.metrics import Metrics
    from appinstance_app.passkeys.tickets import Ticket, Tickets
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Client, Credentials

    from .history import History
    from .limits import RateLimits
    from .passwords import Passwords
    from .sessions import Caller, OpenSession, SessionService
    from .tokens import DeviceTokens

PENDING_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Asking:
    """From where a request comes: `address` for the limits, `client` for the owner to see."""

    address: str
    client: Client
    session_token: str | None = None
    """The refresh token of the session that the browser has already."""
    device_token: str | None = None


class AuthService:
    """Sign-up and sign-in."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        sessions: SessionService,
        limits: RateLimits,
        history: History,
        devices: DeviceTokens,
        tickets: Tickets,
        *,
        outgoing: Outgoing,
        messages: Messages,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._sessions = sessions
        self._limits = limits
        self._history = history
        self._devices = devices
        self._tickets = tickets
        self._outgoing = outgoing
        self._messages = messages
        self._metrics = metrics

    async def sign_up(
        self, *, email: str, password: str, display_name: str, asking: Asking
    ) -> OpenSession | None:
        """A new account with a session; None where a mail has to be answered first.

        With mail, an address that has an account gets the same answer as one that has none, after
        the same work; which it is, only the mail says. Raises Problem: 409 taken (without mail),
        422, 429, 503.
        """
        now = self._sessions.clock()
        await self._limits.sign_up(asking.address, now=now)
        password_hash = await self._passwords.hash_new(password, email, display_name)
        user = User(id=new_id(), email=email, display_name=display_name, created_at=now)
        if self._outgoing.is_there:
            self._outgoing.begin(self._invite(user, password_hash, now))
            return None
        try:
            await in_thread(self._store.add_user, user, password_hash)
        except EmailTakenError:
            taken = "There is already an account with this email."
            raise Problem(409, taken, errors=[FieldError(field="email", message=taken)]) from None
        return await self._sessions.open(
            user, asking.client, Event.ACCOUNT_CREATED, instead_of=asking.session_token
        )

    async def sign_in(self, *, email: str, password: str, asking: Asking) -> OpenSession | Ticket:
        """A session for an account's owner, or a ticket to the second factor.

        Raises Problem: 401, 403 (shut), 429, 503.

        The 401 is the same for an unknown email and a wrong password, in words and in time.
        """
        now = self._sessions.clock()
        device = self._devices.device(asking.device_token, email)
        try:
            found = await in_thread(self._attempt, email, asking.address, device, now=now)
        except Problem:
            self._metrics.sign_ins.labels("limited").inc()
            raise
        verdict = await self._passwords.verify(found.password_hash if found else None, password)
        if found is None or not verdict.matches:
            self._metrics.sign_ins.labels("refused").inc()
            if found:
                # After the answer: it must not take longer where there is an account.
                self._outgoing.begin(
                    self._history.note(found.user.id, Event.SIGN_IN_FAILED, asking.client, now=now)
                )
            raise Problem(401, "The email or the password is not right.", headers=CHALLENGE)
        self._refuse_shut(found.user)
        if verdict.replacement:
            # Only if it is still the hash that was checked: a newer password must stay.
            await in_thread(
                self._store.replace_password_hash,
                found.user.id,
                found.password_hash,
                verdict.replacement,
            )
        return await self.half_way(
            found.user, asking, cleared=self._limits.tried(email, device, now=now)
        )

    async def half_way(
        self, user: User, asking: Asking, *, cleared: str | None = None
    ) -> OpenSession | Ticket:
        """What one factor opens: a session, or where the owner wants two, the way to the other.

        `cleared`: the counter of what was tried at this factor. Raises Problem: 403 (shut).
        """
        self._refuse_shut(user)
        if not user.second_factor:
            return await self.entered(user, asking, cleared=cleared)
        if cleared:
            await in_thread(self._store.clear_hits, cleared)
        return await self._tickets.new(user)

    async def entered(
        self, user: User, asking: Asking, *, cleared: str | None = None
    ) -> OpenSession:
        """A session for who has proved to be an account's owner. Raises Problem: 403 (shut)."""
        self._refuse_shut(user)
        self._metrics.sign_ins.labels("ok").inc()
        return await self._sessions.open(
            user,
            asking.client,
            Event.SIGNED_IN,
            instead_of=asking.session_token,
            cleared=cleared,
        )

    async def confirm(self, caller: Caller, password: str) -> None:
        """Notes that the caller knows the password. Raises Problem: 403, 429, 503."""
        await self.check_password(caller, password, field="password")
        await in_thread(self._store.confirm_session, caller.session.id, now=self._sessions.clock())

    async def check_password(self, caller: Caller, password: str, *, field: str) -> None:
        """Raises Problem (403) where it is not the caller's; 429 after too many."""
        await self._limits.confirm(caller.session.id, now=self._sessions.clock())
        found = await in_thread(self._store.credentials_of, caller.user.id)
        verdict = await self._passwords.verify(found.password_hash if found else None, password)
        if not verdict.matches:
            wrong = "This is not your password."
            raise Problem(403, wrong, errors=[FieldError(field=field, message=wrong)])

    def device_token(self, user: User) -> str:
        """What makes this device one that the account's owner has used."""
        return self._devices.issue(user.email, now=self._sessions.clock())

    def _attempt(
        self, email: str, address: str, device: str | None, *, now: datetime
    ) -> Credentials | None:
        """Whose account it would be, once the attempt is counted; one thread's work."""
        self._limits.sign_in(email, address, device, now=now)
        return self._store.credentials(email)

    def _refuse_shut(self, user: User) -> None:
        if user.disabled_at:
            self._metrics.sign_ins.labels("refused").inc()
            raise Problem(403, "This account has been shut.", kind=Kind.ACCOUNT_DISABLED)

    async def _invite(self, user: User, password_hash: str, now: datetime) -> None:
        if not await self._limits.may_mail("sign-up", user.email, now=now):
            return
        if await in_thread(self._store.credentials, user.email):
            await self._outgoing.send(self._messages.already(user.email))
            return
        token = new_secret()
        pending = PendingUser(secret_hash(token), user, password_hash, now + PENDING_FOR)
        await in_thread(self._store.keep_pending, pending)
        await self._outgoing.send(self._messages.verify(user.email, token))
