"""How the parts of an operator process are put together over the fakes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import urllib3

from appinstance_operator.api.settings import Settings
from appinstance_operator.aws.keeper import RoleKeeper
from appinstance_operator.aws.roles import RoleManager
from appinstance_operator.kube.access import Access
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.relist import Relist
from appinstance_operator.kube.watch import Watch
from appinstance_operator.reconcile.assembly import Outside, assembled
from appinstance_operator.reconcile.reconciler import Reconciler
from appinstance_operator.runtime.watching import Watches
from appinstance_operator.signals.metrics import Metrics
from support.fake_api import FakeApi
from support.fake_iam import FakeIamClient

if TYPE_CHECKING:
    from support.fake_operator import Clock, FakeOperator


# Shared by all: nobody reads it, and making one takes as long as a look.
_METRICS = Metrics()


@dataclass(frozen=True)
class Wired:
    """The parts of one process."""

    kube: Kube
    cache: Cache
    watches: Sequence[Watch]
    relist: Relist
    reconciler: Reconciler
    catch_up: Callable[[], None]
    background: Callable[[], None]
    """Does what waits for the threads that talk to IAM."""


def wire(
    api: FakeApi,
    iam: FakeIamClient,
    settings: Settings,
    clock: Clock,
    fence: Callable[[], None],
    process: FakeOperator,
) -> Wired:
    """Return the parts of a process, wired as runtime/operator.py does it."""
    metrics, cache = _METRICS, Cache()
    access = Access("http://cluster", cast("urllib3.PoolManager", api))
    kube = Kube(metrics.kubernetes_request, access=access, fence=fence)
    manager = RoleManager(iam, metrics.aws_request, fence)
    # Not spread: the clock stands still while a test lets everything come to rest.
    keeper = RoleKeeper(manager, process.wake, clock, reads_per_second=math.inf)
    reconciler = assembled(
        Outside(kube, cache, keeper, metrics), settings, process.wake, process.woken
    )
    reconciler._converger.now = clock.of_day
    reconciler._converger.requests.now = clock.of_day
    watches = Watches(kube, cache, settings, metrics, process.wake)
    return Wired(
        kube, cache, watches.watches, watches.relist, reconciler, watches.catch_up, keeper.run
    )
