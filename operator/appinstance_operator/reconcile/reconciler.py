"""One level-based reconcile of one instance: observe, desire, apply, report.

Whatever woke it, it looks at what is and what should be. It runs in a thread and blocks; the queue
sees to it that an instance is in one thread at a time. Every step may be the last one before a
crash: what comes after finds its way from what is there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import Fate, InvalidSpec, NotAllowed, OperatorError
from appinstance_operator.api.model import DesiredRole, Facts, Manifest, Plan, Stage, StageName
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, parse
from appinstance_operator.aws.roles import RoleManager
from appinstance_operator.desired import iam, names
from appinstance_operator.desired.plan import check, plan
from appinstance_operator.kube.cache import Cache, Key, secret_hashes
from appinstance_operator.kube.client import Kube, Outdated
from appinstance_operator.kube.comparison import APPLIED_HASH, reason_to_apply, with_hash
from appinstance_operator.kube.kinds import APPINSTANCE, children
from appinstance_operator.signals.faults import point
from appinstance_operator.signals.metrics import Metrics

from . import conditions
from .conditions import Check, Report
from .report import Reporter

log = structlog.get_logger(__name__)

RESYNC_SECONDS = 600.0
_MAX_FAILURES = 15


@dataclass(frozen=True)
class Outcome:
    """When to come back by oneself (None: only when woken), and whether this one failed."""

    again_after: float | None = None
    error: str | None = None


@dataclass
class _Memory:
    """What is remembered of an instance between reconciles; losing it costs reads, nothing else."""

    failures: int = 0
    failed_for: int | None = None
    """The generation whose failures are counted."""
    roles: dict[str, tuple[DesiredRole | None, float]] = field(default_factory=dict)
    """Role name → what it was last seen as (None: absent), and until when that is believed."""
    fine: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Object → our hash and the version at which nothing differed, so as not to compare again."""


@dataclass
class _Run:
    """The state of one reconcile."""

    instance: AppInstance
    children: dict[tuple[str, str], dict[str, Any]]
    checks: list[Check] = field(default_factory=list)
    drifted: bool = False
    stalled: tuple[str, str] | None = None
    retrying: str | None = None
    first: bool = False
    """No look has come to a report before."""


