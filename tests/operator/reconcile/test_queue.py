"""The queue: one reconcile of an instance at a time, wake-ups folded, failures put off."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from appinstance_operator.api.backoff import backoff
from appinstance_operator.reconcile import queue as module
from appinstance_operator.reconcile.queue import MOST_IN_A_ROW, WorkQueue
from appinstance_operator.signals.metrics import Metrics


async def test_wake_ups_before_the_turn_are_folded_into_one() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    for _ in range(5):
        queue.add("a")
    queue.add("b")
    assert [await queue.take(), await queue.take()] == ["a", "b"]
    assert not queue._first
    assert not queue._others


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


async def test_what_runs_comes_before_what_is_being_made() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics(), runs=lambda key: key.startswith("running"))
    for number in range(300):
        queue.add(f"new-{number}")
    queue.add("running")
    assert await queue.take() == "running"
    assert await queue.take() == "new-0"


async def test_who_does_not_run_yet_has_turns_however_busy_the_others_are() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics(), runs=lambda key: key.startswith("running"))
    queue.add("new-0")
    queue.add("new-1")
    taken = []
    for number in range(2 * (MOST_IN_A_ROW + 1)):
        queue.add(f"running-{number}")
        taken.append(await queue.take())
    assert [name for name in taken if name.startswith("new")] == ["new-0", "new-1"]
    assert taken.index("new-0") == MOST_IN_A_ROW


async def test_one_that_waits_among_the_others_moves_up_when_it_runs() -> None:
    running: set[str] = set()
    queue: WorkQueue[str] = WorkQueue(Metrics(), runs=running.__contains__)
    queue.add("a")
    queue.add("b")
    running.add("b")
    queue.add("b")
    assert [await queue.take(), await queue.take()] == ["b", "a"]
    assert not queue._first
    assert not queue._others, "it does not wait twice"


async def test_a_change_does_not_wait_for_the_back_off() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    queue.add_after("a", 3600)
    queue.add("a")
    assert await asyncio.wait_for(queue.take(), 60) == "a"
    assert queue._timers == {}


async def test_of_two_delays_the_sooner_holds() -> None:
    queue: WorkQueue[str] = WorkQueue(Metrics())
    queue.add_after("a", 0.01)
    queue.add_after("a", 3600)
    assert await asyncio.wait_for(queue.take(), 60) == "a"


def test_back_off_grows_to_a_ceiling() -> None:
    waits = [backoff(failures) for failures in (1, 4, 8, 50)]
    assert waits[0] < waits[1] < waits[2]
    assert all(0.75 <= wait <= 375 for wait in waits)


async def test_how_long_each_waited_is_counted_from_the_first_wake_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    metrics = Metrics()
    queue: WorkQueue[str] = WorkQueue(metrics)

    def waited(what: str) -> float | None:
        name = f"workqueue_queue_duration_seconds_{what}"
        return metrics.registry.get_sample_value(name, {"name": "appinstance"})

    queue.add("a")
    now[0] += 2.0
    queue.add("a")  # folded: it waits since the first one
    queue.add("b")
    now[0] += 5.0
    assert await queue.take() == "a"
    assert (waited("count"), waited("sum")) == (1, 7.0)
    assert await queue.take() == "b"
    assert (waited("count"), waited("sum")) == (2, 12.0)
    queue.add("a")  # during its turn: it waits from the end of that on
    now[0] += 60.0
    queue.done("a")
    now[0] += 1.0
    assert await queue.take() == "a"
    assert (waited("count"), waited("sum")) == (3, 13.0)
