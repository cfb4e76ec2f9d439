"""Where blocking work runs."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_app.problems import Kind
from appinstance_app.workers import Bounded, Busy, general, usable_cpus, usable_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("max 100000", 8),
        ("50000 100000", 1),
        ("150000 100000", 2),
        ("400000 100000", 4),
        ("9900000 100000", 8),
        ("0 100000", 1),
        ("nonsense", 8),
        (None, 8),
    ],
)
def test_the_containers_quota_counts_and_not_the_nodes_cpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, expected: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    if content is not None:
        (tmp_path / "cpu.max").write_text(content)
    assert usable_cpus(tmp_path) == expected


@pytest.mark.parametrize(
    ("content", "expected"), [("max\n", None), ("536870912\n", 536870912), (None, None), ("", None)]
)
def test_the_containers_memory_is_known(
    tmp_path: Path, content: str | None, expected: int | None
) -> None:
    if content is not None:
        (tmp_path / "memory.max").write_text(content)
    assert usable_memory(tmp_path) == expected


async def filled(bound: Bounded, release: threading.Event, count: int) -> list[asyncio.Task[bool]]:
    """As many calls that hang until the release."""
    tasks = [asyncio.create_task(bound.run(release.wait, 20)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_whoever_comes_when_the_line_is_full_is_refused() -> None:
    bound, release = Bounded("planted", 2, waiting=1), threading.Event()
    tasks = await filled(bound, release, 3)
    assert bound.in_line == 1
    with pytest.raises(Busy, match="planted: too many wait"):
        await bound.run(release.wait, 20)
    with pytest.raises(Busy, match="planted: too many wait"):
        async with bound.turn():
            raise AssertionError("It got in.")
    release.set()
    assert await asyncio.gather(*tasks) == [True] * 3
    assert await bound.run(lambda: "room again") == "room again"
    assert bound.in_line == 0


async def test_nobody_waits_longer_than_the_deadline_and_a_hanging_thread_keeps_its_place() -> None:
    bound, release = Bounded("planted", 1, waiting=5, seconds=0.05), threading.Event()
    begun: list[str] = []
    with pytest.raises(Busy, match=r"planted: not done within 0\.05 s"):
        await bound.run(release.wait, 20)
    # The thread hangs still: the next waits in line, and is never begun.
    with pytest.raises(Busy, match="not done within"):
        await bound.run(begun.append, "late")
    with pytest.raises(Busy, match="not done within"):
        async with bound.turn():
            raise AssertionError("It got in.")
    release.set()
    await asyncio.to_thread(bound._threads.shutdown)
    assert begun == []


async def test_work_that_awaits_is_cut_off_at_the_deadline_and_frees_its_place() -> None:
    bound = Bounded("planted", 1, waiting=0, seconds=0.05)
    with pytest.raises(Busy, match="not done within"):
        async with bound.turn():
            await asyncio.Event().wait()
    async with bound.turn():
        pass


async def test_the_works_own_error_comes_out_also_a_timeout() -> None:
    bound = Bounded("planted", 1, waiting=0, seconds=20)

    def fail() -> None:
        raise TimeoutError("the work's own")

    with pytest.raises(TimeoutError, match="the work's own"):
        await bound.run(fail)
    with pytest.raises(TimeoutError, match="the work's own"):
        async with bound.turn():
            fail()
    assert await bound.run(lambda: 1) == 1


async def test_one_that_hangs_takes_nobody_elses_threads() -> None:
    hanging, other = Bounded("s3", 1, waiting=0), Bounded("database", 1, waiting=0)
    release = threading.Event()
    tasks = await filled(hanging, release, 1)
    assert await other.run(lambda: "answers") == "answers"
    release.set()
    await asyncio.gather(*tasks)


async def test_who_is_refused_reads_a_503_with_its_type_and_a_time_to_wait(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await running.signed_up()

    def busy(*_: object, **__: object) -> None:
        raise Busy("planted", "too many wait already")

    monkeypatch.setattr(running.app.state.context.store, "caller", busy)
    answer = await running.client.get("/api/v1/users/me", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["type"] == Kind.BUSY.uri == "/problems/busy"
    assert "planted" not in answer.text


async def test_threads_and_connections_are_sized_together(start: Callable[..., Any]) -> None:
    await start(worker_threads=7)
    assert general().at_once == 7


@pytest.mark.integration
def test_there_is_a_connection_for_every_thread_and_two_more(
    make_settings: Callable[..., Any], database_fields: dict[str, Any]
) -> None:
    from appinstance_app.application import store_for

    store: Any = store_for(make_settings(worker_threads=7, media_bucket="b", **database_fields))
    assert store._engine.pool.size() == 9
    assert store._engine.pool._max_overflow == 0
    store.close()
