"""Sessions: who gets one, how it goes on, how it ends. Knows nothing of HTTP but its problems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from appinstance_app.problems import FieldError, Problem
from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import RefreshToken, Refused, Session, User, new_id
from appinstance_app.workers import in_thread

from .tokens import new_refresh_token, refresh_token_hash, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from appinstance_app.metrics import Metrics
    from appinstance_app.store.protocol import Store

    from .limits import RateLimits
    from .passwords import Passwords
    from .tokens import AccessTokens

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, repr=False)
class OpenSession:
    """What the client of a session gets. No repr: it holds both tokens."""

    user: User
    access_token: str
    refresh_token: str
    refresh_expires_at: datetime


@dataclass(frozen=True)
class Lifetimes:
    """How long a refresh token waits for its use, and how long a session lasts at most."""

    refresh_token: timedelta
    session: timedelta


class AuthService:
    """Sign-up, sign-in, refresh, sign-out."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        tokens: AccessTokens,
        limits: RateLimits,
        *,
        lifetimes: Lifetimes,
        metrics: Metrics,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._tokens = tokens
        self._limits = limits
        self._lifetimes = lifetimes
        self._metrics = metrics
        self._clock = clock

    @property
    def access_seconds(self) -> int:
        """How long an access token is valid."""
        return int(self._tokens.lifetime.total_seconds())

    async def sign_up(
        self, *, email: str, password: str, display_name: str, address: str
    ) -> OpenSession:
        """A new account with a session. Raises Problem: 409 taken, 429, 503."""
        now = self._clock()
        await self._limits.sign_up(address, now=now)
        password_hash = await self._passwords.hash(password)
        user = User(id=new_id(), email=email, display_name=display_name, created_at=now)
        try:
            await in_thread(self._store.add_user, user, password_hash)
        except EmailTakenError:
            taken = "There is already an account with this email."
            raise Problem(409, taken, errors=[FieldError(field="email", message=taken)]) from None
        _log.info("account.created", user=user.id)
        return await self._open(user, now)

    async def sign_in(self, *, email: str, password: str, address: str) -> OpenSession:
        """A session for an account's owner. Raises Problem: 401, 429, 503.

        The 401 is the same for an unknown email and a wrong password, in words and in time.
        """
        now = self._clock()
        try:
            await self._limits.sign_in(email, address, now=now)
        except Problem:
            self._metrics.sign_ins.labels("limited").inc()
            raise
        found = await in_thread(self._store.credentials, email)
        verdict = await self._passwords.verify(found.password_hash if found else None, password)
        if found is None or not verdict.matches:
            self._metrics.sign_ins.labels("refused").inc()
            _log.info("sign_in.refused", user=found.user.id if found else None)
            raise Problem(401, "The email or the password is not right.", headers=_CHALLENGE)
        if verdict.replacement:
            # Only if it is still the hash that was checked: a newer password must stay.
            await in_thread(
                self._store.replace_password_hash,
                found.user.id,
                found.password_hash,
                verdict.replacement,
            )
            _log.info("password.rehashed", user=found.user.id)
        await self._limits.signed_in(email, now=now)
        self._metrics.sign_ins.labels("ok").inc()
        return await self._open(found.user, now)

    async def refresh(self, token: str | None) -> OpenSession:
        """The session's next pair of tokens. Raises Problem: 401.

        A token that was used before was copied at some time, and nobody can tell who holds the
        copy: the whole family ends, in a transaction of its own.
        """
        now = self._clock()
        if not token:
            raise _session_over()
        successor = new_refresh_token()
        expires_at = now + self._lifetimes.refresh_token
        rotation = await in_thread(
            self._store.rotate,
            refresh_token_hash(token),
            successor=refresh_token_hash(successor),
            expires_at=expires_at,
            now=now,
        )
        if rotation.refused is Refused.REUSED and rotation.session:
            await in_thread(self._store.revoke_session, rotation.session.id, now=now)
            self._metrics.refreshes.labels("reused").inc()
            _log.warning("session.revoked", user=rotation.session.user_id, cause="reused token")
            raise _session_over()
        user = (
            await in_thread(self._store.user, rotation.session.user_id)
            if rotation.session and not rotation.refused
            else None
        )
        if user is None or rotation.session is None:
            self._metrics.refreshes.labels("refused").inc()
            raise _session_over()
        self._metrics.refreshes.labels("ok").inc()
        return OpenSession(
            user=user,
            access_token=self._tokens.issue(user.id, now=now),
            refresh_token=successor,
            refresh_expires_at=min(expires_at, rotation.session.expires_at),
        )

    async def sign_out(self, token: str | None) -> None:
        """Ends the session of this token, if there is one."""
        session = (
            await in_thread(self._store.session_of, refresh_token_hash(token)) if token else None
        )
        if session:
            await in_thread(self._store.revoke_session, session.id, now=self._clock())

    async def _open(self, user: User, now: datetime) -> OpenSession:
        token = new_refresh_token()
        session = Session(
            id=new_id(),
            user_id=user.id,
            created_at=now,
            expires_at=now + self._lifetimes.session,
        )
        expires_at = min(now + self._lifetimes.refresh_token, session.expires_at)
        await in_thread(
            self._store.open_session,
            session,
            RefreshToken(refresh_token_hash(token), session.id, expires_at),
        )
        return OpenSession(
            user=user,
            access_token=self._tokens.issue(user.id, now=now),
            refresh_token=token,
            refresh_expires_at=expires_at,
        )


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _session_over() -> Problem:
    return Problem(401, "The session has ended; sign in again.", headers=_CHALLENGE)
