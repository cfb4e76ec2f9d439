"""The reconciler with all its parts, put together in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from appinstance_operator.api.settings import Settings
from appinstance_operator.aws.keeper import RoleKeeper
from appinstance_operator.desired.names import OPERATOR_NAMESPACE
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import Kube
from appinstance_operator.signals.metrics import Metrics

from .applier import Applier
from .converge import Converger
from .finalize import Finalizer
from .hosts import Hosts
from .prune import Pruner
from .reach import Reach
from .reconciler import Reconciler
from .report import Reporter
from .requests import Requests
from .rollouts import Rollouts, under_way
from .runs import Runs
from .suspension import stop_background


@dataclass(frozen=True)
class Outside:
    """What a reconciler works with: the cluster, what is known of it, IAM, and the metrics."""

    kube: Kube
    cache: Cache
    keeper: RoleKeeper
    metrics: Metrics


def assembled(
    outside: Outside,
    settings: Settings,
    wake: Callable[[Key], None],
    woken: Callable[[Key], bool],
    reach: Reach | None = None,
    namespace: str = OPERATOR_NAMESPACE,
) -> Reconciler:
    """Return a reconciler. `wake` asks for a look; `woken` says whether one follows at once.

    `namespace` is the operator's own.
    """
    kube, cache, metrics = outside.kube, outside.cache, outside.metrics
    requests = Requests(kube, namespace, time.time, metrics.database_answer)
    finalizer = Finalizer(kube, cache, outside.keeper, settings, requests)
    converger = Converger(
        kube=kube,
        cache=cache,
        settings=settings,
        applier=Applier(kube, cache, metrics),
        pruner=Pruner(kube, settings),
        finalizer=finalizer,
        keeper=outside.keeper,
        rollouts=Rollouts(
            settings.rollouts.max_concurrent,
            wake,
            group=lambda key: key[0],
            under_way=lambda: under_way(cache),
        ),
        reach=reach or Reach(wake),
        requests=requests,
    )
    reporter = Reporter(kube, cache, settings, metrics, woken)
    stop, hosts = partial(stop_background, kube, cache), Hosts(cache, wake)
    runs = Runs(kube)
    return Reconciler(cache, settings, converger, finalizer, hosts, reporter, runs, stop)
