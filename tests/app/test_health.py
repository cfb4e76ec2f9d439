"""Liveness and readiness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from appinstance_app.health import Health
from appinstance_app.store.protocol import StoreUnavailableError

if TYPE_CHECKING:
    from app.conftest import Running


class Store:
    """A database that can be away; counts how often it is asked."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    def check(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreUnavailableError("planted")


async def test_ready_with_a_database_and_not_without_one() -> None:
    store: Any = Store()
    now = 0.0
    health = Health(store, clock=lambda: now)
    assert await health.reason_not_ready() is None
    store.away = True
    now = 2.0
    assert await health.reason_not_ready() == "The database does not answer."
    store.away = False
    now = 4.0
    assert await health.reason_not_ready() is None


async def test_many_questions_are_one_for_the_database() -> None:
    store: Any = Store()
    health = Health(store, clock=lambda: 0.0)
    for _ in range(10):
        await health.reason_not_ready()
    assert store.asked == 1


async def test_draining_is_not_ready_and_asks_nobody() -> None:
    store: Any = Store()
    health = Health(store)
    health.draining = True
    assert await health.reason_not_ready() == "This process is about to end."
    assert store.asked == 0


async def test_a_database_that_is_away_does_not_get_the_process_restarted(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreUnavailableError("planted")

    monkeypatch.setattr(running.app.state.context.store, "check", away)
    assert (await running.client.get("/healthz")).status_code == 200
    answer = await running.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "planted" not in answer.text


async def test_while_draining_requests_are_still_answered(running: Running) -> None:
    running.app.state.context.health.draining = True
    assert (await running.client.get("/readyz")).status_code == 503
    assert (await running.client.get("/healthz")).status_code == 200
    await running.signed_up()
