"""Rate limits, counted in the store so that all replicas count together.

Fixed windows: one atomic increment per attempt, before any password is looked at, so that attempts
at the same moment can't slip through. Keys hold hashes, no emails and no addresses.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from appinstance_app.client_address import limit_key
from appinstance_app.problems import Kind, Problem
from appinstance_app.store.records import Hit
from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appinstance_app.settings import Settings
    from appinstance_app.store.protocol import Store

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts by one subject in each window of `seconds`."""

    scope: str
    most: int
    seconds: int


def account_limit(settings: Settings) -> Limit:
    """What strangers may try at one account."""
    return Limit("sign-in-account", settings.sign_in_per_account, settings.sign_in_window_seconds)


def account_key(settings: Settings, email: str, now: datetime) -> str:
    """The counter of what was tried at an account in the window that is now."""
    return _key(account_limit(settings), email, now)


class RateLimits:
    """Counts attempts. Raises Problem (429) with the seconds to wait.

    Who guesses at somebody's password uses up what strangers have, for that account and from that
    address. The owner on a device that has signed in before has an allowance of its own, so no
    stranger can keep the owner out there; on a new device a link to a new password helps.
    """

    def __init__(
        self, store: Store, *, account: Limit, address: Limit, sign_up: Limit, mail: Limit
    ) -> None:
        self._store = store
        self._account = account
        self._device = Limit("sign-in-device", account.most, account.seconds)
        self._address = address
        self._sign_up = sign_up
        self._mail = mail

    def sign_in(self, email: str, address: str, device: str | None, *, now: datetime) -> None:
        """Counts an attempt to sign in. `device`: the id of a known one of this account.

        Blocking, so that what follows it can be done on the same thread.
        """
        if device:
            self._counted([(self._device, device)], now)
            return
        # The address first: a flood from one is stopped before it uses up an account's allowance.
        self._counted([(self._address, limit_key(address)), (self._account, email)], now)

    def tried(self, email: str, device: str | None, *, now: datetime) -> str:
        """The counter that is cleared for whoever knows the password, and so starts anew."""
        return _key(self._device, device, now) if device else _key(self._account, email, now)

    async def confirm(self, session_id: str, *, now: datetime) -> None:
        """Counts an attempt to prove, within a session, that one knows the password."""
        await self.count(self._device, session_id, now)

    async def sign_up(self, address: str, *, now: datetime) -> None:
        """Counts an attempt to make an account."""
        await self.count(self._sign_up, limit_key(address), now)

    async def challenge(self, address: str, *, now: datetime) -> None:
        """Counts that an address asks for a challenge, which the store has to keep."""
        limit = Limit("challenge", self._address.most, self._address.seconds)
        await self.count(limit, limit_key(address), now)

    async def recovery_code(self, user_id: str, *, now: datetime) -> None:
        """Counts a try at an account's recovery codes, by whom its password is known to."""
        limit = Limit("recovery-code", self._account.most, self._account.seconds)
        await self.count(limit, user_id, now)

    async def ask_for_mail(self, address: str, *, now: datetime) -> None:
        """Counts that an address asks for a mail to be sent to somebody."""
        await self.count(self._sign_up, limit_key(address), now)

    async def may_mail(self, kind: str, email: str, *, now: datetime) -> bool:
        """Counts a mail of a kind to somebody; whether it may go, which nobody is told.

        By kind, so that strangers who sign up with an address keep no other mail from its owner.
        """
        limit = Limit(f"mail-{kind}", self._mail.most, self._mail.seconds)
        try:
            await self.count(limit, email, now)
        except Problem:
            return False
        return True

    async def count(self, limit: Limit, subject: str, now: datetime) -> None:
        """Counts one attempt of this subject."""
        await in_thread(self._counted, [(limit, subject)], now)

    def _counted(self, attempts: Sequence[tuple[Limit, str]], now: datetime) -> None:
        hits = [
            Hit(
                _key(limit, subject, now),
                limit.most,
                datetime.fromtimestamp(_ends(limit, now), UTC),
            )
            for limit, subject in attempts
        ]
        counts = self._store.count_in_turn(hits)
        limit, count = attempts[len(counts) - 1][0], counts[-1]
        if count == limit.most + 1:
            # Once a window, so that a flood does not fill the log. Of whom, nobody learns from it.
            _log.warning("limit.reached", limit=limit.scope)
        if count > limit.most:
            wait = max(1, math.ceil(_ends(limit, now) - now.timestamp()))
            raise Problem(
                429,
                f"Too many attempts; try again in {wait} seconds.",
                headers={"Retry-After": str(wait)},
                kind=Kind.TOO_MANY,
            )


def _window(limit: Limit, now: datetime) -> int:
    return int(now.timestamp()) // limit.seconds


def _ends(limit: Limit, now: datetime) -> int:
    return (_window(limit, now) + 1) * limit.seconds


def _key(limit: Limit, subject: str, now: datetime) -> str:
    digest = hashlib.sha256(subject.encode()).hexdigest()[:40]
    return f"{limit.scope}:{digest}:{_window(limit, now)}"