class Reconciler:
    """Reconciles instances of one cluster under one set of settings."""

    def __init__(
        self,
        kube: Kube,
        cache: Cache,
        roles: RoleManager,
        settings: Settings,
        metrics: Metrics,
        reporter: Reporter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._cache = cache
        self._roles = roles
        self._settings = settings
        self._metrics = metrics
        self._reporter = reporter
        self._clock = clock
        self._memory: dict[Key, _Memory] = {}

    def reconcile(self, key: Key) -> Outcome:
        """Bring one instance nearer to what it should be and report how it stands."""
        body = self._cache.instance(key)
        if body is None:
            self._memory.pop(key, None)
            self._reporter.forget(key)
            return Outcome()
        memory = self._memory.setdefault(key, _Memory())
        generation = body["metadata"].get("generation", 1)
        if memory.failed_for != generation:
            memory.failures, memory.failed_for = 0, generation
        if body["metadata"].get("deletionTimestamp"):
            return self._finalize(key, body, memory)
        try:
            instance = parse(body)
            check(instance, self._settings)
        except (InvalidSpec, NotAllowed) as error:
            self._reporter.write(key, body, None, Report(invalid=error.message))
            return Outcome(error=error.message)
        if instance.suspend:
            self._reporter.write(key, body, instance, Report(suspended=True))
            return Outcome()
        return self._converge(key, body, instance, memory)

    def _converge(
        self, key: Key, body: dict[str, Any], instance: AppInstance, memory: _Memory
    ) -> Outcome:
        first = "observedGeneration" not in (body.get("status") or {})
        run = _Run(instance, self._cache.children(key), first=first)
        facts = Facts(secret_hashes=secret_hashes(run.children))
        wanted = plan(instance, self._settings, facts)
        try:
            body = self._with_finalizer(body)
            if self._stages(wanted, run, memory):
                point("before-prune")
                self._prune(wanted, run)
                self._prune_roles(wanted, instance, memory)
        except OperatorError as error:
            self._note_failure(error, run, memory)
        else:
            memory.failures = 0
        point("before-status")
        # Again, because applying may have changed what is there.
        run.children = self._cache.children(key)
        self._last_checks(run)
        report = Report(
            checks=tuple(run.checks),
            stalled=run.stalled,
            retrying=run.retrying,
            drifted=run.drifted,
            inventory=tuple((item["kind"], item["metadata"]["name"]) for item in wanted.objects),
        )
        self._reporter.write_or_leave(key, body, instance, report)
        return self._outcome(run, memory)

    def _note_failure(self, error: OperatorError, run: _Run, memory: _Memory) -> None:
        memory.failures += 1
        if error.condition:
            run.checks.append(Check(error.condition, "False", error.reason, error.message))
        if error.fate is Fate.STALL:
            run.stalled = (error.reason, error.message)
        elif memory.failures >= _MAX_FAILURES:
            run.stalled = ("RetriesExhausted", f"given up after {_MAX_FAILURES} tries: {error}")
        else:
            run.retrying = error.message
        log.warning(
            "reconcile failed",
            namespace=run.instance.namespace,
            name=run.instance.name,
            fate=error.fate.value,
            error=error.message,
        )

    def _outcome(self, run: _Run, memory: _Memory) -> Outcome:
        if run.retrying:
            return Outcome(backoff(memory.failures), run.retrying)
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - not for secrets
        return Outcome(RESYNC_SECONDS * jitter, run.stalled[1] if run.stalled else None)

    # Stages

    def _stages(self, wanted: Plan, run: _Run, memory: _Memory) -> bool:
        """Apply stage by stage; False when one has to be waited for before the next may start."""
        for stage in wanted.stages:
            self._apply(stage, run, memory)
            point(f"after-{stage.name.value}")
            if stage.name is StageName.NETWORK:
                run.checks.append(_POLICIES_APPLIED)
            elif stage.name is StageName.IDENTITY:
                run.checks.append(self._ensure_roles(wanted, run.first, memory))
                point("after-roles")
            elif stage.name is StageName.SECRETS:
                run.checks.append(self._secrets_check(stage, run))
            elif stage.name is StageName.MIGRATION:
                job = stage.objects[0] if stage.objects else None
                run.checks.append(conditions.migration_check(job, run.children))
            if run.checks and not run.checks[-1].ok:
                return False
        return True

    def _secrets_check(self, stage: Stage, run: _Run) -> Check:
        """Return how the secrets stand; for a refused one, look up why (only then is it read)."""
        refused = conditions.refused_secret(stage.objects, run.children)
        cause = None
        if refused:
            told = self._kube.last_warning(run.instance.namespace, "ExternalSecret", refused)
            cause = conditions.cause_in_words(told) if told else None
        return conditions.secrets_check(stage.objects, run.children, cause)

    def _apply(self, stage: Stage, run: _Run, memory: _Memory) -> None:
        for manifest in stage.objects:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            live = run.children.get((kind, name))
            if kind == "Job" and live is not None:
                continue  # its template cannot be changed; its name says what it is for
            hashed = with_hash(with_held_replicas(manifest, live))
            seen = _versions(hashed, live) if live else None
            if seen and memory.fine.get((kind, name)) == seen:
                continue
            reason = reason_to_apply(hashed, live)
            if reason is None:
                if seen:
                    memory.fine[kind, name] = seen
                continue
            try:
                applied = self._kube.apply(hashed, live=live)
            except Outdated as error:
                self._cache.correct(kind, run.instance.namespace, name, error.found)
                raise
            self._cache.put_child(applied)
            run.children[(kind, name)] = applied
            if reason.startswith("drifted"):
                run.drifted = True
                self._metrics.repairs.labels(kind).inc()
            log.info(
                "applied",
                namespace=run.instance.namespace,
                name=run.instance.name,
                object=f"{kind}/{name}",
                reason=reason,
            )

    def _ensure_roles(self, wanted: Plan, new: bool, memory: _Memory) -> Check:
        for role in wanted.roles:
            seen, believed_until = memory.roles.get(role.name, (None, 0.0))
            if seen == role and self._clock() < believed_until:
                continue
            self._roles.ensure(role, new=new and role.name not in memory.roles)
            memory.roles[role.name] = (role, self._believed_until())
        return Check("CloudAccessReady", "True", "RolesReady", "the IAM roles are in place")

    def _believed_until(self) -> float:
        return self._clock() + RESYNC_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311

    def _last_checks(self, run: _Run) -> None:
        """Add how workloads and ingress stand; their being absent is no news before their turn."""
        told = {item.type for item in run.checks}
        reached = all(item.ok for item in run.checks) and not run.stalled and not run.retrying
        exists = ("Deployment", names.of(run.instance, "backend")) in run.children
        for made in (
            conditions.workloads_check(run.instance, run.children),
            conditions.ingress_check(run.instance, run.children),
        ):
            if made.type not in told and (reached or exists):
                run.checks.append(made)

    # Leftovers

    def _prune(self, wanted: Plan, run: _Run) -> None:
        """Delete our objects that the plan does not have; policies go last (kube.CHILDREN)."""
        keep = {(item["kind"], item["metadata"]["name"]) for item in wanted.objects}
        for kind in children(self._settings):
            for (child_kind, name), live in run.children.items():
                if child_kind != kind.kind or (child_kind, name) in keep:
                    continue
                if not _owned(live, run.instance):
                    continue
                self._kube.delete(kind, run.instance.namespace, name, live["metadata"]["uid"])
                log.info(
                    "pruned",
                    namespace=run.instance.namespace,
                    name=run.instance.name,
                    object=f"{child_kind}/{name}",
                )

    def _prune_roles(self, wanted: Plan, instance: AppInstance, memory: _Memory) -> None:
        """Remove a role of ours that is no longer wanted (the spec brings one, or legacy keys)."""
        managed = {role.name for role in wanted.roles}
        for part in ("backend", "secrets"):
            name = iam.role(instance, self._settings, part)
            if name in managed:
                continue
            seen, believed_until = memory.roles.get(name, (None, 0.0))
            if name in memory.roles and seen is None and self._clock() < believed_until:
                continue
            self._roles.delete(name, [iam.role_tags(instance, self._settings)])
            memory.roles[name] = (None, self._believed_until())

    # Beginning and end

    def _with_finalizer(self, body: dict[str, Any]) -> dict[str, Any]:
        finalizers = body["metadata"].get("finalizers") or []
        if names.FINALIZER in finalizers:
            return body
        point("before-finalizer")
        made = self._set_finalizers(body, [*finalizers, names.FINALIZER])
        point("after-finalizer")
        return made

    def _set_finalizers(self, body: dict[str, Any], finalizers: list[str]) -> dict[str, Any]:
        meta = body["metadata"]
        # With the version, so that a finalizer that somebody else added meanwhile is not lost.
        patch = {"metadata": {"finalizers": finalizers, "resourceVersion": meta["resourceVersion"]}}
        made = self._kube.merge(APPINSTANCE, meta["namespace"], meta["name"], patch)
        if made is None:
            return body
        self._cache.put_instance(made)
        return made

    def _finalize(self, key: Key, body: dict[str, Any], memory: _Memory) -> Outcome:
        """Remove what lies outside of the cluster, then let the resource go; retried for ever."""
        finalizers = body["metadata"].get("finalizers") or []
        if names.FINALIZER not in finalizers:
            return Outcome()
        try:
            if body.get("spec", {}).get("deletionPolicy", "Delete") != "Retain":
                self._delete_roles(key)
            point("before-finalizer-removal")
            self._set_finalizers(body, [item for item in finalizers if item != names.FINALIZER])
        except OperatorError as error:
            memory.failures += 1
            report = Report(
                checks=(Check("CloudAccessReady", "False", error.reason, error.message),),
                retrying=f"deletion waits: {error.message}",
            )
            self._reporter.write(key, body, None, report)
            return Outcome(backoff(memory.failures), error.message)
        return Outcome()

    def _delete_roles(self, key: Key) -> None:
        namespace, name = key
        for part in ("backend", "secrets"):
            self._roles.delete(
                iam.role_of(namespace, name, self._settings, part),
                [iam.role_tags_of(namespace, name, self._settings)],
            )


_POLICIES_APPLIED = Check(
    "NetworkPoliciesApplied", "True", "Applied", "everything is closed but what the spec opens"
)


def with_held_replicas(manifest: Manifest, live: Mapping[str, Any] | None) -> Manifest:
    """Return a Deployment with the number of replicas that only we hold, where it leaves it out.

    Giving up a field that nobody else holds sets it to its default: a Deployment that is handed
    over to an autoscaler would drop to one pod. So the number stays until that has taken it.
    """
    if manifest["kind"] != "Deployment" or "replicas" in manifest["spec"] or live is None:
        return manifest
    holders = {
        entry.get("manager")
        for entry in live["metadata"].get("managedFields") or ()
        if "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
    }
    if holders != {names.MANAGER}:
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "replicas": live["spec"]["replicas"]}}


def _versions(hashed: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a comparison depends on: what we want, and which state of the object it met."""
    return hashed["metadata"]["annotations"][APPLIED_HASH], live["metadata"]["resourceVersion"]


def _owned(live: Mapping[str, Any], instance: AppInstance) -> bool:
    owners = live["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == instance.uid for owner in owners)
