"""What the controllers do that a fake cluster lacks: one call is one round over all objects.

Each has moods that a test sets: it works, refuses, or hangs.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.fake_cluster import TIME, Body, FakeCluster, Name, Stored

DATA_HASH = "reconcile.external-secrets.io/data-hash"
BAD_IMAGE = "registry.example.com/backend:bad"
_VALUE = "planted-value"


class Mood(enum.Enum):
    """How a controller is."""

    WORKS = "works"
    REFUSES = "refuses"
    HANGS = "hangs"


def _condition(
    kind: str, status: str, reason: str, message: str = "", time: str = TIME
) -> dict[str, Any]:
    return {
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": time,
    }  # fmt: skip


def _name(stored: Stored) -> Name:
    meta = stored.body["metadata"]
    return stored.body["kind"], meta["namespace"], meta["name"]


@dataclass
class ExternalSecrets:
    """Syncs ExternalSecrets into Secrets. `entries` says which version an entry has."""

    cluster: FakeCluster
    mood: Mood = Mood.WORKS
    entries: dict[str, int] = field(default_factory=dict)

    def rotate(self, key: str) -> None:
        """Give an entry of Secrets Manager a new value."""
        self.entries[key] = self.entries.get(key, 0) + 1

    def step(self) -> None:
        """Look at every store and every ExternalSecret once."""
        if self.mood is Mood.HANGS:
            return
        refuses = self.mood is Mood.REFUSES
        for store in self.cluster.of_kind("SecretStore"):
            self.cluster.set_status(
                "external-secrets",
                _name(store),
                {"conditions": [_condition("Ready", "True", "Valid")]},
            )
        for external in self.cluster.of_kind("ExternalSecret"):
            if refuses:
                self._refuse(external)
            else:
                self._sync(external)

    def _refuse(self, external: Stored) -> None:
        held = external.body.get("status") or {}
        broken = _condition("Ready", "False", "SecretSyncedError", "could not get secret data")
        status = {**held, "conditions": [broken]}
        self.cluster.set_status("external-secrets", _name(external), status)

    def _hash(self, external: Body) -> str:
        keys = sorted({item["remoteRef"]["key"] for item in external["spec"]["data"]})
        facts = [external["spec"]["data"], [(key, self.entries.get(key, 0)) for key in keys]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]

    def _sync(self, external: Stored) -> None:
        _, namespace, name = _name(external)
        store = self.cluster.get(
            "SecretStore", namespace, external.body["spec"]["secretStoreRef"]["name"]
        )
        if store is None:
            return
        target = external.body["spec"]["target"]
        content = self._hash(external.body)
        secret: Name = ("Secret", namespace, target["name"])
        held = self.cluster.objects.get(secret)
        meta = {
            "name": target["name"],
            "namespace": namespace,
            "labels": dict(target["template"]["metadata"]["labels"]),
            "annotations": {DATA_HASH: content},
            "ownerReferences": [
                {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": name,
                 "uid": external.uid, "controller": True}
            ],
        }  # fmt: skip
        data = {"value": f"{_VALUE}-{content}"}
        if held is None:
            manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data}
            self.cluster.create("external-secrets", "Secret", manifest)
        else:
            owners = held.body["metadata"].get("ownerReferences") or ()
            if not any(owner["uid"] == external.uid for owner in owners):
                return  # somebody else's; the real one reports an error
            self.cluster.edit(
                "external-secrets",
                secret,
                lambda body: {**body, "metadata": {**body["metadata"], **meta}, "data": data},
            )
        version = f"{external.body['metadata']['generation']}-{content}"
        status = {
            "conditions": [_condition("Ready", "True", "SecretSynced")],
            "syncedResourceVersion": version,
        }
        self.cluster.set_status("external-secrets", _name(external), status)


@dataclass
class Deployments:
    """Rolls Deployments out. A pod with BAD_IMAGE never becomes ready.

    `running` has, by the Deployment's uid, the pod templates of which pods run: one more while a
    rollout is under way.
    """

    cluster: FakeCluster
    mood: Mood = Mood.WORKS
    running: dict[str, tuple[Body, ...]] = field(default_factory=dict)

    def step(self, only: int | None = None) -> None:
        """Bring each Deployment, or one, to the end of its rollout, or show that it fails."""
        if self.mood is Mood.HANGS:
            return
        deployments = list(self.cluster.of_kind("Deployment"))
        if only is not None and deployments:
            deployments = [deployments[only % len(deployments)]]
        for deployment in deployments:
            self._roll(deployment)

    def begin(self) -> None:
        """Start a pod of every new template, none of which is ready yet."""
        for deployment in self.cluster.of_kind("Deployment"):
            template = deployment.body["spec"]["template"]
            runs = self.running.get(deployment.uid, ())
            if template in runs[-1:]:
                continue
            self.running[deployment.uid] = (*runs[-1:], template)
            self._status(deployment, ready=self._ready_before(deployment), updated=1, done=False)

    def _ready_before(self, deployment: Stored) -> int:
        return int((deployment.body.get("status") or {}).get("availableReplicas", 0))

    def _roll(self, deployment: Stored) -> None:
        template = deployment.body["spec"]["template"]
        images = [item["image"] for item in template["spec"]["containers"]]
        runs = self.running.get(deployment.uid, ())
        wanted = int(deployment.body["spec"].get("replicas", 1))
        if BAD_IMAGE in images or self.mood is Mood.REFUSES:
            old = [item for item in runs if item != template][-1:]
            if template in runs and not old and self.mood is Mood.REFUSES:
                old = [template]  # what runs already is not broken by this
                self._status(deployment, ready=wanted, updated=wanted, done=True)
                return
            self.running[deployment.uid] = (*old, template)
            ready = wanted if old and old != [template] else 0
            self._status(deployment, ready=ready, updated=1, done=False, failed=True)
            return
        self.running[deployment.uid] = (template,)
        self._status(deployment, ready=wanted, updated=wanted, done=True)

    def _status(
        self, deployment: Stored, *, ready: int, updated: int, done: bool, failed: bool = False
    ) -> None:
        wanted = int(deployment.body["spec"].get("replicas", 1))
        progress = ("False", "ProgressDeadlineExceeded") if failed else ("True", "NewReplicaSet")
        status: dict[str, Any] = {
            "observedGeneration": deployment.body["metadata"]["generation"],
            "replicas": wanted if done else ready + updated,
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [
                _condition("Progressing", *progress),
                _condition("Available", "True" if ready else "False", "MinimumReplicas"),
            ],
        }
        self.cluster.set_status("deployment-controller", _name(deployment), status)


@dataclass
class Jobs:
    """Runs Jobs; what has ended stays so."""

    cluster: FakeCluster
    now: Callable[[], str]
    mood: Mood = Mood.WORKS
    completed: set[tuple[str, str]] = field(default_factory=set)
    """Uid of the instance and image of every migration that came to a good end."""
    answers: dict[str, int] = field(default_factory=dict)
    """By the first argument of a Job: the exit code with which it fails at once."""

    def step(self) -> None:
        """End every Job that runs."""
        if self.mood is Mood.HANGS:
            return
        for job in self.cluster.of_kind("Job"):
            conditions = (job.body.get("status") or {}).get("conditions") or ()
            if any(item["type"] in {"Complete", "Failed"} for item in conditions):
                continue
            (container,) = job.body["spec"]["template"]["spec"]["containers"]
            code = self.answers.get(next(iter(container.get("args", ())), ""), 0)
            if code:
                words = (
                    f"Container x for pod y/z failed with exit code {code} matching FailJob rule"
                )
                ended = [_condition("Failed", "True", "PodFailurePolicy", words, self.now())]
            elif self.mood is Mood.REFUSES:
                ended = [
                    _condition("FailureTarget", "True", "BackoffLimitExceeded", "", self.now()),
                    _condition("Failed", "True", "BackoffLimitExceeded", "no more", self.now()),
                ]
            else:
                ended = [
                    _condition("SuccessCriteriaMet", "True", "CompletionsReached"),
                    _condition("Complete", "True", "CompletionsReached"),
                ]
                (image,) = (
                    item["image"] for item in job.body["spec"]["template"]["spec"]["containers"]
                )
                for owner in job.body["metadata"].get("ownerReferences") or ():
                    self.completed.add((owner["uid"], image))
            status = {"startTime": TIME, "conditions": ended}
            self.cluster.set_status("job-controller", _name(job), status)


@dataclass
class LoadBalancers:
    """Gives every Ingress an address."""

    cluster: FakeCluster
    mood: Mood = Mood.WORKS

    def step(self) -> None:
        """Look at every Ingress once."""
        if self.mood is not Mood.WORKS:
            return
        for ingress in self.cluster.of_kind("Ingress"):
            status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
            self.cluster.set_status("load-balancer-controller", _name(ingress), status)


@dataclass
class Autoscalers:
    """Sets the number of pods of what has an autoscaler."""

    cluster: FakeCluster

    def step(self) -> None:
        """Scale every target to the least that its autoscaler allows."""
        for scaler in self.cluster.of_kind("HorizontalPodAutoscaler"):
            _, namespace, _ = _name(scaler)
            spec = scaler.body["spec"]
            least = spec["minReplicas"]

            def scaled(body: Body, least: int = least) -> Body:
                replicas = body["spec"].get("replicas", 1)
                # 0 is switched off, as Kubernetes' own has it.
                if replicas == 0 or replicas >= least:
                    return body
                return {**body, "spec": {**body["spec"], "replicas": least}}

            target = ("Deployment", namespace, spec["scaleTargetRef"]["name"])
            self.cluster.edit("kube-controller-manager", target, scaled)


class Controllers:
    """All of them over one cluster."""

    def __init__(self, cluster: FakeCluster, now: Callable[[], str] = lambda: TIME) -> None:
        self.cluster = cluster
        self.secrets = ExternalSecrets(cluster)
        self.deployments = Deployments(cluster)
        self.jobs = Jobs(cluster, now)
        self.balancers = LoadBalancers(cluster)
        self.autoscalers = Autoscalers(cluster)

    def all_work(self) -> None:
        """End every hindrance."""
        for part in (self.secrets, self.deployments, self.jobs, self.balancers):
            part.mood = Mood.WORKS
        self.secrets.entries.clear()

    def step(self) -> None:
        """Let each do its part once."""
        self.cluster.collect_garbage()
        self.secrets.step()
        self.autoscalers.step()
        self.deployments.step()
        self.jobs.step()
        self.balancers.step()
