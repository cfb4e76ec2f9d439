"""What happens to an account: kept for its owner to see, and logged without personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from appinstance_app.store.records import Activity
from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from appinstance_app.store.protocol import Store
    from appinstance_app.store.records import Client, Event

KEPT: Final = timedelta(days=90)
MOST: Final = 50
MOST_FAILED: Final = 10
"""Apart, so that whoever guesses pushes nothing else out of the owner's sight."""
_log = structlog.get_logger(__name__)


class History:
    """Writes and reads activity."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, user_id: str, event: Event, client: Client, *, now: datetime) -> None:
        """Keeps an event for the owner, and logs it by the account's id alone."""
        await in_thread(self._store.add_activity, self.logged(user_id, event, client, now=now))

    def logged(self, user_id: str, event: Event, client: Client, *, now: datetime) -> Activity:
        """The same for who keeps it with something else, in one transaction."""
        _log.info("account.activity", user=user_id, activity=event.value)
        return Activity(user_id, now, event, client, now + KEPT)

    async def of(self, user_id: str) -> Sequence[Activity]:
        """The account's last events, the newest first."""
        failed = await in_thread(self._store.activity_of, user_id, most=MOST_FAILED, failed=True)
        rest = await in_thread(
            self._store.activity_of, user_id, most=MOST - len(failed), failed=False
        )
        return sorted([*failed, *rest], key=lambda item: item.at, reverse=True)
