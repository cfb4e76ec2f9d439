"""Applying objects: the missing, the changed and the drifted, one by one; nothing foreign, ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from appinstance_operator.api.errors import EarlierObject, NameTaken, NotLeader, OperatorError
from appinstance_operator.api.model import Manifest
from appinstance_operator.api.spec import KIND
from appinstance_operator.desired import names
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.client import ApiError, Kube, Outdated
from appinstance_operator.kube.comparison import APPLIED_HASH, reason_to_apply, with_hash
from appinstance_operator.signals.metrics import Metrics

from .look import Look
from .templates import recorded

log = structlog.get_logger(__name__)


class Applier:
    """Applies what a look wants. One object that is refused does not keep the others waiting."""

    def __init__(self, kube: Kube, cache: Cache, metrics: Metrics) -> None:
        self._kube = kube
        self._cache = cache
        self._metrics = metrics

    def apply_all(self, manifests: Iterable[Manifest], look: Look) -> OperatorError | None:
        """Apply each; return the first error after trying all.

        Raises where it makes no sense to go on: the API server gives no answer, or this process
        may not write any more.
        """
        first: OperatorError | None = None
        for manifest in manifests:
            try:
                reason = self.apply(manifest, look)
            except OperatorError as error:
                if isinstance(error, NotLeader) or (
                    isinstance(error, ApiError) and error.status == 0
                ):
                    raise
                first = first or error
                look.fail(error)
            else:
                if reason:
                    look.applied.setdefault(reason, []).append(_named(manifest))
        return first

    def apply(self, manifest: Manifest, look: Look) -> str | None:
        """Apply one object if it is missing, changed or drifted; return which of these it was."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        of = look.spec_hash
        alone = None if _depends_on_live(manifest) else with_hash(recorded(manifest, of))
        fine = look.children.fine((kind, name), look.memory.uid)
        if alone and fine == _hash(alone):
            return None  # without decoding what is there
        live = look.children.get((kind, name))
        if live is not None:
            refuse_foreign(live, look)
            if kind == "Job":
                return None  # its template cannot be changed; its name says what it is for
        hashed = alone or with_hash(recorded(with_held_replicas(manifest, live), of))
        if live is not None and fine == _hash(hashed):
            return None
        reason = reason_to_apply(hashed, live)
        if reason is None:
            look.children.note_fine((kind, name), look.memory.uid, _hash(hashed))
            return None
        if kind == "ExternalSecret" and live is None:
            self._refuse_foreign_secret(manifest, look)
        return reason if self._send(hashed, live, reason, look) else None

    def _send(
        self, hashed: Manifest, live: Mapping[str, Any] | None, reason: str, look: Look
    ) -> bool:
        """Apply; return whether that was done, not so where it is not as it was known."""
        kind, name = hashed["kind"], hashed["metadata"]["name"]
        try:
            applied = self._kube.apply(hashed, live=live)
        except Outdated as answer:
            # The cache was behind; the next look, at once, goes by what is.
            self._cache.correct(kind, look.instance.namespace, name, answer.found)
            look.due.append(0.0)
            return False
        self._cache.put_child(applied)
        look.children[kind, name] = applied
        if reason.startswith("drifted"):
            look.drifted = True
            self._metrics.repairs.labels(kind).inc()
        return True

    def _refuse_foreign_secret(self, manifest: Manifest, look: Look) -> None:
        """Refuse to have External Secrets write over a Secret that somebody else made."""
        target = manifest["spec"]["target"]["name"]
        if ("Secret", target) in look.children:
            return
        if self._kube.secret_is_foreign(look.instance.namespace, target, look.instance.name):
            raise NameTaken(taken("Secret", target))


def _named(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def log_applied(look: Look) -> None:
    """Log what a look applied: a line for each reason, not one for each of twenty new objects."""
    for reason, objects in look.applied.items():
        log.info(
            "applied",
            namespace=look.instance.namespace,
            name=look.instance.name,
            objects=objects,
            reason=reason,
        )


def taken(kind: str, name: str) -> str:
    """Return the sentence for an object in the way."""
    return (
        f"{kind} {name} exists and is not this AppInstance's; it was left as it is. Remove it, or "
        "give the AppInstance another name"
    )


def refuse_foreign(live: Mapping[str, Any], look: Look) -> None:
    """Raise NameTaken for an object that is not the instance's own."""
    if look.owns(live):
        return
    kind, name = live["kind"], live["metadata"]["name"]
    for owner in live["metadata"].get("ownerReferences") or ():
        if owner.get("kind") == KIND and owner.get("name") == look.instance.name:
            raise EarlierObject(
                f"{kind} {name} is of an earlier AppInstance of this name; waiting until "
                "Kubernetes has removed it"
            )
    raise NameTaken(taken(kind, name))


def with_held_replicas(manifest: Manifest, live: Mapping[str, Any] | None) -> Manifest:
    """Return a Deployment with the number of replicas that only we hold, where it leaves it out.

    Giving up a field that nobody else holds sets it to its default: a Deployment that is handed
    over to an autoscaler would drop to one pod. So the number stays until that has taken it. An
    autoscaler leaves 0 as it is, so what was stopped is begun with one pod.
    """
    if not _depends_on_live(manifest) or live is None:
        return manifest
    if live["spec"].get("replicas") == 0:
        return {**manifest, "spec": {**manifest["spec"], "replicas": 1}}
    holders = {
        entry.get("manager")
        for entry in live["metadata"].get("managedFields") or ()
        if "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
    }
    if holders != {names.MANAGER}:
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "replicas": live["spec"]["replicas"]}}


def _depends_on_live(manifest: Manifest) -> bool:
    """Return whether what is applied is more than the manifest (see `with_held_replicas`)."""
    return manifest["kind"] == "Deployment" and "replicas" not in manifest["spec"]


def _hash(hashed: Manifest) -> str:
    return str(hashed["metadata"]["annotations"][APPLIED_HASH])
