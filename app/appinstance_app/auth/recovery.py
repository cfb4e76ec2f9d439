"""What goes by mailed links: a forgotten password, a confirmed address, another address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from appinstance_app.problems import FieldError, Kind, Problem
from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import Event, Link, Purpose
from appinstance_app.workers import Busy, in_thread

from .tokens import new_secret, secret_hash

if TYPE_CHECKING:
    from datetime import datetime

    from appinstance_app.mail.messages import Messages
    from appinstance_app.mail.outgoing import Outgoing
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Client, User

    from .history import History
    from .limits import RateLimits
    from .passwords import Passwords
    from .sessions import Caller, SessionService

RESET_FOR: Final = timedelta(minutes=30)
VERIFY_FOR: Final = timedelta(hours=24)


class RecoveryService:
    """Sends links, and does what they are for."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        sessions: SessionService,
        limits: RateLimits,
        history: History,
        *,
        outgoing: Outgoing,
        messages: Messages,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._sessions = sessions
        self._limits = limits
        self._history = history
        self._outgoing = outgoing
        self._messages = messages

    async def ask_for_reset(self, email: str, address: str) -> None:
        """Sends a link to choose a new password, if there is such an account.

        All that depends on whether there is happens after the answer. Raises Problem: 404 (no
        mail), 429.
        """
        self._require_mail()
        now = self._sessions.clock()
        await self._limits.ask_for_mail(address, now=now)
        self._outgoing.begin(self._send_reset(email, now))

    async def reset(self, token: str, password: str, client: Client) -> User:
        """Sets the password and ends all sessions. Raises Problem: 410, 422."""
        now = self._sessions.clock()
        link = await in_thread(self._store.use_link, secret_hash(token), [Purpose.RESET], now=now)
        user = await in_thread(self._store.user, link.user_id) if link else None
        if link is None or user is None or user.email != link.email:
            raise _invalid()
        try:
            password_hash = await self._passwords.hash_new(password, user.email, user.display_name)
        except (Problem, Busy):
            # The link goes on: it was the password that was refused, or nobody had the time.
            await in_thread(self._store.keep_link, link)
            raise
        await in_thread(self._store.set_password_hash, user.id, password_hash, keep=None, now=now)
        # Whoever got the mail has the address.
        await in_thread(self._store.set_email, user.id, user.email, verified_at=now)
        await self._history.note(user.id, Event.PASSWORD_RESET, client, now=now)
        self._outgoing.begin(self._outgoing.send(self._messages.password_changed(user.email)))
        return user

    async def verify(self, token: str, client: Client) -> None:
        """Opens the account, or gives it the address, that a link stands for. Raises Problem: 410.

        Nobody is signed in by it: who only reads the mail does not know the password.
        """
        now = self._sessions.clock()
        user = await in_thread(self._store.admit_pending, secret_hash(token), now=now)
        if user:
            await self._history.note(user.id, Event.ACCOUNT_CREATED, client, now=now)
            return
        purposes = [Purpose.VERIFY, Purpose.NEW_EMAIL]
        link = await in_thread(self._store.use_link, secret_hash(token), purposes, now=now)
        if link is None:
            raise _invalid()
        owner = await in_thread(self._store.user, link.user_id)
        if owner is None or (link.purpose is Purpose.VERIFY and owner.email != link.email):
            raise _invalid()
        try:
            await in_thread(self._store.set_email, owner.id, link.email, verified_at=now)
        except EmailTakenError:
            raise _invalid() from None
        changed = link.purpose is Purpose.NEW_EMAIL
        event = Event.EMAIL_CHANGED if changed else Event.EMAIL_VERIFIED
        await self._history.note(owner.id, event, client, now=now)

    async def send_verification(self, caller: Caller) -> None:
        """Sends the link to confirm the account's own address. Raises Problem: 404 (no mail)."""
        self._require_mail()
        now, user = self._sessions.clock(), caller.user
        if user.email_verified_at is None and await self._limits.may_mail(
            "verify", user.email, now=now
        ):
            token = await self._kept(user, Purpose.VERIFY, user.email, now + VERIFY_FOR)
            self._outgoing.begin(self._outgoing.send(self._messages.verify(user.email, token)))

    async def change_email(self, caller: Caller, email: str) -> None:
        """Sends a link to the new address and a word to the old. Raises Problem: 403, 404, 422.

        An address that somebody has gets the same answer; its owner is told, as at sign-up.
        """
        self._require_mail()
        self._sessions.require_confirmed(caller)
        now = self._sessions.clock()
        if email == caller.user.email:
            same = "This is your address already."
            raise Problem(422, same, errors=[FieldError(field="email", message=same)])
        self._outgoing.begin(self._send_change(caller.user, email, now))

    async def _send_reset(self, email: str, now: datetime) -> None:
        found = await in_thread(self._store.credentials, email)
        if found is None or not await self._limits.may_mail("reset", email, now=now):
            return
        token = await self._kept(found.user, Purpose.RESET, email, now + RESET_FOR)
        await self._outgoing.send(self._messages.reset(email, token))

    async def _send_change(self, user: User, email: str, now: datetime) -> None:
        if not await self._limits.may_mail("new-email", email, now=now):
            return
        await self._outgoing.send(self._messages.address_changing(user.email))
        if await in_thread(self._store.credentials, email):
            await self._outgoing.send(self._messages.already(email))
            return
        token = await self._kept(user, Purpose.NEW_EMAIL, email, now + VERIFY_FOR)
        await self._outgoing.send(self._messages.new_address(email, token))

    async def _kept(self, user: User, purpose: Purpose, email: str, until: datetime) -> str:
        token = new_secret()
        link = Link(secret_hash(token), user.id, purpose, email, until)
        await in_thread(self._store.keep_link, link)
        return token

    def _require_mail(self) -> None:
        if not self._outgoing.is_there:
            raise Problem(404, "This service sends no mail; ask who runs it.")


def _invalid() -> Problem:
    return Problem(410, "This link is no longer valid; ask for a new one.", kind=Kind.LINK_INVALID)
