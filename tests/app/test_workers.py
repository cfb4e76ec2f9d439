"""Where blocking work runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread

from appinstance_app.workers import usable_cpus

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
    path = tmp_path / "cpu.max"
    if content is not None:
        path.write_text(content)
    assert usable_cpus(path) == expected


async def test_threads_and_connections_are_sized_together(start: Callable[..., Any]) -> None:
    await start(worker_threads=7)
    assert to_thread.current_default_thread_limiter().total_tokens == 7


@pytest.mark.integration
def test_there_is_a_connection_for_every_thread_and_two_more(
    make_settings: Callable[..., Any], database_fields: dict[str, Any]
) -> None:
    from appinstance_app.application import store_for

    store: Any = store_for(make_settings(worker_threads=7, media_bucket="b", **database_fields))
    assert store._engine.pool.size() == 9
    assert store._engine.pool._max_overflow == 0
    store.close()
