"""The pages that probes and Prometheus ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from appinstance_operator.runtime.health import Health
from appinstance_operator.signals.metrics import Metrics


@pytest.fixture
async def health() -> AsyncIterator[Health]:
    """A server on a port that was free."""
    server = Health(Metrics(), port=0)
    await server.start()
    yield server
    await server.stop()


async def _get(health: Health, path: str) -> httpx.Response:
    assert health._runner is not None
    port = next(item[1] for item in health._runner.addresses if item[0] == "0.0.0.0")
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


async def test_it_is_alive_but_not_ready_until_it_is_said_to_be(health: Health) -> None:
    assert (await _get(health, "/healthz")).status_code == 200
    unready = await _get(health, "/readyz")
    assert (unready.status_code, unready.text) == (503, "the caches are being filled\n")
    health.ready = True
    assert (await _get(health, "/readyz")).status_code == 200
    health.ready = False
    assert (await _get(health, "/readyz")).status_code == 503


async def test_metrics_are_shown_as_prometheus_reads_them(health: Health) -> None:
    page = await _get(health, "/metrics")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/plain")
    assert "# TYPE appinstance_" in page.text
