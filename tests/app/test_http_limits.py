"""Connections that cost something before they have asked anything."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from support.ports import free_port

from appinstance_app import http_limits
from appinstance_app.http_limits import MAX_HEAD_BYTES, LimitedHttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("answered")(scope, receive, send)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[int]:
    port = free_port()
    config = uvicorn.Config(
        answering,
        port=port,
        http=LimitedHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        **options,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 it has no event to wait for
        await asyncio.sleep(0.01)
    yield port
    server.should_exit = True
    await task


async def answer_to(port: int, *parts: bytes) -> bytes:
    """All that comes back until the server closes, or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.readuntil(b"answered")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_head_of_usual_size_is_answered_also_again_on_one_connection() -> None:
    async with serving() as port:
        large = b"Cookie: " + b"a" * (MAX_HEAD_BYTES - 2_000) + b"\r\n\r\n"
        assert b" 200 " in await answer_to(port, HEAD, large)
        twice = HEAD + b"Cookie: " + b"a" * 40_000 + b"\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(twice)
            assert b" 200 " in await asyncio.wait_for(reader.readuntil(b"answered"), 20)
        writer.close()


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD + b"X: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n",),
        (HEAD, *[b"X: " + b"a" * 4_000 + b"\r\n"] * 40),
        (HEAD + b"X: ", *[b"a" * 10_000] * 20),
        (b"GET /", *[b"a" * 10_000] * 20),
        (HEAD, *[b"".join(b"X%d: a\r\n" % number for number in range(2_000))] * 20),
    ],
    ids=["one", "several", "endless", "address", "many"],
)
async def test_a_head_that_is_too_large_is_refused_before_it_is_kept(
    parts: tuple[bytes, ...],
) -> None:
    async with serving() as port:
        answer = await answer_to(port, *parts)
        # A client that is still sending may see the connection end before it has read the answer.
        assert answer == b"" or b" 431 " in answer or b" 400 " in answer
        assert b" 200 " in await answer_to(port, HEAD + b"\r\n")


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 40\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
async def test_a_request_whose_end_two_could_see_differently_is_refused(lengths: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\n" + lengths + b"\r\n"
    async with serving() as port:
        answer = await answer_to(port, head + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("parts", [(), (b"GET / HT",), (HEAD + b"X: a",)])
async def test_a_connection_that_never_asks_is_closed(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(http_limits, "HEAD_SECONDS", 0.1)
    async with serving() as port:
        assert await answer_to(port, *parts) == b""


async def test_more_connections_than_there_is_room_for_get_a_503() -> None:
    async with serving(limit_concurrency=3) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert b" 503 " in await answer_to(port, HEAD + b"Connection: close\r\n\r\n")
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        # There is room once the server has heard that they are gone.
        async with asyncio.timeout(20):
            while b" 200 " not in await answer_to(port, HEAD + b"\r\n"):
                pass
