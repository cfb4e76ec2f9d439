"""The two cookies. Both are for this origin alone.

Instances share a parent domain, so a sibling could set a cookie for all of them and sign a visitor
in as somebody else. A browser takes a name that begins with `__Host-` only from the origin itself:
secure, for the whole origin, without a domain (RFC 6265bis, 4.1.3.2). In development over plain
HTTP, where a browser would drop it, the name is a plain one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import Response

from .tokens import DEVICE_LIFETIME

if TYPE_CHECKING:
    from datetime import datetime

    from fastapi import Request

    from .sessions import OpenSession

_SESSION: Final = "session"
_DEVICE: Final = "device"


class Cookies:
    """Reads, sets and clears them. `secure`: as in production."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        prefix = "__Host-" if secure else ""
        self.session_name = f"{prefix}{_SESSION}"
        self.device_name = f"{prefix}{_DEVICE}"

    def session_token(self, request: Request) -> str | None:
        """The refresh token that came with a request."""
        return request.cookies.get(self.session_name) or None

    def device_token(self, request: Request) -> str | None:
        """What came with a request from a device that was used before."""
        return request.cookies.get(self.device_name) or None

    def keep_session(self, response: Response, session: OpenSession, *, now: datetime) -> None:
        """Gives the browser the refresh token, until it expires."""
        seconds = int((session.refresh_expires_at - now).total_seconds())
        self._set(response, self.session_name, session.refresh_token, seconds)

    def keep_device(self, response: Response, token: str) -> None:
        """Makes the browser one that is known."""
        self._set(response, self.device_name, token, int(DEVICE_LIFETIME.total_seconds()))

    def cleared(self) -> dict[str, str]:
        """The header that makes the browser forget the session."""
        answer = Response()
        answer.delete_cookie(
            self.session_name, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
        return {"Set-Cookie": answer.headers["set-cookie"]}

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max(seconds, 0),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
