"""Deletes what has expired, now and then, on every replica: the work is small and safe to share."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

import structlog

from .store.protocol import StoreUnavailableError
from .workers import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .store.protocol import Store

PAUSE_SECONDS: Final = 600
_log = structlog.get_logger(__name__)


async def keep_house(
    store: Store, *, clock: Callable[[], datetime], pause_seconds: float = PAUSE_SECONDS
) -> None:
    """Runs until it is cancelled. The pause varies, so that replicas do not work in step."""
    thread = Bounded(1, waiting=1)
    while True:
        await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.5))  # noqa: S311 no secret
        try:
            gone = await thread.run(lambda: store.purge_expired(now=clock()))
        except StoreUnavailableError as error:
            _log.warning("housekeeping.failed", cause=str(error))
        else:
            _log.info("housekeeping.done", rows=gone)
