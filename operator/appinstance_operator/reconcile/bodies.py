"""What objects say of themselves: their conditions, and how far a Deployment's pods are. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any


def find_condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return a condition of any object, empty when it has none of that type."""
    for item in body.get("status", {}).get("conditions") or ():
        if item.get("type") == kind:
            return dict(item)
    return {}


def seconds(time: object) -> float:
    """Return an RFC 3339 time as seconds since 1970; 0 where it is none."""
    try:
        return datetime.datetime.fromisoformat(str(time)).timestamp()
    except ValueError:
        return 0.0


def rollout(deployment: Mapping[str, Any]) -> tuple[bool, str, str]:
    """Return (available, reason, message) of one Deployment, as `kubectl rollout status` judges."""
    meta, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    name, wanted = meta["name"], spec.get("replicas", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if has_failed(deployment):
        return (
            False, "ProgressDeadlineExceeded",
            f"{name}: the new version did not become ready ({updated} of {wanted} pods updated, "
            f"{available} available); the old one keeps serving. See `kubectl describe pod`",
        )  # fmt: skip
    seen = status.get("observedGeneration", 0) >= meta.get("generation", 1)
    if not seen or updated < wanted or status.get("replicas", 0) > updated or available < wanted:
        words = f"{name}: {available} of {wanted} pods are available"
        return False, "RolloutInProgress", words + _refused(deployment)
    return True, "MinimumReplicasAvailable", f"{name}: {available} pods"


def _refused(deployment: Mapping[str, Any]) -> str:
    """Return why the cluster lets no more pods be made, such as a quota of the namespace."""
    failure = find_condition(deployment, "ReplicaFailure")
    if failure.get("status") != "True":
        return ""
    # Without the pod's name before it, which is another one at each try.
    cause = str(failure.get("message", "")).rpartition("is forbidden: ")[2]
    return f"; the cluster refuses its pods: {cause}"


def rolled_out(deployment: Mapping[str, Any]) -> bool:
    """Return whether every pod that runs is of the template that the Deployment has now."""
    meta, status = deployment["metadata"], deployment.get("status", {})
    updated = status.get("updatedReplicas", 0)
    return bool(
        status.get("observedGeneration", 0) >= meta.get("generation", 1)
        and status.get("replicas", 0) == updated
        and updated > 0
    )


def is_rolling(deployment: Mapping[str, Any]) -> bool:
    """Return whether pods are being replaced, as far as one can tell still with success."""
    return not rolled_out(deployment) and not has_failed(deployment)


def has_failed(deployment: Mapping[str, Any]) -> bool:
    """Return whether the pods of the template that it has now did not come up in time.

    What the status says of a template before that one is no word on it.
    """
    meta, status = deployment["metadata"], deployment.get("status", {})
    progress = find_condition(deployment, "Progressing")
    seen = status.get("observedGeneration", 0) >= meta.get("generation", 1)
    return bool(seen and progress.get("reason") == "ProgressDeadlineExceeded")
