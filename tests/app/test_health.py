"""Liveness and readiness."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from appinstance_app.health import Health, health_app
from appinstance_app.store.protocol import SchemaUnfitError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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


async def test_a_schema_that_will_not_do_is_told_from_a_database_that_is_away() -> None:
    class Old:
        def check(self) -> None:
            raise SchemaUnfitError("The schema is old: run something.")

    store: Any = Old()
    assert await Health(store).reason_not_ready() == "The schema is old: run something."


async def test_a_database_that_hangs_is_not_ready_in_time_and_a_crowd_waits_for_one_look() -> None:
    asked, release = 0, threading.Event()

    class Hanging:
        def check(self) -> None:
            nonlocal asked
            asked += 1
            release.wait(20)

    store: Any = Hanging()
    health = Health(store, look_seconds=0.05)
    answers = await asyncio.gather(*(health.reason_not_ready() for _ in range(300)))
    assert set(answers) == {"The database does not answer."}
    assert asked == 1
    release.set()


@pytest.fixture
async def probe(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client on the port that is not public."""
    parts = running.app.state.context
    transport = httpx.ASGITransport(health_app(parts.health, parts.metrics.registry))
    async with httpx.AsyncClient(transport=transport, base_url="http://pod") as client:
        yield client


async def test_a_database_that_is_away_does_not_get_the_process_restarted(
    running: Running, probe: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreUnavailableError("planted")

    monkeypatch.setattr(running.app.state.context.store, "check", away)
    assert (await probe.get("/healthz")).status_code == 200
    answer = await probe.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "planted" not in answer.text


async def test_while_draining_requests_are_still_answered(
    running: Running, probe: httpx.AsyncClient
) -> None:
    running.app.state.context.health.draining = True
    assert (await probe.get("/readyz")).status_code == 503
    assert (await probe.get("/healthz")).status_code == 200
    await running.signed_up()


async def test_metrics_and_readiness_are_not_on_the_serving_port(
    running: Running, probe: httpx.AsyncClient
) -> None:
    await running.client.get("/nowhere")
    assert 'route="unmatched",status="404"' in (await probe.get("/metrics")).text
    assert (await running.client.get("/healthz")).text == "ok\n"
    for path in ("/metrics", "/readyz"):
        assert (await running.client.get(path)).status_code == 404
