"""A closed loop of requests over connections that stay open, and what came of them.

Of our own and not a tool, so that the answers' statuses are counted by the same program that asks,
and nothing has to be installed. It takes a tenth of the processor that a server takes to answer.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httptools
import uvloop

CONNECTIONS = 16
HUNG_UP = 0
"""Stands among the statuses for a connection that ended without an answer."""


@dataclass
class Load:
    """What came of a while of asking."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Within how many seconds that share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Connection(asyncio.Protocol):
    """Asks, waits for the answer's end, asks again, until the time is over."""

    def __init__(self, requests: Iterator[bytes], load: Load, ends: float) -> None:
        self._requests = requests
        self._load = load
        self._ends = ends
        self._parser = httptools.HttpResponseParser(self)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Who is refused with the body half sent may not get to read the answer."""
        if not self.done.done():
            self._load.statuses[HUNG_UP] += 1
            self.done.set_result(None)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        now = time.perf_counter()
        self._load.latencies.append(now - self._begun)
        self._load.statuses[self._parser.get_status_code()] += 1
        if now < self._ends:
            self._ask()
        else:
            self.done.set_result(None)
            self._transport.close()

    def _ask(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(next(self._requests))


async def _asked(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    begun = time.perf_counter()
    made = [
        await loop.create_connection(
            lambda: _Connection(requests, load, begun + seconds), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in made))
    load.seconds = time.perf_counter() - begun
    return load


def asked(
    port: int, requests: Iterator[bytes], *, seconds: float, connections: int = CONNECTIONS
) -> Load:
    """What comes of asking on so many connections for so long, and at least once on each."""
    return uvloop.run(_asked(port, requests, connections, seconds))


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    given = {"Host": "localhost", "User-Agent": "bench", **headers}
    if body:
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
