"""`appinstance run`: wire the operator together and keep it running.

One replica, `Recreate`: kopf has no Lease election, and two operators would only repeat each
other's writes. Work is done by a bounded pool of threads, as boto3 and the API client block.
"""

from __future__ import annotations

import asyncio
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import boto3
import botocore.config
import kopf
import structlog
from kopf._core.engines.peering import Identity

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import Fate, SettingsError
from appinstance_operator.api.settings import Settings
from appinstance_operator.aws.roles import RoleManager
from appinstance_operator.desired import names
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import ApiError, Kube
from appinstance_operator.kube.kinds import SECRET, children
from appinstance_operator.kube.watch import ChildWatch
from appinstance_operator.reconcile.queue import WorkQueue
from appinstance_operator.reconcile.reconciler import Outcome, Reconciler
from appinstance_operator.reconcile.report import Reporter
from appinstance_operator.signals import logs
from appinstance_operator.signals.metrics import CONTROLLER, Metrics

from . import events
from .health import PORT, Health

log = structlog.get_logger(__name__)

WORKERS = 8
_GC_THRESHOLDS = (20_000, 20, 20)
_START_TRIES = 12
_START_WAIT_SECONDS = 5.0


def iam_client(settings: Settings) -> object:
    """Return the IAM client; its credentials come from the environment (a web identity)."""
    return boto3.client(
        "iam",
        region_name=settings.region,
        endpoint_url=settings.aws_endpoint_url,
        config=botocore.config.Config(
            connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3}
        ),
    )


@dataclass
class Operator:
    """Everything of one operator process, made once."""

    settings: Settings
    port: int = PORT
    metrics: Metrics = field(default_factory=Metrics)
    cache: Cache = field(default_factory=Cache)

    def __post_init__(self) -> None:
        """Wire the parts; nothing is sent yet."""
        self.kube = Kube(self.metrics.kubernetes_request)
        roles = RoleManager(iam_client(self.settings), self.metrics.aws_request)
        self.queue: WorkQueue[Key] = WorkQueue(self.metrics)
        reporter = Reporter(self.kube, self.cache, self.settings, self.metrics, self.queue.woken)
        self.reconciler = Reconciler(
            self.kube, self.cache, roles, self.settings, self.metrics, reporter
        )
        self.health = Health(self.metrics, self.port)
        self.watches: tuple[ChildWatch, ...] = ()
        self.pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="reconcile")

    def prime(self) -> None:
        """Fill the cache before the first reconcile, so that a restart does not write anew.

        An API server that is starting itself is waited for. Raises SettingsError when the cluster
        does not serve a kind.
        """
        for watch in self.watches:
            self._fill_patiently(watch)

    def _fill_patiently(self, watch: ChildWatch) -> None:
        kind = watch.kind
        for failures in range(1, _START_TRIES + 1):
            try:
                watch.fill()
            except ApiError as error:
                if error.status == 404:
                    raise SettingsError(
                        f"the cluster does not serve {kind.api_version} {kind.kind}; install what "
                        "brings it (for external-secrets.io: External Secrets; for "
                        "vpcresources.k8s.aws: EKS, or unset podSecurityGroups) and start again"
                    ) from None
                if error.fate is Fate.STALL or failures == _START_TRIES:
                    raise
                log.warning("the API server is not ready; trying again", error=error.message)
                time.sleep(min(backoff(failures), _START_WAIT_SECONDS))
            else:
                return

    async def work(self) -> None:
        """Take keys for ever and reconcile each in a thread."""
        loop = asyncio.get_running_loop()
        while True:
            key = await self.queue.take()
            self.metrics.active.labels(CONTROLLER).inc()
            try:
                outcome = await loop.run_in_executor(self.pool, self._reconcile, key)
            finally:
                self.metrics.active.labels(CONTROLLER).dec()
                self.queue.done(key)
            if outcome.again_after is not None:
                if outcome.error:
                    self.metrics.retries.labels(CONTROLLER).inc()
                self.queue.add_after(key, outcome.again_after)

    def _reconcile(self, key: Key) -> Outcome:
        start = time.monotonic()
        try:
            outcome = self.reconciler.reconcile(key)
        except Exception as error:
            log.exception("reconcile broke", namespace=key[0], name=key[1])
            outcome = Outcome(backoff(5), f"{type(error).__name__}: {error}")
        self.metrics.seconds.labels(CONTROLLER).observe(time.monotonic() - start)
        self.metrics.last_reconcile.set_to_current_time()
        if outcome.error:
            self.metrics.errors.labels(CONTROLLER).inc()
        result = "error" if outcome.error else "success"
        self.metrics.reconciles.labels(CONTROLLER, result).inc()
        return outcome

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Run until cancelled or told to stop by a signal."""
        loop = asyncio.get_running_loop()
        await self.health.start()

        def wake(key: Key) -> None:
            loop.call_soon_threadsafe(self.queue.add, key)

        kinds = (*children(self.settings), SECRET)
        self.watches = tuple(ChildWatch(self.kube, self.cache, wake, kind) for kind in kinds)
        await loop.run_in_executor(self.pool, self.prime)
        # What is there now stays. Without this, looking through all of it for cycles, again and
        # again while events are parsed, takes a tenth of the processor time and grows.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        for watch in self.watches:
            watch.start()
        registry = kopf.OperatorRegistry()
        events.register(registry, self.cache, self.queue)
        configured = kopf.OperatorSettings()
        events.configure(configured)
        workers = [asyncio.create_task(self.work()) for _ in range(WORKERS)]
        self.health.ready = True
        if ready:
            ready.set()
        try:
            await kopf.operator(
                registry=registry,
                settings=configured,
                standalone=True,
                clusterwide=True,
                # kopf would ask who the user is, and a container's has no name.
                identity=Identity(names.MANAGER),
            )
        finally:
            for watch in self.watches:
                watch.stop()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await self.health.stop()
            self.pool.shutdown(wait=False, cancel_futures=True)


def run(settings: Settings, port: int = PORT) -> None:
    """Run the operator until it is told to stop."""
    logs.configure()
    log.info("starting", cluster=settings.cluster_name, region=settings.region)
    asyncio.run(Operator(settings, port).run())
