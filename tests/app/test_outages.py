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
from app.oidc.conftest import FAILED, OIDC, Liar
from app.processes import EMAIL, USER_PASSWORD

from appinstance_app.health import health_app
from appinstance_app.store.files.base import FileBase
from appinstance_app.workers import general

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


class HangingProvider(httpx.AsyncBaseTransport):
    """A provider that describes itself, until it hangs."""

    def __init__(self) -> None:
        self.hangs = False
        self.asked = 0
        self.release = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.hangs:
            await self.release.wait()
        return Liar()(request)


class SomeMail:
    """Takes every mail."""

    def send(self, _message: Any) -> None: ...


class World:
    """An app between outside things that can hang."""

    def __init__(self, running: Running, database: Hanging, media: Hanging) -> None:
        self.running, self.database, self.media = running, database, media
        parts = running.app.state.context
        self.mail, self.provider = Hanging(SomeMail()), HangingProvider()
        parts.oidc.provider._transport = self.provider
        self.headers: dict[str, str] = {}
        self.picture = ""

    def hang(self, thing: str) -> None:
        """From now on it does. Its deadline is short then, so that the test is; what is tried is
        who waits for whom. That of nothing else: a busy machine takes its time for what works."""
        parts = self.running.app.state.context
        bounds = {
            "database": general(),
            "media": parts.avatars._reads,
            "provider": parts.oidc.provider._bound,
        }
        getattr(self, thing).hangs = True
        if thing in bounds:
            bounds[thing]._seconds = 0.5

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
            "a forgotten password": lambda: phone.post(
                "/api/v1/auth/password-reset", json={"email": EMAIL}
            ),
            "to the provider": lambda: phone.get("/api/v1/auth/oidc/start"),
        }


@pytest.fixture
async def world(
    start: Callable[..., Any],
    make_settings: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    from appinstance_app.application import media_for, store_for

    # A crowd's writes to one file would be what is waited for.
    monkeypatch.setattr(FileBase, "_write", lambda *_: None)
    settings = make_settings()
    database, media = Hanging(store_for(settings)), Hanging(media_for(settings))
    limits = (
        "sign_in_per_account", "sign_in_per_address", "mails_per_address", "sign_up_per_address",
    )  # fmt: skip
    running = await start(store=database, media=media, **dict.fromkeys(limits, 10_000), **OIDC)
    made = World(running, database, media)
    made.headers = await made.running.signed_up()
    # From here on: with mail, a sign-up would wait for its link.
    running.app.state.context.outgoing._mail = made.mail
    answer = await made.running.client.put(
        "/api/v1/users/me/avatar", headers=made.headers, files=FILES
    )
    made.picture = answer.json()["avatar_url"]
    yield made
    for hanging in (database, media, made.mail, made.provider):
        hanging.hangs = False
        hanging.release.set()


@pytest.fixture
def crowd() -> Iterator[list[asyncio.Task[Any]]]:
    tasks: list[asyncio.Task[Any]] = []
    yield tasks
    for task in tasks:
        task.cancel()


async def looked(requests: dict[str, Callable[[], Any]]) -> dict[str, tuple[str, float]]:
    """What comes of each request, and its median seconds."""
    seen = {}
    for name, ask in requests.items():
        took, statuses = [], set()
        for _ in range(int(os.environ.get("APPINSTANCE_OUTAGE_SAMPLES", "3"))):
            begun = time.perf_counter()
            statuses.add(outcome(await ask()))
            took.append(time.perf_counter() - begun)
        assert len(statuses) == 1, name
        seen[name] = (statuses.pop(), statistics.median(took))
    return seen


def outcome(answer: httpx.Response) -> str:
    """A browser that can't go to the provider is led back to the page, which says so."""
    if answer.status_code == 303 and answer.headers["location"] == FAILED:
        return "led back"
    return "answers" if answer.status_code < 400 else str(answer.status_code)


ALL = {
    "/healthz", "/readyz", "own account", "sign-in", "a picture", "a forgotten password",
    "to the provider",
}  # fmt: skip
CROWD = {
    "media": "a picture",
    "database": "own account",
    "mail": "a forgotten password",
    "provider": "to the provider",
}


@pytest.mark.parametrize(
    ("thing", "lost"),
    [
        ("media", {"a picture"}),
        ("database", ALL - {"/healthz"}),
        ("mail", set()),
        ("provider", {"to the provider"}),
    ],
)
async def test_what_does_not_need_it_answers_on(
    world: World, crowd: list[asyncio.Task[Any]], thing: str, lost: set[str]
) -> None:
    requests = await world.requests()
    before = await looked(requests)
    assert {outcome for outcome, _ in before.values()} == {"answers"}
    world.hang(thing)
    # More than it has threads for, and all of them wait.
    parts = world.running.app.state.context
    parts.oidc.provider._metadata = None  # of which it would need nothing for an hour
    crowd += [asyncio.create_task(requests[CROWD[thing]]()) for _ in range(40)]
    await asyncio.sleep(0)
    parts.health._looked_at = None
    after = await looked(requests)
    refusal = "led back" if thing == "provider" else "503"
    assert {name for name, (found, _) in after.items() if found == refusal} == lost
    assert {name for name, (found, _) in after.items() if found == "answers"} == ALL - lost
    noted(thing, before, after)


async def test_nobody_waits_longer_for_a_provider_that_hangs_because_others_wait_too(
    world: World, crowd: list[asyncio.Task[Any]]
) -> None:
    world.hang("provider")
    ask = (await world.requests())["to the provider"]
    crowd += [asyncio.create_task(ask()) for _ in range(60)]
    answers = await asyncio.gather(*crowd)
    assert {outcome(answer) for answer in answers} == {"led back"}
    # All at the same deadline. One after the other, each would have asked for as long again.
    assert world.provider.asked <= 8


def noted(thing: str, before: dict[str, tuple[str, float]], after: dict[str, Any]) -> None:
    """Adds the figures to a file, where one is asked for."""
    target = os.environ.get("APPINSTANCE_WRITE_OUTAGES")
    if not target:
        return
    with Path(target).open("a") as page:
        for name in sorted(ALL):
            found, seconds = after[name]
            told = f"answers, {seconds / before[name][1]:.1f} ×" if found == "answers" else found
            page.write(f"| {thing} | {name} | {told} |\n")
