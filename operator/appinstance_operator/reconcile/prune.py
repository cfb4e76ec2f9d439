"""Deleting what an instance no longer has. Only what is its own, and by uid."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from appinstance_operator.api.model import Plan
from appinstance_operator.api.settings import Settings
from appinstance_operator.desired import names
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import Kind, children

from . import checks
from .look import Look
from .runs import going_on

log = structlog.get_logger(__name__)

# What pods that still run may use; it goes once the new ones have taken over.
_USED_BY_PODS = frozenset(
    {
        "ConfigMap",
        "ExternalSecret",
        "NetworkPolicy",
        "SecretStore",
        "SecurityGroupPolicy",
        "ServiceAccount",
    }
)


class Pruner:
    """Deletes leftovers in the order of kube/kinds.py: what serves first, policies last."""

    def __init__(self, kube: Kube, settings: Settings) -> None:
        self._kube = kube
        self._settings = settings

    def prune(self, wanted: Plan, look: Look) -> None:
        """Delete the instance's objects that the plan does not have."""
        keep = {(item["kind"], item["metadata"]["name"]) for item in wanted.objects}
        # Their names alone: what is in the plan need not be decoded once more.
        left = [key for key in look.children if key not in keep]
        if any(kind == "ServiceAccount" for kind, _ in left):
            # A run that began under an account of its own goes on under it.
            used = {("ServiceAccount", names.of(look.instance, job)) for job in going_on(look)}
            left = [key for key in left if key not in used]
        for kind in self._due(look):
            for child_kind, name in left:
                if child_kind != kind.kind:
                    continue
                live = look.children[child_kind, name]
                if not look.owns(live):
                    continue
                self._kube.delete(kind, look.instance.namespace, name, live["metadata"]["uid"])
                log.info(
                    "pruned",
                    namespace=look.instance.namespace,
                    name=look.instance.name,
                    object=f"{child_kind}/{name}",
                )

    def _due(self, look: Look) -> Iterable[Kind]:
        taken_over = look.checks[checks.WORKLOADS].ok and look.held is None
        for kind in children(self._settings):
            if taken_over or kind.kind not in _USED_BY_PODS:
                yield kind
