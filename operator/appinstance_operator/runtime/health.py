"""Liveness, readiness and metrics on one port, served from the operator's own event loop.

An answer to /healthz therefore also says that the loop is not stuck.
"""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from appinstance_operator.signals.metrics import Metrics

PORT = 8080


class Health:
    """The small server. `ready` is set once the caches are filled."""

    def __init__(self, metrics: Metrics, port: int = PORT) -> None:
        self._metrics = metrics
        self._port = port
        self._runner: web.AppRunner | None = None
        self.ready = False

    async def start(self) -> None:
        """Begin to answer."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics_page)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, port=self._port).start()

    async def stop(self) -> None:
        """Stop answering."""
        if self._runner:
            await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        if self.ready:
            return web.Response(text="ok\n")
        return web.Response(status=503, text="the caches are being filled\n")

    async def _metrics_page(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE_LATEST})
        await answer.prepare(request)
        for part in self._metrics.page():
            await answer.write(part)
        await answer.write_eof()
        return answer
