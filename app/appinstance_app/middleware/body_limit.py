"""A cap on the body before anything parses it: on its declared length, on what comes in, and on the
time that it takes.

The exception is raised where the body is read, inside the route, so that it becomes a 413 or 408
like any other problem. The time runs from the first look at the body: whoever has no place for one
yet does not look.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from appinstance_app.problems import problem_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class BodyLimit:
    """The most bytes, and the seconds within which the last of them must have come."""

    size: int
    seconds: float

    @property
    def sentence(self) -> str:
        """What is said of a larger one."""
        size, unit = (self.size // 1024, "KB")
        if size >= 1024:
            size, unit = size // 1024, "MB"
        return f"The request is too large; it may have at most {size} {unit}."


class BodyTooLarge(HTTPException):
    """The body went over its limit while it came in."""

    def __init__(self, limit: BodyLimit) -> None:
        # Closing is the only way not to read the rest of it.
        super().__init__(413, limit.sentence, {"Connection": "close"})


class BodyTooSlow(HTTPException):
    """The body did not come to its end in time."""

    def __init__(self, limit: BodyLimit) -> None:
        sentence = f"The request did not come in within {limit.seconds:g} seconds."
        super().__init__(408, sentence, {"Connection": "close"})


class BodyLimitMiddleware:
    """Pure ASGI. `limits`: by exact (method, path); `default` for all others."""

    def __init__(
        self, app: ASGIApp, *, default: BodyLimit, limits: Mapping[tuple[str, str], BodyLimit]
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
        if declared.isdigit() and int(declared) > limit.size:
            answer = problem_response(
                413,
                limit.sentence,
                request_id=scope.get("state", {}).get("request_id"),
                instance=scope["path"],
                headers={"Connection": "close"},
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, _limited(receive, limit), send)


def _limited(receive: Receive, limit: BodyLimit) -> Receive:
    """`receive`, as long as the body keeps to its limit."""
    taken, whole = 0, False
    deadline: float | None = None

    async def received() -> Message:
        nonlocal taken, whole, deadline
        if whole:  # what comes now is that the client has gone, and that may take its time
            return await receive()
        deadline = deadline or asyncio.get_running_loop().time() + limit.seconds
        try:
            async with asyncio.timeout_at(deadline) as scope:
                message = await receive()
        except TimeoutError:
            if not scope.expired():
                raise
            raise BodyTooSlow(limit) from None
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > limit.size:
                raise BodyTooLarge(limit)
        return message

    return received
