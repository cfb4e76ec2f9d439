"""Deletes what has expired, now and then, on every replica: the work is small and safe to share."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

import structlog

from .store.protocol import StoreUnavailableError
from .workers import Bounded, Busy

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
    thread = Bounded("housekeeping", 1, waiting=1)
    while True:
        await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.5))  # noqa: S311 no secret
        try:
            gone = await thread.run(lambda: store.purge_expired(now=clock()))
        except (StoreUnavailableError, Busy) as error:
            _log.warning("housekeeping.failed", cause=str(error))
        except Exception:  # noqa: BLE001 without a next round the tables grow for ever
            _log.exception("housekeeping.failed")
        else:
            _log.info("housekeeping.done", rows=gone)
