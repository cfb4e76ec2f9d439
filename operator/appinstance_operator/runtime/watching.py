"""What is watched under these settings, and filling the cache before the first reconcile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import Fate, SettingsError
from appinstance_operator.api.settings import Settings
from appinstance_operator.desired import iam
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import ApiError, Kube
from appinstance_operator.kube.kinds import (
    APPINSTANCE,
    BY_KIND,
    INGRESS,
    NAMESPACE,
    SECRET,
    Kind,
    children,
)
from appinstance_operator.kube.relist import Relist
from appinstance_operator.kube.watch import ChildSink, NamespaceSink, Watch
from appinstance_operator.reconcile.status import pending_arns, recorded_arns
from appinstance_operator.signals.metrics import Metrics

log = structlog.get_logger(__name__)

_START_TRIES = 12
_START_WAIT_SECONDS = 5.0


class Watches:
    """Every watch of one operator process but kopf's, which has the AppInstances."""

    def __init__(
        self,
        kube: Kube,
        cache: Cache,
        settings: Settings,
        metrics: Metrics,
        wake: Callable[[Key], None],
    ) -> None:
        self._cache, self._settings = cache, settings
        cache.made_way = wake
        scopes: Sequence[str | None] = settings.namespaces or (None,)
        self.watches = [
            Watch(kube, kind, ChildSink(cache, kind), wake, scope)
            for kind in (*children(settings), SECRET)
            for scope in scopes
        ]
        if settings.edge.class_name == "alb" and not settings.namespaces:
            # Their labels say whether the load balancer's readiness gates are asked for. They are
            # objects of the whole cluster: kept to namespaces, the operator has no right to them.
            self.watches.append(Watch(kube, NAMESPACE, NamespaceSink(cache), wake))
        self.relist = Relist(kube, cache, wake, settings.namespaces)
        for kind in {watch.kind for watch in self.watches}:
            same = [watch for watch in self.watches if watch.kind == kind]
            metrics.show_watch_age(kind.kind, partial(_oldest, same))

    def fill(self) -> None:
        """Fill the cache, so that a restart does not write anew and every claim to a host is known.

        An API server that is starting itself is waited for. Raises SettingsError when the cluster
        does not serve a kind, or has roles that these settings would leave behind.
        """
        for watch in self.watches:
            _patiently(watch.kind, watch.fill)
        _patiently(APPINSTANCE, self.relist.fill)
        self._refuse_to_lose_roles()

    def _refuse_to_lose_roles(self) -> None:
        keys = self._cache.keys()
        for key in keys:
            body = self._cache.instance(key) or {}
            for part, arn in (*recorded_arns(body).items(), *pending_arns(body).items()):
                if iam.is_lost(arn, *key, self._settings, part):
                    raise SettingsError(
                        "iam.path or iam.roleNamePrefix was changed, and AppInstances have roles "
                        f"under the former one ({'/'.join(key)}: {arn}); put it back, since the "
                        "operator may neither use nor remove those any more. To change it, delete "
                        "the AppInstances first"
                    )

    def catch_up(self) -> None:
        """List anew what decides between instances: which there are, whose hosts are served, and
        whose pods are being replaced.

        A standby may be behind without knowing, and would then give away a host that somebody has,
        or turns to roll that are taken. All else that it may not know of concerns one instance,
        which comes right by itself.
        """
        for watch in self.watches:
            if watch.kind in {INGRESS, BY_KIND["Deployment"]}:
                watch.fill()
        self.relist.fill()

    def start(self) -> None:
        """Begin to watch."""
        for watch in self.watches:
            watch.start()
        self.relist.start()

    def stop(self) -> None:
        """Ask all of them to end."""
        for watch in self.watches:
            watch.stop()
        self.relist.stop()


def _patiently(kind: Kind, fill: Callable[[], object]) -> None:
    for failures in range(1, _START_TRIES + 1):
        try:
            fill()
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


def _oldest(watches: Sequence[Watch]) -> float:
    return max(watch.age for watch in watches)
