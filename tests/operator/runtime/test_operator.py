"""What a process starts, in which order, and what it ends. kopf and the threads are doubles."""

from __future__ import annotations

import asyncio
import threading
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import kopf
import pytest
import urllib3
from support.fake_iam import FakeIam, FakeIamClient, failure
from support.golden_settings import golden_settings
from support.iam_roles import ROLE
from support.operator_world import GOLDEN

from appinstance_operator.api.errors import CloudAccessDenied
from appinstance_operator.aws.keeper import RoleKeeper
from appinstance_operator.kube import credentials
from appinstance_operator.kube.access import Access
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.relist import Relist
from appinstance_operator.kube.watch import Watch
from appinstance_operator.runtime import operator as module
from appinstance_operator.runtime.operator import Operator
from appinstance_operator.runtime.sweeps import Sweeps
from appinstance_operator.runtime.watching import Watches
from appinstance_operator.runtime.workers import Workers

KEY = ("team", "shop")


class Process:
    """An operator whose parts write down when they begin and end."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, case: Path = GOLDEN, iam: object = None
    ) -> None:
        self.told: list[str] = []
        self.looked = threading.Event()
        self.ready: dict[str, int] = {}
        access = Access("http://cluster", urllib3.PoolManager())
        monkeypatch.setattr(credentials, "access", lambda: access)
        monkeypatch.setattr(module, "iam_client", lambda _settings: iam or object())
        monkeypatch.setattr(Watches, "fill", lambda _self: self._say("fill"))
        for part in (Watch, Relist, RoleKeeper, Workers):
            name = part.__name__
            monkeypatch.setattr(part, "start", lambda _self, name=name: self._say(f"{name} starts"))
        for part in (Watch, Relist):
            name = part.__name__
            monkeypatch.setattr(part, "stop", lambda _self, name=name: self._say(f"{name} stops"))
        monkeypatch.setattr(Sweeps, "look", lambda _self: self._look())
        monkeypatch.setattr(RoleKeeper, "stop", lambda _self, _seconds=0.0: True)
        monkeypatch.setattr(kopf, "operator", self._kopf)
        self.operator = Operator(golden_settings(case), port=0)
        self.operator.cache.put_instance(
            {"metadata": {"namespace": KEY[0], "name": KEY[1], "uid": "u", "resourceVersion": "1"}}
        )

    def _say(self, words: str) -> None:
        if words not in self.told:
            self.told.append(words)

    def _look(self) -> None:
        self._say("look at the sweep")
        self.looked.set()

    async def _kopf(self, **_: Any) -> None:
        self._say("kopf")
        if self.operator.sweeps:
            await asyncio.to_thread(self.looked.wait, 30)
        self.ready["kopf"] = await self.readyz()

    async def readyz(self) -> int:
        """Return what a readiness probe is answered."""
        runner = self.operator.health._runner
        assert runner is not None
        port = next(item[1] for item in runner.addresses if item[0] == "0.0.0.0")
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    """A process that has not run yet."""
    return Process(monkeypatch)


async def test_the_caches_are_filled_before_anything_is_looked_at(process: Process) -> None:
    assert await process.operator.run() == 0
    assert process.told == [
        "fill", "Watch starts", "Relist starts", "RoleKeeper starts", "Workers starts", "kopf",
        "Watch stops", "Relist stops",
    ]  # fmt: skip


async def test_where_databases_are_offered_their_sweep_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = Process(monkeypatch, GOLDEN.parent / "provisioned")
    assert await process.operator.run() == 0
    assert "look at the sweep" in process.told


async def test_all_that_is_there_is_looked_at_once_it_leads(process: Process) -> None:
    await process.operator.run()
    assert process.operator.leading
    assert await asyncio.wait_for(process.operator.queue.take(), 20) == KEY


async def test_it_is_ready_once_the_caches_are_filled_and_not_before(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    def fill(_watches: Watches) -> None:
        asked = asyncio.run_coroutine_threadsafe(process.readyz(), loop)
        process.ready["fill"] = asked.result(20)

    monkeypatch.setattr(Watches, "fill", fill)
    await process.operator.run()
    assert process.ready == {"fill": 503, "kopf": 200}


async def test_whoever_comes_to_lead_first_lists_what_decides_between_instances(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [ApiError(503, "away"), RuntimeError("broken")]

    def catch_up(_watches: Watches) -> None:
        if failures:
            raise failures.pop()
        process.told.append("caught up")

    monkeypatch.setattr(Watches, "catch_up", catch_up)
    monkeypatch.setattr(module, "backoff", lambda _failures: 0.0)
    operator = process.operator
    operator._loop = asyncio.get_running_loop()
    operator._come_to_lead()
    assert not operator.leading
    assert operator._coming is not None
    await asyncio.wait_for(operator._coming, 20)
    assert operator.leading
    assert process.told == ["caught up", "RoleKeeper starts", "Workers starts"]


async def test_one_that_ends_while_it_catches_up_does_not_lead(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = process.operator

    def catch_up(_watches: Watches) -> None:
        operator._ending = True

    monkeypatch.setattr(Watches, "catch_up", catch_up)
    operator._loop = asyncio.get_running_loop()
    operator._come_to_lead()
    assert operator._coming is not None
    await asyncio.wait_for(operator._coming, 20)
    assert not operator.leading


async def test_a_standby_queues_nothing(process: Process) -> None:
    process.operator.wake(KEY)
    assert not process.operator.queue._first
    assert not process.operator.queue._others


# What is shown of the process


def test_which_version_runs_is_shown(process: Process) -> None:
    version = metadata.version("appinstance-operator")
    shown = process.operator.metrics.registry.get_sample_value
    assert shown("appinstance_build_info", {"version": version}) == 1


def test_a_failed_request_to_iam_is_shown_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    iam = FakeIamClient(FakeIam(), "operator")

    def refuse(action: str, _role: str) -> None:
        raise failure("AccessDenied", action)

    iam.before = refuse
    operator = Process(monkeypatch, iam=iam).operator
    with pytest.raises(CloudAccessDenied):
        operator.keeper._manager.ensure(ROLE)
    shown = operator.metrics.registry.get_sample_value
    labels = {"action": "get_role", "code": "AccessDenied"}
    assert shown("appinstance_aws_errors_total", labels) == 1
