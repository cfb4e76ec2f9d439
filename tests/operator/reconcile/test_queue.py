"""The queue: one reconcile of an instance at a time, wake-ups folded, failures put off."""

from __future__ import annotations

import asyncio

from appinstance_operator.api.backoff import backoff
from appinstance_operator.reconcile.queue import WorkQueue
from appinstance_operator.signals.metrics import Metrics


async def test_wake_ups_before_the_turn_are_folded_into_one() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    for _ in range(5):
        queue.add("a")
    queue.add("b")
    assert [await queue.take(), await queue.take()] == ["a", "b"]
    assert not queue._waiting


async def test_a_key_is_never_taken_twice_at_once() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    queue.add("a")
    assert await queue.take() == "a"
    queue.add("a")
    queue.add("b")
    assert await queue.take() == "b", "a is under way, so b's turn comes first"
    assert queue.woken("a")
    assert not queue.woken("b")
    queue.done("a")
    assert await queue.take() == "a", "the wake-up during its turn is not lost"


async def test_a_change_does_not_wait_for_the_back_off() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    queue.add_after("a", 3600)
    queue.add("a")
    assert await asyncio.wait_for(queue.take(), 5) == "a"
    assert queue._timers == {}


async def test_of_two_delays_the_sooner_holds() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    queue.add_after("a", 0.01)
    queue.add_after("a", 3600)
    assert await asyncio.wait_for(queue.take(), 5) == "a"


def test_back_off_grows_to_a_ceiling() -> None:
    waits = [backoff(failures) for failures in (1, 4, 8, 50)]
    assert waits[0] < waits[1] < waits[2]
    assert all(0.75 <= wait <= 375 for wait in waits)
