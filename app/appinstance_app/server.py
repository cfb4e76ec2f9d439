"""One uvicorn process: the app on its port, metrics on another, and an orderly end.

On SIGTERM readiness goes down first and the sockets stay open for a while, because a load balancer
goes on sending until it has noticed. Then no new connection is taken, requests under way are
finished, and the process ends with 0. A second signal ends the waiting.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn
from prometheus_client import start_http_server

from .dependencies import AppContext

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from fastapi import FastAPI

    from .health import Health

# Longer than a load balancer keeps an idle connection (ALB: 60 s), or it would send a request into
# one that is being closed here and answer 502.
_KEEP_ALIVE_SECONDS: Final = 75
_log = structlog.get_logger(__name__)


class DrainingServer(uvicorn.Server):
    """uvicorn with a pause between "not ready" and "closing"."""

    def __init__(self, config: uvicorn.Config, health: Health, *, drain_seconds: float) -> None:
        super().__init__(config)
        self._health = health
        self._drain_seconds = drain_seconds
        self._running_loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until a signal has ended it."""
        self._running_loop = asyncio.get_running_loop()
        await super().serve(sockets)

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


def run(app: FastAPI) -> None:
    """Serves the app until the process is told to end."""
    parts: AppContext = app.state.context
    settings = parts.settings
    config = uvicorn.Config(
        app,
        host=settings.bind_host,
        port=settings.port,
        access_log=False,  # ours has the request id and no query
        log_config=None,
        lifespan="on",
        proxy_headers=False,  # `client_address` judges them
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    metrics, thread = start_http_server(
        settings.metrics_port, addr=settings.bind_host, registry=parts.metrics.registry
    )
    try:
        DrainingServer(config, parts.health, drain_seconds=settings.drain_seconds).run()
    finally:
        metrics.shutdown()
        thread.join()
        metrics.server_close()
    _log.info("drain.done")
