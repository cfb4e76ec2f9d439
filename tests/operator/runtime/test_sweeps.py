"""When databases were last put right: told from the CronJob, and never better than it is."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from support.scripted_api import Call, ScriptedApi, running

from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import SWEEP_JOB
from appinstance_operator.runtime import sweeps
from appinstance_operator.runtime.sweeps import Sweeps
from appinstance_operator.signals.metrics import Metrics

MADE, ENDED = "2026-11-28T10:00:00Z", "2026-11-28T12:00:00Z"


def _seconds(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def _listed(**status: str) -> tuple[int, Any]:
    meta = {"name": SWEEP_JOB, "creationTimestamp": MADE}
    return 200, {"items": [{"metadata": meta, "status": status}]}


class Bench:
    """The watcher on an API server that answers by script."""

    def __init__(self, api: ScriptedApi) -> None:
        self.api = api
        self.metrics = Metrics()
        self.sweeps = Sweeps(Kube(access=api.access()), "appinstance-system", self.metrics)

    @property
    def shown(self) -> float:
        """What a scrape is told."""
        lines = b"".join(self.metrics.page()).decode().splitlines()
        name = "appinstance_database_sweep_timestamp_seconds "
        (line,) = [line for line in lines if line.startswith(name)]
        return float(line.removeprefix(name))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running() as api:
        yield Bench(api)


def test_it_is_when_the_last_one_ended_well(bench: Bench) -> None:
    bench.api.answers = [_listed(lastSuccessfulTime=ENDED, lastScheduleTime="2026-11-28T12:10:00Z")]
    bench.sweeps.look()
    assert bench.shown == _seconds(ENDED)


def test_one_that_never_ended_well_counts_from_when_it_was_made(bench: Bench) -> None:
    """No value at all would be no alert."""
    bench.api.answers = [_listed(lastScheduleTime=ENDED)]
    bench.sweeps.look()
    assert bench.shown == _seconds(MADE)


def test_where_there_is_none_the_alert_comes(bench: Bench) -> None:
    bench.api.answers = [_listed(lastSuccessfulTime=ENDED), (200, {"items": []})]
    bench.sweeps.look()
    bench.sweeps.look()
    assert bench.shown == 0


async def test_an_api_server_that_refuses_leaves_what_was_known_and_is_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "LOOK_SECONDS", 0)
    known: list[float] = []
    seen, loop = asyncio.Event(), asyncio.get_running_loop()

    def later(_: Call) -> tuple[int, Any]:
        known.append(bench.shown)
        if len(known) == 2:
            loop.call_soon_threadsafe(seen.set)
        return _listed(lastSuccessfulTime=ENDED)

    bench.api.answers = [_listed(lastSuccessfulTime=MADE), (403, {"message": "no"}), later]
    looking = asyncio.create_task(bench.sweeps.run())
    await asyncio.wait_for(seen.wait(), 30)
    looking.cancel()
    assert known[:2] == [_seconds(MADE), _seconds(ENDED)]
