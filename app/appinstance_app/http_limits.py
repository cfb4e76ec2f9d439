"""What a connection may cost before any request of it is answered: bytes and seconds.

uvicorn's fast parser takes a head of any size and waits for its end for ever; so this one counts. A
body has limits of its own (`middleware.body_limit`), and so has an idle connection (uvicorn's).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

# Cookies, tokens and forwarded addresses fit several times; an ALB passes on at most 64 KiB.
MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 10.0
# After a stall of the loop, what has long come in is read before anybody is judged by the time.
_GRACE_SECONDS: Final = 1.0
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class LimitedHttp(HttpToolsProtocol):
    """One connection. A head that is too large gets a 431, one that is too slow no answer."""

    _in_head = True
    _head_bytes = 0
    _pending_bytes = 0
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first head is due."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what comes in while the head has no end."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head:
            self._pending_bytes += len(data)
            self._refuse_large(self._pending_bytes)

    def on_message_begin(self) -> None:
        """A request's first byte; on a connection that was idle the time begins here."""
        super().on_message_begin()
        self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts also what came in one piece."""
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value)
        self._refuse_large(self._head_bytes)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._forget_timer()
        if not self.transport.is_closing():
            super().on_headers_complete()

    def _expect_head(self) -> None:
        self._forget_timer()
        self._in_head, self._head_bytes, self._pending_bytes = True, 0, 0
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(HEAD_SECONDS, self._give_up)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(_GRACE_SECONDS, self.transport.close)

    def _refuse_large(self, size: int) -> None:
        if size > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
