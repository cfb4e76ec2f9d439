"""Bodies on their way in: few at a time, and not for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from app.avatars.hostile import drawn, saved

from appinstance_app.avatars import upload
from appinstance_app.avatars.misses import MOST, MOST_ADDRESSES, SECONDS, Misses
from appinstance_app.middleware.body_limit import BodyLimit, BodyLimitMiddleware
from appinstance_app.problems import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from app.conftest import Running

AVATAR = "/api/v1/users/me/avatar"
PNG = saved(drawn(), "PNG")
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
)


class Stalled:
    """Uploads that have begun and do not go on until they are let."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.go_on = asyncio.Event()
        self.tasks: list[asyncio.Task[Any]] = []

    async def begin(self, headers: dict[str, str]) -> None:
        begun = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield HEAD
            begun.set()
            await self.go_on.wait()
            yield PNG + b"\r\n--b--\r\n"

        call = self.running.client.put(AVATAR, headers=headers | FORM, content=body())
        self.tasks.append(asyncio.create_task(call))
        await asyncio.wait_for(begun.wait(), 20)

    async def ended(self) -> list[int]:
        self.go_on.set()
        return [answer.status_code for answer in await asyncio.gather(*self.tasks)]


async def unread() -> AsyncIterator[bytes]:
    raise AssertionError("It read the body.")
    yield b""


async def test_of_one_person_only_so_many_are_taken_at_a_time(running: Running) -> None:
    headers = await running.signed_up()
    async with running.elsewhere() as bob:
        other = await bob.signed_up("bob@example.com")
    stalled = Stalled(running)
    for _ in range(upload.PER_USER):
        await stalled.begin(headers)
    answer = await running.client.put(AVATAR, headers=headers | FORM, content=unread())
    assert answer.status_code == 429
    assert answer.json()["type"] == Kind.TOO_MANY.uri
    assert answer.headers["retry-after"]
    files = {"file": ("a.png", PNG, "image/png")}
    assert (await running.client.put(AVATAR, headers=other, files=files)).status_code == 200
    assert await stalled.ended() == [200] * upload.PER_USER
    assert (await running.client.put(AVATAR, headers=headers, files=files)).status_code == 200


async def test_of_one_address_and_altogether_only_so_many_are_taken(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few enough that also a busy machine decodes them all within the deadline, one after another.
    monkeypatch.setattr(upload, "AT_ONCE", 6)
    running = await start(trusted_proxy_hops=1)
    monkeypatch.setattr(upload, "PER_ADDRESS", 2)
    monkeypatch.setattr(upload, "PER_USER", 100)
    headers = await running.signed_up()
    stalled = Stalled(running)
    for number in range(upload.AT_ONCE):
        await stalled.begin(headers | {"X-Forwarded-For": f"192.0.2.{number // 2}"})
    full = await running.client.put(
        AVATAR, headers=headers | FORM | {"X-Forwarded-For": "192.0.2.0"}, content=unread()
    )
    assert full.status_code == 429
    busy = await running.client.put(
        AVATAR, headers=headers | FORM | {"X-Forwarded-For": "198.51.100.1"}, content=unread()
    )
    assert (busy.status_code, busy.json()["type"]) == (503, Kind.BUSY.uri)
    assert set(await stalled.ended()) == {200}
    assert not running.app.state.context.uploads._under_way, "It keeps no names."


async def test_a_person_who_never_stops_is_refused_before_the_body_is_read(
    start: Callable[..., Any],
) -> None:
    running = await start(uploads_per_user=1)
    headers = await running.signed_up()
    files = {"file": ("a.png", PNG, "image/png")}
    assert (await running.client.put(AVATAR, headers=headers, files=files)).status_code == 200
    answer = await running.client.put(AVATAR, headers=headers | FORM, content=unread())
    assert answer.status_code == 429


async def test_a_body_that_does_not_end_is_cut_off_and_leaves_its_place(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await running.signed_up()
    layer = running.app.middleware_stack
    while not isinstance(layer, BodyLimitMiddleware):
        layer = getattr(layer, "_app", None) or getattr(layer, "app", None)
    monkeypatch.setattr(layer, "_limits", {("PUT", AVATAR): BodyLimit(10_000_000, 0.05)})
    monkeypatch.setattr(layer, "_default", BodyLimit(10_000_000, 0.05))

    async def never() -> AsyncIterator[bytes]:
        yield HEAD
        await asyncio.Event().wait()

    for _ in range(upload.PER_USER + 1):
        answer = await running.client.put(AVATAR, headers=headers | FORM, content=never())
        assert (answer.status_code, answer.headers["connection"]) == (408, "close")
        assert answer.json()["detail"] == "The request did not come in within 0.05 seconds."
    kind = {"Content-Type": "application/json"}
    answer = await running.client.post("/api/v1/auth/sign-in", headers=kind, content=never())
    assert answer.status_code == 408


def test_what_lies_on_the_disk_fits_the_pod() -> None:
    """The operator gives /tmp this much, and a pod that fills it is evicted."""
    from appinstance_app.avatars.schemas import MAX_UPLOAD_BYTES

    pods = Path(__file__).parents[3] / "operator/appinstance_operator/desired/pods.py"
    assert '_TMP_SIZE = "128Mi"' in pods.read_text()
    assert upload.AT_ONCE * MAX_UPLOAD_BYTES <= 128 * 1024**2 * 0.75


async def test_who_guesses_at_names_soon_gets_no_more_answers(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def none(_key: str) -> None:
        nonlocal asked
        asked += 1

    monkeypatch.setattr(running.app.state.context.media, "get", none)
    for _ in range(MOST):
        answer = await running.client.get(f"/api/v1/avatars/{'a' * 32}/{'b' * 48}.webp")
        assert answer.status_code == 404
    answer = await running.client.get(f"/api/v1/avatars/{'a' * 32}/{'b' * 48}.webp")
    assert (answer.status_code, answer.json()["type"]) == (429, Kind.TOO_MANY.uri)
    assert int(answer.headers["retry-after"]) <= SECONDS + 1
    assert asked == 0, "S3 is not asked for what is nobody's picture."


def test_misses_are_forgotten_and_never_fill_the_memory() -> None:
    now = 0.0
    misses = Misses(clock=lambda: now)
    for _ in range(MOST):
        misses.note("192.0.2.1")
    with pytest.raises(Problem):
        misses.check("192.0.2.1")
    misses.check("192.0.2.2")
    for number in range(MOST_ADDRESSES + 100):
        misses.note(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(misses._counts) <= MOST_ADDRESSES + 1
    now = SECONDS
    misses.check("192.0.2.1")
