"""Why an AppInstance is as it is: a tree of causes, each with the next step. Pure.

The status names the area that blocks; the objects of that area, their pods and the events about
them say the rest. What is fine is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.background import JOB
from appinstance_operator.api.reasons import STEPS

from .standing import condition, container_trouble, ready_pods

Body = Mapping[str, Any]
_AREAS = {
    "NetworkPoliciesApplied": ("NetworkPolicy",),
    "CloudAccessReady": (),
    "SecretsReady": ("SecretStore", "ExternalSecret"),
    "MigrationsApplied": ("Job",),
    "WorkloadsAvailable": ("Deployment",),
    "IngressReady": ("Ingress",),
    "JobsSucceeded": (),
    "Reachable": (),
    "AccessAgreed": (),
}
_PLATFORM = "this is for the platform team: show them this"
_TROUBLES = {
    "ErrImagePull": "see whether the image exists, and whether the nodes may pull it",
    "ImagePullBackOff": "see whether the image exists, and whether the nodes may pull it",
    "InvalidImageName": "mend the image's name in the spec",
    "CreateContainerConfigError": "a Secret or ConfigMap that it names is not there",
    "OOMKilled": "it needs more memory than it may have: raise resources.limits.memory",
    "Unschedulable": "no node has room: lower resources.requests, or ask the platform team",
}
_EVENTS = 3


@dataclass(frozen=True)
class Cause:
    """One thing that is not as it should be, and why."""

    what: str
    says: str
    because: tuple[Cause, ...] = ()
    next_step: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        body: dict[str, Any] = {"what": self.what, "says": self.says}
        if self.next_step:
            body["next"] = self.next_step
        if self.because:
            body["because"] = [cause.as_json() for cause in self.because]
        return body


@dataclass(frozen=True)
class World:
    """What was seen of an AppInstance."""

    instance: Body
    objects: Sequence[Body]
    events: Sequence[Body] = ()

    @property
    def name(self) -> str:
        """Return the name of the AppInstance."""
        return str(self.instance["metadata"]["name"])

    def of_kind(self, *kinds: str) -> Iterator[Body]:
        """Yield the objects of some kinds."""
        return (item for item in self.objects if item.get("kind") in kinds)


def is_ready(instance: Body) -> bool:
    """Return whether the status says that it is ready, and speaks of the spec as it is now."""
    ready = condition(instance, "Ready")
    return ready.get("status") == "True" and not _is_old(instance)


def _is_old(instance: Body) -> bool:
    seen = (instance.get("status") or {}).get("observedGeneration", 0)
    return int(seen) < int(instance["metadata"].get("generation", 1))


def why(world: World) -> Cause:
    """Return the tree of causes; its root is the AppInstance."""
    instance = world.instance
    what = f"AppInstance {world.name}"
    ready, stalled = condition(instance, "Ready"), condition(instance, "Stalled")
    if instance["metadata"].get("deletionTimestamp"):
        return Cause(what, "is being deleted; its finalizer waits until what is outside is gone")
    if is_ready(instance):
        return Cause(what, f"is ready: {ready.get('message', '')}", tuple(_areas(world)))
    if _is_old(instance):
        words = "the operator has not looked at this spec yet"
        return Cause(
            what, words, (), "wait a moment; if it stays so, see whether the operator runs"
        )
    reason = str((stalled if stalled.get("status") == "True" else ready).get("reason", ""))
    says = f"{reason}: {ready.get('message') or stalled.get('message') or 'no message'}"
    because = tuple(_areas(world))
    step = STEPS.get(reason)
    if not because or reason in (
        "Suspended",
        "InvalidSpec",
        "NotAllowed",
        "HostTaken",
        "ApplyRefused",
    ):
        return Cause(what, says, (), step or "wait a moment, and ask again")
    return Cause(what, says, because)


def _areas(world: World) -> Iterator[Cause]:
    for area, kinds in _AREAS.items():
        found = condition(world.instance, area)
        if not found or found.get("status") == "True":
            continue
        if area == "JobsSucceeded":
            yield from _failed_runs(world)
            continue
        objects = tuple(
            cause for item in world.of_kind(*kinds) for cause in _of_object(world, item)
        )
        says = f"{found.get('reason')}: {found.get('message')}"
        step = None if objects else STEPS.get(str(found.get("reason")), "wait, and ask again")
        yield Cause(area, says, objects, step)


def _failed_runs(world: World) -> Iterator[Cause]:
    """Yield the jobs whose last run failed, which takes an instance's readiness nothing."""
    for run in (world.instance.get("status") or {}).get("failedRuns") or ():
        component = f"{JOB}{run['job']}"
        logs = f"read `kubectl appi logs {world.name} --component {component}`"
        says = f"failed at {run['time']}: {run['message']}"
        yield Cause(f"Job {run['run']}", says, tuple(_pods(world, component)), logs)


