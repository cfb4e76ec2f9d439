"""What owners change about their accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from appinstance_app.store.records import Event
from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from appinstance_app.auth.history import History
    from appinstance_app.auth.passwords import Passwords
    from appinstance_app.auth.sessions import Caller, SessionService
    from appinstance_app.avatars.outbox import Outbox
    from appinstance_app.mail.messages import Messages
    from appinstance_app.mail.outgoing import Outgoing
    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Client, User

_log = structlog.get_logger(__name__)


class UserService:
    """Name, password, and the end of an account."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        sessions: SessionService,
        history: History,
        outbox: Outbox,
        *,
        outgoing: Outgoing,
        messages: Messages,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._sessions = sessions
        self._history = history
        self._outbox = outbox
        self._outgoing = outgoing
        self._messages = messages

    async def rename(self, caller: Caller, name: str, client: Client) -> User:
        """The account under its new name."""
        await in_thread(self._store.set_display_name, caller.user.id, name)
        now = self._sessions.clock()
        await self._history.note(caller.user.id, Event.PROFILE_CHANGED, client, now=now)
        return replace(caller.user, display_name=name)

    async def change_password(self, caller: Caller, password: str, client: Client) -> None:
        """Sets the password and ends all other sessions. Raises Problem: 422."""
        user, now = caller.user, self._sessions.clock()
        password_hash = await self._passwords.hash_new(password, user.email, user.display_name)
        await in_thread(
            self._store.set_password_hash, user.id, password_hash, keep=caller.session.id, now=now
        )
        await self._history.note(user.id, Event.PASSWORD_CHANGED, client, now=now)
        self._outgoing.begin(self._outgoing.send(self._messages.password_changed(user.email)))

    async def delete(self, caller: Caller) -> None:
        """Removes the account with all that is its own. Raises Problem: 403.

        The account goes first, then its picture's object: nobody is left who could be shown it.
        """
        self._sessions.require_confirmed(caller)
        gone = await in_thread(self._store.delete_user, caller.user.id, now=self._sessions.clock())
        if gone:
            _log.info("account.deleted", user=gone.id)
            self._outbox.wake()
