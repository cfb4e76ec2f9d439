"""How an object of an AppInstance stands, in a few words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]


def condition(item: Body, kind: str) -> Body:
    """Return a condition of an object's status, empty where there is none."""
    for entry in (item.get("status") or {}).get("conditions") or ():
        if entry.get("type") == kind:
            found: Body = entry
            return found
    return {}


def ready_pods(deployment: Body) -> tuple[int, int]:
    """Return how many pods of a Deployment are ready and up to date, and how many it wants."""
    status, wants = deployment.get("status") or {}, deployment.get("spec", {}).get("replicas", 1)
    return min(status.get("readyReplicas") or 0, status.get("updatedReplicas") or 0), int(wants)


def container_trouble(pod: Body) -> tuple[str, str] | None:
    """Return what keeps a pod from being ready, as a reason and a sentence; None: it is fine."""
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded" or condition(pod, "Ready").get("status") == "True":
        return None
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        reason = str(scheduled.get("reason", "Unschedulable"))
        return reason, f"has no node: {scheduled.get('message', '')}"
    for container in status.get("containerStatuses") or ():
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        last = (container.get("lastState") or {}).get("terminated") or {}
        for end in (ended, last):
            if end.get("reason") == "OOMKilled":
                return "OOMKilled", f"{container['name']} was ended for want of memory"
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            words = waiting.get("message") or f"ended with code {last.get('exitCode', '?')}"
            return str(waiting["reason"]), f"{container['name']}: {waiting['reason']}: {words}"
        if ended and ended.get("exitCode"):
            return "Error", f"{container['name']} ended with code {ended['exitCode']}"
    if status.get("phase") == "Running":
        return "NotReady", "runs, and does not answer its readiness probe"
    return "Pending", "is being started"


def standing(item: Body) -> tuple[bool | None, str]:
    """Return whether an object is as it should be (None: nothing to say), and a few words."""
    kind, status = item.get("kind"), item.get("status") or {}
    if kind == "Deployment":
        has, wants = ready_pods(item)
        return has >= wants, f"{has}/{wants} ready"
    if kind == "Pod":
        trouble = container_trouble(item)
        return trouble is None, trouble[1] if trouble else str(status.get("phase", ""))
    if kind == "Job":
        if condition(item, "Complete").get("status") == "True":
            return True, "complete"
        failed = condition(item, "Failed").get("status") == "True"
        return (False, "failed") if failed else (None, "running")
    if kind == "CronJob":
        if (item.get("spec") or {}).get("suspend"):
            return None, "suspended"
        return None, f"last run {status.get('lastScheduleTime') or 'not yet'}"
    if kind == "Ingress":
        found = (status.get("loadBalancer") or {}).get("ingress") or ()
        address = next((e.get("hostname") or e.get("ip") for e in found), None)
        return bool(address), str(address or "no address yet")
    if kind in ("AppInstance", "ExternalSecret", "SecretStore"):
        ready = condition(item, "Ready")
        return ready.get("status") == "True", str(ready.get("reason") or "no status yet")
    return None, ""
