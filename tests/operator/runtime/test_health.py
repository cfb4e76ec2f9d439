"""The port for probes and metrics: ready only while it is, and alive only while the loop runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from support.ports import free_port

from appinstance_operator.runtime.health import Health
from appinstance_operator.signals.metrics import Metrics


@pytest.fixture
async def health() -> AsyncIterator[tuple[Health, httpx.AsyncClient]]:
    port = free_port()
    found = Health(Metrics(), port)
    await found.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield found, client
    await found.stop()


async def test_it_is_ready_only_while_it_says_so(
    health: tuple[Health, httpx.AsyncClient],
) -> None:
    process, client = health
    before = await client.get("/readyz")
    assert (before.status_code, before.text) == (503, "the caches are being filled\n")
    process.ready = True
    assert (await client.get("/readyz")).status_code == 200
    process.ready = False  # it winds down
    assert (await client.get("/readyz")).status_code == 503


async def test_it_is_alive_from_the_start_and_shows_its_metrics(
    health: tuple[Health, httpx.AsyncClient],
) -> None:
    _, client = health
    assert (await client.get("/healthz")).status_code == 200
    page = await client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    assert "appinstance_leader 0.0" in page.text


async def test_after_the_end_nobody_answers(health: tuple[Health, httpx.AsyncClient]) -> None:
    process, client = health
    await process.stop()
    with pytest.raises(httpx.ConnectError):
        await client.get("/healthz")
