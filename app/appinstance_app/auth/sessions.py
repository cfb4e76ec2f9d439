"""Sessions: how one begins, goes on, is shown to its owner, and ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from appinstance_app.problems import Kind, Problem
from appinstance_app.store.records import (
    Event,
    RefreshToken,
    Refused,
    Session,
    User,
    new_id,
)
from appinstance_app.workers import in_thread

from .tokens import Access, InvalidTokenError, new_secret, secret_hash, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from appinstance_app.metrics import Metrics
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Client

    from .history import History
    from .tokens import AccessTokens

CONFIRMED_FOR: Final = timedelta(minutes=10)
"""How long a proof of being the owner is good for what needs one."""
GRACE: Final = timedelta(seconds=20)
"""How long an answer to a refresh may take to be lost, and asked for again."""
CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OpenSession:
    """What the client of a session gets."""

    user: User
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


@dataclass(frozen=True)
class Caller:
    """Who sent a request."""

    user: User
    session: Session


@dataclass(frozen=True)
class Lifetimes:
    """How long a refresh token waits for its use, and how long a session lasts at most."""

    refresh_token: timedelta
    session: timedelta


class SessionService:
    """Opens, refreshes, lists and ends sessions."""

    def __init__(
        self,
        store: Store,
        tokens: AccessTokens,
        history: History,
        *,
        lifetimes: Lifetimes,
        metrics: Metrics,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._history = history
        self._lifetimes = lifetimes
        self._metrics = metrics
        self.clock = clock

    @property
    def access_seconds(self) -> int:
        """How long an access token is valid."""
        return int(self._tokens.lifetime.total_seconds())

    async def open(
        self,
        user: User,
        client: Client,
        event: Event,
        *,
        instead_of: str | None,
        cleared: str | None = None,
    ) -> OpenSession:
        """A session for an account's owner, who is told by which `event` it began.

        It ends the one that the browser had (`instead_of`), and the counter `cleared` begins anew.
        """
        now = self.clock()
        token = new_secret()
        session = Session(
            id=new_id(),
            user_id=user.id,
            created_at=now,
            expires_at=now + self._lifetimes.session,
            client=client,
            last_used_at=now,
            confirmed_at=now,
        )
        expires_at = min(now + self._lifetimes.refresh_token, session.expires_at)
        await in_thread(
            self._store.open_session,
            session,
            RefreshToken(secret_hash(token), session.id, expires_at),
            instead_of=secret_hash(instead_of) if instead_of else None,
            noted=self._history.logged(user.id, event, client, now=now),
            cleared=cleared,
        )
        return self._opened(user, session, token, expires_at, now)

    async def refresh(self, token: str | None, client: Client) -> OpenSession:
        """The session's next pair of tokens. Raises Problem: 401.

        A token that was used before was copied at some time, and nobody can tell who holds the
        copy: the whole family ends, in a transaction of its own. Only just after its use, while
        what came of it was never seen again, the answer was lost.
        """
        now = self.clock()
        if not token:
            raise session_over()
        successor = new_secret()
        expires_at = now + self._lifetimes.refresh_token
        rotation = await in_thread(
            self._store.rotate,
            secret_hash(token),
            successor=secret_hash(successor),
            expires_at=expires_at,
            now=now,
            grace=GRACE,
        )
        session = rotation.session
        if rotation.refused is Refused.REUSED and session:
            await in_thread(self._store.revoke_session, session.id, now=now)
            self._metrics.refreshes.labels("reused").inc()
            _log.warning("session.revoked", user=session.user_id, cause="reused token")
            raise session_over()
        found = None
        if session and not rotation.refused:
            await in_thread(self._store.note_use, session.id, client, now=now)
            found = await in_thread(self._store.caller, session.id, now=now)
        if found is None:
            self._metrics.refreshes.labels("refused").inc()
            raise session_over()
        self._metrics.refreshes.labels("ok").inc()
        user, session = found
        return self._opened(user, session, successor, min(expires_at, session.expires_at), now)

    async def caller(self, access_token: str | None) -> Caller:
        """Who holds an access token, of a session that goes on. Raises Problem (401)."""
        found = None
        try:
            access = self._tokens.read(access_token or "")
        except InvalidTokenError:
            pass
        else:
            found = await in_thread(self._store.caller, access.session_id, now=self.clock())
            if found and found[0].id != access.user_id:
                found = None
        if found is None:
            raise Problem(
                401,
                "Sign in first: there is no valid access token with this request.",
                headers=CHALLENGE,
            )
        return Caller(*found)

    async def sign_out(self, token: str | None, client: Client) -> None:
        """Ends the session of this token, if there is one."""
        session = await in_thread(self._store.session_of, secret_hash(token)) if token else None
        if session:
            now = self.clock()
            await in_thread(self._store.revoke_session, session.id, now=now)
            await self._history.note(session.user_id, Event.SIGNED_OUT, client, now=now)

    async def of(self, user: User) -> Sequence[Session]:
        """The account's sessions, the one used last first."""
        return await in_thread(self._store.sessions_of, user.id, now=self.clock())

    async def end(self, caller: Caller, session_id: str, client: Client) -> None:
        """Ends one of the caller's own sessions. Raises Problem (404)."""
        if session_id not in {session.id for session in await self.of(caller.user)}:
            raise Problem(404, "You have no such session; it may have ended already.")
        now = self.clock()
        await in_thread(self._store.revoke_session, session_id, now=now)
        await self._history.note(caller.user.id, Event.SESSION_ENDED, client, now=now)

    async def end_others(self, caller: Caller, client: Client) -> None:
        """Ends all of the caller's sessions but this one."""
        now = self.clock()
        ended = await in_thread(
            self._store.revoke_sessions, caller.user.id, keep=caller.session.id, now=now
        )
        if ended:
            await self._history.note(caller.user.id, Event.SESSION_ENDED, client, now=now)

    def require_confirmed(self, caller: Caller) -> None:
        """Raises Problem (403) where being the owner was not proved for too long."""
        confirmed = caller.session.confirmed_at
        if confirmed is None or self.clock() - confirmed > CONFIRMED_FOR:
            raise Problem(
                403,
                "Confirm first that it is you; then do this again.",
                kind=Kind.CONFIRMATION_REQUIRED,
            )

    def _opened(
        self, user: User, session: Session, token: str, expires_at: datetime, now: datetime
    ) -> OpenSession:
        return OpenSession(
            user=user,
            access_token=self._tokens.issue(Access(user.id, session.id), now=now),
            refresh_token=token,
            refresh_expires_at=expires_at,
        )


def session_over() -> Problem:
    """What a client without a session is told."""
    return Problem(401, "The session has ended; sign in again.", headers=CHALLENGE)
