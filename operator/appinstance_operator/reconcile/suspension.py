"""What runs in the background of a suspended instance is stopped; all else stays as it is.

Only that one field of each object is written, so that a spec that was changed together with
`suspend` is carried out when the instance goes on, and not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from appinstance_operator.api.background import JOB, WORKER
from appinstance_operator.api.errors import NotLeader, OperatorError
from appinstance_operator.api.spec import AppInstance
from appinstance_operator.desired import names
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import BY_KIND

log = structlog.get_logger(__name__)

_STOPPED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Deployment": (WORKER, {"replicas": 0}),
    "CronJob": (JOB, {"suspend": True}),
}
"""By kind: how the component's name begins, and what stops it. An autoscaler lets 0 be."""


def stop_background(kube: Kube, cache: Cache, instance: AppInstance) -> None:
    """Stop workers and jobs of a suspended instance, those too that its spec names no more.

    A run that has begun comes to its end. What can't be stopped keeps no other from it, and is
    raised after them.
    """
    failed: OperatorError | None = None
    children = cache.children((instance.namespace, instance.name))
    for kind, name in children:
        prefix, stopped = _STOPPED.get(kind, ("", {}))
        if not stopped or not name.startswith(names.of(instance, prefix)):
            continue
        live = children[kind, name]
        owners = live["metadata"].get("ownerReferences") or ()
        if not any(owner.get("uid") == instance.uid for owner in owners):
            continue
        if all(live["spec"].get(field) == value for field, value in stopped.items()):
            continue
        patch = {"metadata": {"uid": live["metadata"]["uid"]}, "spec": dict(stopped)}
        try:
            after = kube.merge(BY_KIND[kind], instance.namespace, name, patch)
        except NotLeader:
            raise
        except OperatorError as error:
            failed = error
            continue
        if after is not None:
            cache.put_child(after)
        log.info("stopped", namespace=instance.namespace, name=instance.name, object=name)
    if failed:
        raise failed
