"""Deleting what has expired, in the background."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from appinstance_app.housekeeping import keep_house
from appinstance_app.store.protocol import StoreUnavailableError
from appinstance_app.workers import Busy

NOW = datetime(2026, 5, 4, tzinfo=UTC)


class Store:
    """Fails the first time, and tells when it was called three times."""

    def __init__(self, failure: Exception) -> None:
        self.calls: list[datetime] = []
        self.failure = failure
        self.loop = asyncio.get_running_loop()
        self.enough = asyncio.Event()

    def purge_expired(self, *, now: datetime) -> int:
        self.calls.append(now)
        if len(self.calls) == 3:
            self.loop.call_soon_threadsafe(self.enough.set)
        if len(self.calls) == 1:
            raise self.failure
        return 7


@pytest.mark.parametrize(
    "failure",
    [StoreUnavailableError("planted"), Busy("planted", "late"), RuntimeError("a bug")],
    ids=lambda failure: type(failure).__name__,
)
async def test_it_goes_on_after_any_failure_until_it_is_cancelled(failure: Exception) -> None:
    store: Any = Store(failure)
    task = asyncio.create_task(keep_house(store, clock=lambda: NOW, pause_seconds=0.001))
    with anyio.fail_after(60):
        await store.enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set(store.calls) == {NOW}
