"""Deleting what has expired, in the background."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from appinstance_app.housekeeping import keep_house
from appinstance_app.store.protocol import StoreUnavailableError

NOW = datetime(2026, 5, 4, tzinfo=UTC)


class Store:
    """Fails the first time, and tells when it was called three times."""

    def __init__(self) -> None:
        self.calls: list[datetime] = []
        self.enough = anyio.Event()

    def purge_expired(self, *, now: datetime) -> int:
        self.calls.append(now)
        if len(self.calls) == 3:
            anyio.from_thread.run_sync(self.enough.set)
        if len(self.calls) == 1:
            raise StoreUnavailableError("planted")
        return 7


async def test_it_goes_on_after_a_failure_until_it_is_cancelled() -> None:
    store: Any = Store()
    task = asyncio.create_task(keep_house(store, clock=lambda: NOW, pause_seconds=0.001))
    with anyio.fail_after(10):
        await store.enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set(store.calls) == {NOW}
