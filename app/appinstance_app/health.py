"""Liveness and readiness, which are different questions.

`/healthz` says that the process answers, and nothing else: a database that is down must not get
pods restarted. `/readyz` says whether to send people here: not while draining, not without the
database, and not with a schema that is older than this version. Its answer is kept for a moment.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .problems import problem_response
from .store.protocol import SchemaUnfitError, StoreUnavailableError
from .workers import Bounded, Busy

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry
    from starlette.requests import Request

    from .store.protocol import Store

_KEPT_SECONDS: Final = 1.0
# Shorter than the kubelet waits for its answer.
_LOOK_SECONDS: Final = 2.0
_NO_ANSWER: Final = "The database does not answer."
_log = structlog.get_logger(__name__)


class Health:
    """Whether this process should get requests."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float] = time.monotonic,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        # A thread of its own: with all others busy the pod is loaded, not broken.
        self._thread = Bounded("readiness", 1, waiting=0, seconds=look_seconds)
        self._look: asyncio.Task[None] | None = None
        self._reason: str | None = None
        self._looked_at: float | None = None
        self.draining = False

    async def reason_not_ready(self) -> str | None:
        """The cause in one sentence, or None when ready. All who ask at a time share one look."""
        if self.draining:
            return "This process is about to end."
        if self._looked_at is None or self._clock() - self._looked_at >= _KEPT_SECONDS:
            self._look = self._look or asyncio.create_task(self._looked())
            await asyncio.shield(self._look)
        return self._reason

    async def _looked(self) -> None:
        try:
            reason = await self._found()
            if reason != self._reason:
                _log.warning("readiness.changed", ready=reason is None, cause=reason)
            self._reason, self._looked_at = reason, self._clock()
        finally:
            self._look = None

    async def _found(self) -> str | None:
        try:
            await self._thread.run(self._store.check)
        except SchemaUnfitError as error:
            return str(error)
        except (StoreUnavailableError, Busy):  # also while a look before this one hangs
            return _NO_ANSWER
        return None


router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """On the serving port: 200 as long as the event loop turns, and nothing that could be asked
    too often. The load balancer looks here (docs/adr/0029)."""
    return PlainTextResponse("ok\n")


def health_app(health: Health, registry: CollectorRegistry) -> Starlette:
    """What the port of its own answers: /healthz, /readyz, /metrics, to the kubelet and Prometheus.

    People and the load balancer do not reach it, so a probe waits behind nobody.
    """

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        reason = await health.reason_not_ready()
        return problem_response(503, reason) if reason else PlainTextResponse("ready\n")

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/metrics", metrics),
        ]
    )
