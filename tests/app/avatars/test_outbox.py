"""Objects of old pictures go, whatever is cut off, refuses or hangs on the way."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from app.avatars.media import AVATAR, FILES, Media, until
from app.conftest import Running
from app.processes import USER_PASSWORD
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from appinstance_app.auth.tokens import utc_now
from appinstance_app.avatars import outbox as module
from appinstance_app.avatars.outbox import AGAIN_AFTER, UNFINISHED_FOR, Outbox
from appinstance_app.metrics import Metrics
from appinstance_app.store.files import FileStore
from appinstance_app.store.protocol import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from appinstance_app.store.files import FileStore
from appinstance_app.store.protocol import Store

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the pictures does not matter here."""
    monkeypatch.setattr("appinstance_app.avatars.service.rebuilt", lambda content: content)


@pytest.fixture
def hanging(media: Media, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Deletions begin (`media.calls`) and wait for this."""
    release = threading.Event()
    real = media.delete

    def delete(key: str) -> None:
        media.calls.append("delete began")
        release.wait(60)
        real(key)

    monkeypatch.setattr(media, "delete", delete)
    yield release
    release.set()


async def shown(app: Running, headers: dict[str, str]) -> str:
    answer = await app.client.put(AVATAR, headers=headers, files=FILES)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["avatar_url"]
    return url


def later(store: Store, media: Any, after: timedelta, metrics: Metrics | None = None) -> Outbox:
    """Another replica's, some time from now."""
    return Outbox(store, media, clock=lambda: utc_now() + after, metrics=metrics or Metrics())


def figure(app: Running, name: str) -> float:
    lines = generate_latest(app.app.state.context.metrics.registry).decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


async def test_the_object_of_a_picture_that_was_replaced_or_removed_goes(
    app: Running, media: Media
) -> None:
    headers = await app.signed_up()
    urls = [await shown(app, headers) for _ in range(2)]
    await until(lambda: len(media.objects) == 1)
    assert urls[1].split("/")[-1] in next(iter(media.objects))
    assert (await app.client.delete(AVATAR, headers=headers)).status_code == 204
    await until(lambda: not media.objects)


async def test_the_object_goes_with_its_account(app: Running, media: Media) -> None:
    headers = await app.signed_up()
    await shown(app, headers)
    await app.client.post("/api/v1/auth/confirm", headers=headers, json={"password": USER_PASSWORD})
    assert (await app.client.delete("/api/v1/users/me", headers=headers)).status_code == 204
    await until(lambda: not media.objects)


async def test_while_s3_refuses_it_is_told_what_is_left_and_tried_again(
    app: Running, media: Media, store: Store
) -> None:
    headers = await app.signed_up()
    await shown(app, headers)
    media.failing = {"delete"}
    with capture_logs() as logs:
        await shown(app, headers)
        await until(lambda: figure(app, "appinstance_old_pictures ") == 1)
    assert len(media.objects) == 2
    assert figure(app, 'appinstance_picture_deletions_total{outcome="failed"}') == 1
    (left,) = [line for line in logs if line["event"] == "picture.left"]
    assert (left["attempts"], left["cause"]) == (1, "planted failure")
    swept = [line for line in logs if line["event"] == "pictures.swept"][-1]
    assert (swept["left"], swept["log_level"]) == (1, "warning")
    media.failing = set()
    # Not at once: a bucket that refuses is not asked for ever.
    assert (await later(store, media, AGAIN_AFTER / 2).swept()).count == 1
    metrics = Metrics()
    assert (await later(store, media, 2 * AGAIN_AFTER, metrics).swept()).count == 0
    assert len(media.objects) == 1
    assert metrics.registry.get_sample_value("appinstance_old_pictures") == 0


async def test_the_age_of_the_oldest_is_told(app: Running, media: Media, store: Store) -> None:
    headers = await app.signed_up()
    media.failing = {"delete"}
    for _ in range(2):
        await shown(app, headers)
    metrics = Metrics()
    await later(store, media, DAY, metrics).swept()
    age = metrics.registry.get_sample_value("appinstance_old_pictures_oldest_seconds")
    assert age is not None
    assert DAY.total_seconds() <= age < DAY.total_seconds() + 300


async def test_a_deletion_that_hangs_keeps_nobody_waiting(
    app: Running, media: Media, hanging: threading.Event
) -> None:
    headers = await app.signed_up()
    for _ in range(3):
        async with asyncio.timeout(20):
            url = await shown(app, headers)
    await until(lambda: "delete began" in media.calls)
    assert (await app.client.get(url)).status_code == 200
    assert len(media.objects) == 3
    hanging.set()
    await until(lambda: len(media.objects) == 1)


async def test_one_that_hangs_is_given_up_told_and_tried_again(
    app: Running,
    media: Media,
    store: Store,
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = await app.signed_up()
    monkeypatch.setattr(Outbox, "wake", lambda _: None)
    for _ in range(3):
        await shown(app, headers)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_SECONDS", 0.1)
        assert (await later(store, media, timedelta(0)).swept()).count == 2
    # While its thread hangs, no second one is begun beside it.
    await until(lambda: "delete began" in media.calls)
    assert media.calls.count("delete began") == 1
    hanging.set()
    await until(lambda: len(media.objects) == 2)
    assert (await later(store, media, AGAIN_AFTER).swept()).count == 0
    assert len(media.objects) == 1


async def test_it_goes_also_when_the_process_ended_right_after_the_account_was_changed(
    start: Callable[..., Any], store: Store, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await start(store=store, media=media)
    headers = await first.signed_up()
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "wake", lambda _: None)
        for _ in range(2):
            await shown(first, headers)
    assert len(media.objects) == 2
    await start(store=store, media=media)
    await until(lambda: len(media.objects) == 1)


@pytest.mark.parametrize("step", ["put", "replace_avatar"])
async def test_it_goes_also_when_the_process_ended_before_the_account_was_changed(
    app: Running, store: Store, media: Media, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    headers = await app.signed_up()
    url = await shown(app, headers)
    real = media.put

    def cut_off(*given: Any, **named: Any) -> None:
        if step == "put":
            real(*given, **named)
        raise StoreUnavailableError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(media if step == "put" else store, step, cut_off)
        answer = await app.client.put(AVATAR, headers=headers, files=FILES)
        assert answer.status_code == 503
    assert len(media.objects) == 2
    # It may still be on its way.
    assert (await later(store, media, timedelta(0)).swept()).count == 0
    assert len(media.objects) == 2
    assert (await later(store, media, UNFINISHED_FOR).swept()).count == 0
    assert len(media.objects) == 1
    assert (await app.client.get(url)).status_code == 200


async def test_an_upload_that_slept_until_its_object_was_taken_for_lost_is_refused(
    app: Running, store: Store, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await app.signed_up()
    url = await shown(app, headers)
    sweeping = later(store, media, UNFINISHED_FOR)
    real = media.put
    loop = asyncio.get_running_loop()

    def slow(key: str, content: bytes, *, content_type: str) -> None:
        asyncio.run_coroutine_threadsafe(sweeping.swept(), loop).result(20)
        real(key, content, content_type=content_type)

    with monkeypatch.context() as patch:
        patch.setattr(media, "put", slow)
        assert (await app.client.put(AVATAR, headers=headers, files=FILES)).status_code == 503
    assert (await app.client.get(url)).status_code == 200
    app.app.state.context.outbox.wake()
    await until(lambda: len(media.objects) == 1)
    assert await shown(app, headers) != url


async def test_objects_that_can_not_be_deleted_keep_no_others_back(
    app: Running, store: Store, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await app.signed_up()
    media.failing = {"delete"}
    for _ in range(6):
        await shown(app, headers)
    await until(lambda: figure(app, "appinstance_old_pictures ") == 5)
    media.failing = set()
    bad = list(media.objects)[:3]
    real = media.delete

    def delete(key: str) -> None:
        media.failing = {"delete"} if key in bad else set()
        real(key)

    monkeypatch.setattr(media, "delete", delete)
    now = AGAIN_AFTER
    for _ in range(3):
        left = await later(store, media, now).swept()
        now += timedelta(minutes=1)
    assert left.count == 3
    assert set(bad) < set(media.objects)
    assert len(media.objects) == 4


async def test_an_object_that_is_gone_and_still_on_the_list_is_fine(
    app: Running, store: Store, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise StoreUnavailableError("cut off")

    headers = await app.signed_up()
    with monkeypatch.context() as patch:
        patch.setattr(store, "forget_old_picture", fail)
        for _ in range(2):
            await shown(app, headers)
        await until(lambda: len(media.objects) == 1)
    assert (await later(store, media, AGAIN_AFTER).swept()).count == 0
    assert len(media.objects) == 1


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), RuntimeError("planted")])
async def test_no_failure_ends_the_rounds(store: Store, media: Media, error: Exception) -> None:
    outbox = Outbox(store, media, clock=utc_now, metrics=Metrics(), pause_seconds=0)
    rounds = []

    async def swept() -> None:
        rounds.append(1)
        raise error

    outbox.swept = swept  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(outbox.keep_empty())
    await until(lambda: len(rounds) > 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("turns", range(4))
async def test_it_ends_also_when_it_is_woken_at_the_same_moment(
    media: Media, tmp_path: Path, turns: int
) -> None:
    store = FileStore(tmp_path)
    outbox = Outbox(store, media, clock=utc_now, metrics=Metrics())
    idle = asyncio.Event()

    async def swept() -> None:
        idle.set()

    outbox.swept = swept  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(outbox.keep_empty())
    await idle.wait()
    await asyncio.sleep(0)
    outbox.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    ended, _ = await asyncio.wait({task}, timeout=60)
    task.cancel()
    store.close()
    assert ended
