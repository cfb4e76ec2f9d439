"""Mails on their way. Nobody waits for one: how long it takes tells nothing, and a mail server that
hangs holds up nothing but mails.

A mail that can't be handed over is tried twice more, then given up: the person asks again. What is
on its way when the process ends is lost likewise.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from appinstance_app.workers import Bounded, Busy

from .protocol import MailUnavailableError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from email.message import EmailMessage

    from appinstance_app.metrics import Metrics

    from .protocol import Mail

_PAUSES: Final = (2.0, 15.0)
_TOGETHER: Final = 2
_WAITING: Final = 100
_SECONDS: Final = 60.0
_log = structlog.get_logger(__name__)


class Outgoing:
    """Sends in the background. `mail` None: there is no mail, and nothing is sent."""

    def __init__(
        self, mail: Mail | None, metrics: Metrics, *, pauses: tuple[float, ...] = _PAUSES
    ) -> None:
        self._mail = mail
        self._metrics = metrics
        self._pauses = pauses
        self._threads = Bounded("mail", _TOGETHER, waiting=_WAITING, seconds=_SECONDS)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_there(self) -> bool:
        """Whether mails can leave."""
        return self._mail is not None

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Begins work that nobody waits for, so that how long it takes tells nothing."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, message: EmailMessage) -> None:
        """Hands a mail over, or gives it up. To be called from what `begin` began."""
        if self._mail is None:
            return
        cause = ""
        for pause in (0.0, *self._pauses):
            await asyncio.sleep(pause)
            try:
                await self._threads.run(self._mail.send, message)
            except (MailUnavailableError, Busy) as error:
                cause = str(error)
            else:
                self._metrics.mails.labels("sent").inc()
                return
        self._metrics.mails.labels("failed").inc()
        _log.error("mail.given_up", cause=cause)

    async def idle(self) -> None:
        """Waits until nothing is on its way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Ends what is on its way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - nobody waits for it; it must be told somewhere
            _log.error("background.failed", cause=type(error).__name__)
