"""One outside thing hangs, as one does that takes a connection and never answers: what goes on?

The figures in docs/app-outages.md are these requests, each beside itself before.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from app.avatars.hostile import drawn, saved
from app.conftest import Running
from app.processes import EMAIL, USER_PASSWORD

from appinstance_app.avatars import service
from appinstance_app.health import health_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = {"file": ("a.png", saved(drawn(), "PNG"), "image/png")}


class Hanging:
    """A store or media store whose calls wait for the release, from a moment on."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.hangs = False
        self.release = threading.Event()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._real, name)
        if name == "close" or not callable(call):
            return call

        def waiting(*args: Any, **named: Any) -> Any:
            if self.hangs:
                self.release.wait(60)
            return call(*args, **named)

        return waiting


class World:
    """An app between two outside things that can hang."""

    def __init__(self, running: Running, database: Hanging, media: Hanging) -> None:
        self.running, self.database, self.media = running, database, media
        self.headers: dict[str, str] = {}
        self.picture = ""

    async def requests(self) -> dict[str, Callable[[], Any]]:
        client, parts = self.running.client, self.running.app.state.context
        probe = httpx.AsyncClient(
            transport=httpx.ASGITransport(health_app(parts.health, parts.metrics.registry)),
            base_url="http://pod",
        )
        body = {"email": EMAIL, "password": USER_PASSWORD}
        phone = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.running.app), base_url="http://testserver"
        )
        return {
            "/healthz": lambda: probe.get("/healthz"),
            "/readyz": lambda: probe.get("/readyz"),
            "own account": lambda: client.get("/api/v1/users/me", headers=self.headers),
            # In another browser: in this one it would take the place of the session that asks.
            "sign-in": lambda: phone.post("/api/v1/auth/sign-in", json=body),
            "a picture": lambda: client.get(self.picture),
        }


@pytest.fixture
async def world(
    start: Callable[..., Any],
    make_settings: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    from appinstance_app.application import media_for, store_for

    # Short, so that the test is; what is tried is who waits for whom.
    monkeypatch.setattr("appinstance_app.workers.GENERAL_SECONDS", 0.5)
    monkeypatch.setattr(service, "_READ_SECONDS", 0.5)
    settings = make_settings()
    database, media = Hanging(store_for(settings)), Hanging(media_for(settings))
    made = World(
        await start(store=database, media=media, sign_in_per_account=10_000), database, media
    )
    made.headers = await made.running.signed_up()
    answer = await made.running.client.put(
        "/api/v1/users/me/avatar", headers=made.headers, files=FILES
    )
    made.picture = answer.json()["avatar_url"]
    yield made
    for hanging in (database, media):
        hanging.hangs = False
        hanging.release.set()


@pytest.fixture
def crowd() -> Iterator[list[asyncio.Task[Any]]]:
    tasks: list[asyncio.Task[Any]] = []
    yield tasks
    for task in tasks:
        task.cancel()


async def looked(requests: dict[str, Callable[[], Any]]) -> dict[str, tuple[int, float]]:
    """Status and median seconds of each request."""
    seen = {}
    for name, ask in requests.items():
        took, statuses = [], set()
        for _ in range(int(os.environ.get("APPINSTANCE_OUTAGE_SAMPLES", "3"))):
            begun = time.perf_counter()
            statuses.add((await ask()).status_code)
            took.append(time.perf_counter() - begun)
        assert len(statuses) == 1, name
        seen[name] = (statuses.pop(), statistics.median(took))
    return seen


ALL = {"/healthz", "/readyz", "own account", "sign-in", "a picture"}


@pytest.mark.parametrize(
    ("thing", "lost"),
    [("media", {"a picture"}), ("database", {"/readyz", "own account", "sign-in", "a picture"})],
)
async def test_what_does_not_need_it_answers_on(
    world: World, crowd: list[asyncio.Task[Any]], thing: str, lost: set[str]
) -> None:
    requests = await world.requests()
    before = await looked(requests)
    assert {status for status, _ in before.values()} == {200}
    getattr(world, thing).hangs = True
    # More than it has threads for, and all of them wait.
    ask = requests["a picture" if thing == "media" else "own account"]
    crowd += [asyncio.create_task(ask()) for _ in range(40)]
    await asyncio.sleep(0)
    world.running.app.state.context.health._looked_at = None
    after = await looked(requests)
    assert {name for name, (status, _) in after.items() if status == 503} == lost
    assert {name for name, (status, _) in after.items() if status == 200} == ALL - lost
    noted(thing, before, after)


def noted(thing: str, before: dict[str, tuple[int, float]], after: dict[str, Any]) -> None:
    """Adds the figures to a file, where one is asked for."""
    target = os.environ.get("APPINSTANCE_WRITE_OUTAGES")
    if not target:
        return
    with Path(target).open("a") as page:
        for name in sorted(ALL):
            status, seconds = after[name]
            told = f"answers, {seconds / before[name][1]:.1f} ×" if status == 200 else "503"
            page.write(f"| {thing} | {name} | {told} |\n")
