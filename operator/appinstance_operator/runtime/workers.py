"""The queue's workers: each takes a key and reconciles it in a thread, one key at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import NotLeader
from appinstance_operator.kube.cache import Key
from appinstance_operator.reconcile.queue import WorkQueue
from appinstance_operator.reconcile.reconciler import Outcome
from appinstance_operator.signals.metrics import CONTROLLER, Metrics

log = structlog.get_logger(__name__)

WORKERS = 8


class Workers:
    """A bounded pool, as botocore and the API client block."""

    def __init__(
        self,
        queue: WorkQueue[Key],
        reconcile: Callable[[Key], Outcome],
        metrics: Metrics,
        count: int = WORKERS,
    ) -> None:
        self.pool = ThreadPoolExecutor(count, thread_name_prefix="reconcile")
        self._queue = queue
        self._reconcile = reconcile
        self._metrics = metrics
        self._count = count
        self._tasks: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._ending = False

    def start(self) -> None:
        """Begin to take keys."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._count)]

    async def drain(self, seconds: float) -> bool:
        """Take no more keys and let what is under way come to its end; return whether it did."""
        self._ending = True
        for task in self._tasks:
            if task not in self._busy:
                task.cancel()
        pending = (await asyncio.wait(self._tasks, timeout=seconds))[1] if self._tasks else set()
        self.pool.shutdown(wait=False, cancel_futures=True)
        return not pending

    async def _work(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type
        while not self._ending:
            key = await self._queue.take()
            self._busy.add(task)
            try:
                await self._one(key)
            finally:
                self._busy.discard(task)

    async def _one(self, key: Key) -> None:
        loop = asyncio.get_running_loop()
        self._metrics.active.labels(CONTROLLER).inc()
        try:
            outcome = await loop.run_in_executor(self.pool, self._timed, key)
        finally:
            self._metrics.active.labels(CONTROLLER).dec()
            self._queue.done(key)
        if outcome.again_after is not None:
            if outcome.error:
                self._metrics.retries.labels(CONTROLLER).inc()
            self._queue.add_after(key, outcome.again_after)

    def _timed(self, key: Key) -> Outcome:
        start = time.monotonic()
        try:
            outcome = self._reconcile(key)
        except NotLeader as error:
            # The next leader looks at all of them.
            log.warning("left to the next leader", namespace=key[0], name=key[1])
            outcome = Outcome(error=error.message)
        except Exception as error:
            log.exception("reconcile broke", namespace=key[0], name=key[1])
            outcome = Outcome(backoff(5), f"{type(error).__name__}: {error}")
        self._metrics.seconds.labels(CONTROLLER).observe(time.monotonic() - start)
        self._metrics.last_reconcile.set_to_current_time()
        if outcome.error:
            self._metrics.errors.labels(CONTROLLER).inc()
        result = "error" if outcome.error else "success"
        self._metrics.reconciles.labels(CONTROLLER, result).inc()
        return outcome