def _of_object(world: World, item: Body) -> Iterator[Cause]:
    kind, name = item["kind"], item["metadata"]["name"]
    what = f"{kind} {name}"
    events = tuple(_events(world, item))
    if kind in ("SecretStore", "ExternalSecret"):
        ready = condition(item, "Ready")
        if ready.get("status") != "True":
            says = str(ready.get("message") or "External Secrets has not answered yet")
            yield Cause(what, says, events, _secret_step(item, [says, *(e.says for e in events)]))
    elif kind == "Job" and _component(item).startswith(JOB):
        return  # a run of a job of the spec's
    elif kind == "Job":
        if condition(item, "Complete").get("status") != "True":
            failed = condition(item, "Failed")
            says = str(failed.get("message") or "is running")
            pods = tuple(_pods(world, "migrate"))
            logs = f"read `kubectl appi logs {world.name} --component migrate`"
            yield Cause(what, says, (*pods, *events), None if pods else logs)
    elif kind == "Deployment":
        has, wants = ready_pods(item)
        component = _component(item)
        because = (*_refused_pods(item), *_pods(world, component), *events)
        if has < wants or because:
            yield Cause(what, f"{has} of {wants} pods are ready", because)
    elif events or kind == "Ingress":
        yield Cause(what, "has trouble" if events else "has no address yet", events)


def _refused_pods(deployment: Body) -> Iterator[Cause]:
    """Yield the rule of the cluster by which no more pods may be made."""
    failure = condition(deployment, "ReplicaFailure")
    if failure.get("status") == "True":
        step = (
            "see the quotas, limits and policies of the namespace: change the resources of "
            f"{_component(deployment)}, or ask the platform team"
        )
        yield Cause("its pods are refused", str(failure.get("message")), (), step)


def _component(item: Body) -> str:
    return str(item["metadata"].get("labels", {}).get("app.kubernetes.io/component", ""))


def _secret_step(item: Body, said: Sequence[str]) -> str:
    words = " ".join(said)
    keys = {
        entry.get("remoteRef", {}).get("key") for entry in item.get("spec", {}).get("data") or ()
    }
    entries = ", ".join(sorted(filter(None, keys))) or "the entry"
    if "ResourceNotFound" in words or "does not exist" in words or "can't find" in words:
        return f"create {entries} in Secrets Manager, in the region of the cluster"
    if "AccessDenied" in words or "not authorized" in words:
        return f"see whether the role may read {entries}; {_PLATFORM}"
    return f"see whether {entries} is there and holds the keys that are asked for"


def _pods(world: World, component: str) -> Iterator[Cause]:
    for pod in world.of_kind("Pod"):
        labels = pod["metadata"].get("labels") or {}
        if labels.get("app.kubernetes.io/component") != component:
            continue
        trouble = container_trouble(pod)
        if trouble is None:
            continue
        reason, says = trouble
        logs = f"read `kubectl appi logs {world.name} --component {component}`"
        if reason == "CrashLoopBackOff":
            logs = f"{logs[:-1]} --previous`"
        name = pod["metadata"]["name"]
        yield Cause(f"Pod {name}", says, tuple(_events(world, pod)), _TROUBLES.get(reason, logs))


def _events(world: World, item: Body) -> Iterator[Cause]:
    """Yield the last warnings about an object, each text once."""
    about = [
        event
        for event in world.events
        if event.get("type") == "Warning"
        and event.get("involvedObject", {}).get("kind") == item["kind"]
        and event.get("involvedObject", {}).get("name") == item["metadata"]["name"]
    ]
    about.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    texts = dict.fromkeys(
        f"{event.get('reason')}: {str(event.get('message', '')).strip()}" for event in about
    )
    for text in list(texts)[-_EVENTS:]:
        yield Cause("Event", text)


def next_steps(cause: Cause) -> list[str]:
    """Return the next steps of a tree, each once, the most urgent first."""
    steps = [step for item in cause.because for step in next_steps(item)]
    return list(dict.fromkeys([*steps, *([cause.next_step] if cause.next_step else [])]))
