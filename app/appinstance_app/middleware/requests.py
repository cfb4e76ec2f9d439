"""Around every request: request id, client address, access log, metrics, and the last resort.

It logs the route's template rather than the path, since the name of a picture is what protects it,
and never the query. An unforeseen error is logged with its traceback and answered here, so that it
gets its headers and its id like any other answer.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Final

import structlog
from starlette.requests import ClientDisconnect

from appinstance_app.client_address import client_address
from appinstance_app.problems import problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from appinstance_app.metrics import Metrics

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._=+-]{8,128}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES: Final = frozenset({"/healthz"})
_MAX_AGENT: Final = 200
_CLIENT_LEFT: Final = 499  # nginx's number for it; nobody is there to be answered
_log = structlog.get_logger("appinstance_app.access")


class RequestsMiddleware:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, trusted_hops: int) -> None:
        self._app = app
        self._metrics = metrics
        self._trusted_hops = trusted_hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        request_id = _request_id(headers)
        address = self._client(scope, headers)
        scope.setdefault("state", {}).update(request_id=request_id, client_address=address)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        status, size, started = 500, 0, False

        async def sent(message: Message) -> None:
            nonlocal status, size, started
            if message["type"] == "http.response.start":
                started = True
                status = int(message["status"])  # it may be an HTTPStatus, which prints as its name
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        begin = time.perf_counter()
        self._metrics.in_progress.inc()
        try:
            await self._app(scope, receive, sent)
        except ClientDisconnect:
            status = _CLIENT_LEFT
        except Exception:
            _log.exception("request.failed", route=_route(scope))
            if started:
                raise
            answer = problem_response(
                500, "Something unexpected happened.", request_id=request_id, instance=scope["path"]
            )
            await answer(scope, receive, sent)
        finally:
            self._metrics.in_progress.dec()
            self._note(scope, headers, address, status, size, time.perf_counter() - begin)
            structlog.contextvars.clear_contextvars()

    def _client(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> str:
        peer = scope["client"][0] if scope.get("client") else "unknown"
        forwarded = [
            value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"
        ]
        return client_address(peer, forwarded, trusted_hops=self._trusted_hops)

    def _note(
        self,
        scope: Scope,
        headers: list[tuple[bytes, bytes]],
        address: str,
        status: int,
        size: int,
        seconds: float,
    ) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        if scope["path"] in _PROBES and status < 400:
            return
        agent = next((value for name, value in headers if name == b"user-agent"), b"")
        _log.info(
            "request",
            method=method,
            route=route,
            status=status,
            bytes=size,
            seconds=round(seconds, 4),
            client=address,
            user_agent=agent.decode("latin-1")[:_MAX_AGENT],
        )


def _request_id(headers: list[tuple[bytes, bytes]]) -> str:
    """The edge's id if it is harmless, else a new one."""
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _route(scope: Scope) -> str:
    """The template, such as /api/v1/avatars/{user_id}/{name}.webp; one word for all the rest."""
    return str(getattr(scope.get("route"), "path", None) or "unmatched")
