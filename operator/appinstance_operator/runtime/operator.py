"""`appinstance run`: wire the operator together and keep it running.

Several replicas may run. All of them follow the cluster; one holds the Lease and works (lease.py,
docs/adr/0013). Its loss ends the process, whose next start stands by.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import threading
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, cast

import kopf
import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import OperatorError
from appinstance_operator.api.settings import Settings
from appinstance_operator.aws.keeper import RoleKeeper
from appinstance_operator.aws.roles import RoleManager
from appinstance_operator.aws.sdk import iam_client
from appinstance_operator.desired import names
from appinstance_operator.kube import credentials
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.leases import LeaseClient
from appinstance_operator.reconcile.assembly import Outside, assembled
from appinstance_operator.reconcile.queue import WorkQueue
from appinstance_operator.signals import logs
from appinstance_operator.signals.metrics import Metrics

from . import events
from .health import PORT, Health
from .lease import Lease, Timing, new_identity
from .sweeps import Sweeps
from .watching import Watches
from .workers import Workers

log = structlog.get_logger(__name__)

# Together less than the pod's terminationGracePeriodSeconds (60).
DRAIN_SECONDS = 20.0
_IAM_SECONDS = 5.0
_EXIT_SECONDS = 30.0
_BEAT_SECONDS = 1.0
_MOST_SECONDS_BETWEEN_TRIES = 5.0
_GC_THRESHOLDS = (20_000, 20, 20)
LOST = 1
"""The exit code of a process that lost the Lease."""


@dataclass(frozen=True)
class Candidacy:
    """Where the Lease is, how long it lasts, and under which name this process stands for it."""

    namespace: str
    name: str
    timing: Timing


def _nothing() -> None:
    pass


@dataclass
class Operator:
    """Everything of one operator process. Without a candidacy it leads from the start."""

    settings: Settings
    port: int = PORT
    candidacy: Candidacy | None = None
    metrics: Metrics = field(default_factory=Metrics)
    cache: Cache = field(default_factory=Cache)

    def __post_init__(self) -> None:
        """Wire the parts; nothing is sent yet."""
        self.lease = self._lease(self.candidacy) if self.candidacy else None
        fence = self.lease.fence if self.lease else _nothing
        self.kube = Kube(self.metrics.kubernetes_request, fence=fence)
        self.metrics.show_build(metadata.version("appinstance-operator"))
        roles = RoleManager(
            iam_client(self.settings),
            self.metrics.aws_request,
            fence=fence,
            on_error=self.metrics.aws_error,
        )
        self.queue: WorkQueue[Key] = WorkQueue(self.metrics, lambda key: self.reconciler.runs(key))
        self.keeper = RoleKeeper(roles, self._wake_soon)
        outside = Outside(self.kube, self.cache, self.keeper, self.metrics)
        namespace = self.candidacy.namespace if self.candidacy else names.OPERATOR_NAMESPACE
        self.reconciler = assembled(
            outside, self.settings, self._wake_soon, self.queue.woken, namespace=namespace
        )
        self.workers = Workers(self.queue, self.reconciler.reconcile, self.metrics)
        self.health = Health(self.metrics, self.port)
        self.watches = Watches(self.kube, self.cache, self.settings, self.metrics, self._wake_soon)
        offered = self.settings.database.provisioning is not None
        self.sweeps = Sweeps(self.kube, namespace, self.metrics) if offered else None
        self.leading = False
        self.lost = False
        self._ending = False
        self._coming: asyncio.Task[None] | None = None

    def _lease(self, candidacy: Candidacy) -> Lease:
        # A client of its own: no fence before the Lease's own writes, and no long wait.
        timeout = candidacy.timing.request_timeout
        request = self.metrics.kubernetes_request
        client = LeaseClient(credentials.access(), candidacy.namespace, timeout, request)
        return Lease(
            client, new_identity(candidacy.name), candidacy.timing,
            on_acquired=lambda: self._soon(self._come_to_lead), on_lost=self._on_lost,
        )  # fmt: skip

    # Beginning

    def wake(self, key: Key) -> None:
        """Queue a key. A standby queues none: all of them are when it comes to lead."""
        if self.leading:
            self.queue.add(key)

    def _wake_soon(self, key: Key) -> None:
        """Queue a key, from whichever thread."""
        self._loop.call_soon_threadsafe(self.wake, key)

    # Leading

    def _come_to_lead(self) -> None:
        self._coming = asyncio.create_task(self._catch_up_and_lead())

    async def _catch_up_and_lead(self) -> None:
        """Lead as soon as what another process wrote before its end is known here, too."""
        failures = 0
        while not await self._caught_up():
            failures += 1
            await asyncio.sleep(min(backoff(failures), _MOST_SECONDS_BETWEEN_TRIES))
        if not self._ending:
            self._lead()

    async def _caught_up(self) -> bool:
        try:
            await self._loop.run_in_executor(None, self.watches.catch_up)
        except OperatorError as error:
            log.warning("not leading yet; trying again", error=error.message)
        except Exception:
            # Whoever holds the Lease and does not work keeps all others from it.
            log.exception("not leading yet; trying again")
        else:
            return True
        return False

    def _lead(self) -> None:
        """Queue all there is and begin to work on it."""
        self.leading = True
        self.metrics.leader.set(1)
        self.keeper.start()
        keys = self.cache.keys()
        for key in keys:
            self.queue.add(key)
        self.workers.start()

    def _on_lost(self) -> None:
        """End the process (called in the Lease's thread), without the loop where that is stuck."""
        last = threading.Timer(_EXIT_SECONDS, os._exit, [LOST])
        last.daemon = True
        last.start()
        self._soon(self._end_as_lost)

    def _end_as_lost(self) -> None:
        self.lost = True
        self._stopped.set()

    def _soon(self, call: Any) -> None:
        self._loop.call_soon_threadsafe(call)

    async def _beat(self, lease: Lease) -> None:
        while True:
            lease.beat()
            await asyncio.sleep(_BEAT_SECONDS)

    # Running and ending

    async def run(self) -> int:
        """Run until told to stop by a signal, or until the Lease is lost; return the exit code."""
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        await self.health.start()

        await self._loop.run_in_executor(self.workers.pool, self.watches.fill)
        # What is there now stays. Without this, looking through all of it for cycles, again and
        # again while events are parsed, takes a tenth of the processor time and grows.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        self.watches.start()
        registry = kopf.OperatorRegistry()
        events.register(registry, self.cache, self.wake, self.watches.relist.ask)
        kopf.on.cleanup(registry=registry)(self._wind_down)
        configured = kopf.OperatorSettings()
        events.configure(configured)
        self.health.ready = True
        beside = [asyncio.create_task(self.sweeps.run())] if self.sweeps else []
        if self.lease:
            beside.append(asyncio.create_task(self._beat(self.lease)))
            self.lease.start()
        else:
            self._lead()
        try:
            await kopf.operator(
                registry=registry,
                settings=configured,
                standalone=True,
                stop_flag=self._stopped,
                # kopf would ask who the user is, and a container's has no name.
                identity=cast("Any", names.MANAGER),
                **events.scope(self.settings),
            )
        finally:
            await self._wind_down()
            for task in beside:
                task.cancel()
            await self.health.stop()
        return LOST if self.lost else 0

    async def _wind_down(self, **_: Any) -> None:
        """Let what is under way come to its end, then give the Lease up; once.

        kopf calls it as soon as its watches have ended, before it waits for what else may hang.
        """
        if self._ending:
            return
        self._ending = True
        if self._coming:
            self._coming.cancel()
        self.health.ready = False
        self.watches.stop()
        self.keeper.stop()
        finished = await self.workers.drain(0 if self.lost else DRAIN_SECONDS)
        seconds = 0.0 if self.lost else _IAM_SECONDS
        silent = await self._loop.run_in_executor(None, self.keeper.stop, seconds)
        self.metrics.leader.set(0)
        if self.lease:
            stop = functools.partial(self.lease.stop, release=finished and silent and not self.lost)
            await self._loop.run_in_executor(None, stop)


def run(
    settings: Settings,
    port: int = PORT,
    candidacy: Candidacy | None = None,
    log_level: str = "INFO",
) -> int:
    """Run the operator until it is told to stop; return the exit code."""
    logs.configure(log_level)
    log.info("starting", cluster=settings.cluster_name, region=settings.region)
    return asyncio.run(Operator(settings, port, candidacy).run())
