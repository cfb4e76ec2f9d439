"""Liveness and readiness, which are different questions.

`/healthz` says that the process answers, and nothing else: a database that is down must not get
pods restarted. `/readyz` says whether to send people here: not while draining, not without the
database. Its answer is kept for a moment, because the address can be public.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from .problems import problem_response
from .store.protocol import StoreUnavailableError
from .workers import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from .store.protocol import Store

_KEPT_SECONDS: Final = 1.0
_log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)


class Health:
    """Whether this process should get requests."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        # A thread of its own: with all others busy the pod is loaded, not broken.
        self._thread = Bounded("readiness", 1, waiting=100)
        self._reason: str | None = None
        self._looked_at: float | None = None
        self.draining = False

    async def reason_not_ready(self) -> str | None:
        """The cause in one sentence, or None when ready."""
        if self.draining:
            return "This process is about to end."
        return await self._thread.run(self._database)

    def _database(self) -> str | None:
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < _KEPT_SECONDS:
            return self._reason
        before = self._reason
        try:
            self._store.check()
        except StoreUnavailableError:
            self._reason = "The database does not answer."
        else:
            self._reason = None
        if self._reason != before:
            _log.warning("readiness.changed", ready=self._reason is None, cause=self._reason)
        self._looked_at = self._clock()
        return self._reason


@router.get("/healthz")
async def healthz() -> Response:
    """200 as long as the event loop turns."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """200 or 503."""
    reason = await request.app.state.context.health.reason_not_ready()
    return problem_response(503, reason) if reason else PlainTextResponse("ready\n")
