"""One process, one event loop: the app on its port, health and metrics on another, an orderly end.

On SIGTERM readiness goes down first and the sockets stay open for a while, because a load balancer
goes on sending until it has noticed. Then no new connection is taken, requests under way are
finished, and the process ends with 0. A second signal ends the waiting. Health is answered all the
while, and from the same loop, so that an answer also says that the loop turns.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn

from .dependencies import AppContext
from .health import health_app
from .http_limits import LimitedHttp

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from types import FrameType

    from fastapi import FastAPI

    from .health import Health

# Longer than a load balancer keeps an idle connection (ALB: 60 s), or it would send a request into
# one that is being closed here and answer 502.
_KEEP_ALIVE_SECONDS: Final = 75
# Connections, also idle ones, of the load balancer; each may cost a head's worth of memory.
MAX_CONNECTIONS: Final = 1_000
_MAX_HEALTH_CONNECTIONS: Final = 100
_log = structlog.get_logger(__name__)


class DrainingServer(uvicorn.Server):
    """uvicorn with a pause between "not ready" and "closing"."""

    def __init__(
        self,
        config: uvicorn.Config,
        health: Health,
        *,
        drain_seconds: float,
        beside: uvicorn.Server,
    ) -> None:
        super().__init__(config)
        self._beside = beside
        self._health = health
        self._drain_seconds = drain_seconds
        self._running_loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until a signal has ended it."""
        self._running_loop = asyncio.get_running_loop()
        beside = asyncio.create_task(self._beside.serve())
        try:
            await super().serve(sockets)
        finally:
            self._beside.should_exit = True
            await beside

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal handler. Does not keep the signal: uvicorn would raise it again at the end."""
        if self._health.draining or self._running_loop is None:
            self.force_exit = self.should_exit and sig == signal.SIGINT
            self.should_exit = True
            return
        self._health.draining = True
        self._running_loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        _log.info("drain.begun", seconds=self._drain_seconds)
        asyncio.get_running_loop().call_later(self._drain_seconds, self._close)

    def _close(self) -> None:
        self.should_exit = True


class _BesideServer(uvicorn.Server):
    """A second server in the loop; signals are the first one's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(app: FastAPI) -> None:
    """Serves the app until the process is told to end."""
    parts: AppContext = app.state.context
    settings = parts.settings
    config = uvicorn.Config(
        app,
        host=settings.bind_host,
        port=settings.port,
        loop="uvloop",
        http=LimitedHttp,
        ws="none",
        access_log=False,  # ours has the request id and no query
        log_config=None,
        lifespan="on",
        proxy_headers=False,  # `client_address` judges them
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    beside = uvicorn.Config(
        health_app(parts.health, parts.metrics.registry),
        host=settings.bind_host,
        port=settings.metrics_port,
        http=LimitedHttp,
        ws="none",
        access_log=False,
        log_config=None,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MAX_HEALTH_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    DrainingServer(
        config,
        parts.health,
        drain_seconds=settings.drain_seconds,
        beside=_BesideServer(beside),
    ).run()
    _log.info("drain.done")
