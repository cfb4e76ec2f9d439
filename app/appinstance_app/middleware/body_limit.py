"""A cap on the body before anything parses it: by its declared length, and while it comes in.

The exception is raised where the body is read, inside the route, so that it becomes a 413 like any
other problem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from appinstance_app.problems import problem_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyTooLarge(HTTPException):
    """The body went over its limit while it came in."""

    def __init__(self, limit: int) -> None:
        # Closing is the only way not to read the rest of it.
        super().__init__(413, _sentence(limit), {"Connection": "close"})


class BodyLimitMiddleware:
    """Pure ASGI. `limits`: bytes by exact (method, path); `default` for all others."""

    def __init__(
        self, app: ASGIApp, *, default: int, limits: Mapping[tuple[str, str], int]
    ) -> None:
        self._app = app
        self._default = default
        self._limits = dict(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get((scope["method"], scope["path"]), self._default)
        declared = next(
            (value for name, value in scope["headers"] if name == b"content-length"), b""
        )
        if declared.isdigit() and int(declared) > limit:
            answer = problem_response(
                413,
                _sentence(limit),
                request_id=scope.get("state", {}).get("request_id"),
                instance=scope["path"],
                headers={"Connection": "close"},
            )
            await answer(scope, receive, send)
            return
        taken = 0

        async def received() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > limit:
                    raise BodyTooLarge(limit)
            return message

        await self._app(scope, received, send)


def _sentence(limit: int) -> str:
    size = f"{limit // 1024**2} MB" if limit >= 1024**2 else f"{limit // 1024} KB"
    return f"The request is too large; it may have at most {size}."
