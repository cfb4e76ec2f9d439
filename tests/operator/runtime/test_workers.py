"""The workers: each key once at a time, no key after the end, nothing cut off in its midst."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from appinstance_operator.api.errors import NotLeader
from appinstance_operator.kube.cache import Key
from appinstance_operator.reconcile.queue import WorkQueue
from appinstance_operator.reconcile.reconciler import Outcome
from appinstance_operator.runtime.workers import Workers
from appinstance_operator.signals.metrics import Metrics

ONE, TWO = ("team", "one"), ("team", "two")


def _workers(
    reconcile: Callable[[Key], Outcome], count: int = 1
) -> tuple[Workers, WorkQueue[Key], Metrics]:
    metrics = Metrics()
    queue: WorkQueue[Key] = WorkQueue(metrics)
    return Workers(queue, reconcile, metrics, count), queue, metrics


async def _until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not look():  # noqa: ASYNC110 - threads do it
            await asyncio.sleep(0.005)


async def test_what_is_under_way_comes_to_its_end_and_no_more_is_taken() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), list[Key]()

    def reconcile(key: Key) -> Outcome:
        begun.set()
        go_on.wait(20)
        done.append(key)
        return Outcome()

    workers, queue, _ = _workers(reconcile)
    queue.add(ONE)
    queue.add(TWO)
    workers.start()
    await _until(begun.is_set)
    draining = asyncio.create_task(workers.drain(20))
    await asyncio.sleep(0.05)
    assert not draining.done()
    go_on.set()
    assert await draining is True
    assert done == [ONE]


async def test_the_end_does_not_wait_for_ever() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def reconcile(key: Key) -> Outcome:
        begun.set()
        go_on.wait(20)
        return Outcome()

    workers, queue, _ = _workers(reconcile)
    queue.add(ONE)
    workers.start()
    await _until(begun.is_set)
    assert await workers.drain(0.05) is False
    go_on.set()


async def test_idle_workers_end_at_once_and_none_that_never_started_is_waited_for() -> None:
    workers, _, _ = _workers(lambda _key: Outcome(), count=4)
    assert await workers.drain(20) is True
    workers, _, _ = _workers(lambda _key: Outcome(), count=4)
    workers.start()
    await asyncio.sleep(0)
    assert await workers.drain(20) is True


async def test_a_reconcile_that_breaks_is_tried_again_and_ends_no_worker() -> None:
    seen: list[Key] = []

    def reconcile(key: Key) -> Outcome:
        seen.append(key)
        if key == ONE:
            raise RuntimeError("broken")
        return Outcome()

    workers, queue, metrics = _workers(reconcile)
    queue.add(ONE)
    queue.add(TWO)
    workers.start()
    await _until(lambda: TWO in seen)
    assert await workers.drain(20) is True
    assert metrics.registry.get_sample_value(
        "controller_runtime_reconcile_total", {"controller": "appinstance", "result": "error"}
    )
    assert ONE in queue._timers


async def test_a_former_leader_puts_nothing_off() -> None:
    seen: list[Key] = []

    def reconcile(key: Key) -> Outcome:
        seen.append(key)
        raise NotLeader("not any more")

    workers, queue, _ = _workers(reconcile)
    queue.add(ONE)
    workers.start()
    await _until(lambda: seen)
    assert await workers.drain(20) is True
    assert queue._timers == {}
