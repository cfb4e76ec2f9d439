"""From what was seen to the conditions of an AppInstance. Pure; the vocabulary is the contract's.

`Reconciling` and `Stalled` are there only while true, so that kstatus and `kubectl wait` are right.
A condition keeps its transition time while its status stays, and nothing else here is a clock or a
counter: a reconcile that changes nothing gives the same status to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance
from appinstance_operator.desired.iam import role_arns

Children = Mapping[tuple[str, str], Mapping[str, Any]]

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
AREAS = (
    "NetworkPoliciesApplied",
    "CloudAccessReady",
    "SecretsReady",
    "MigrationsApplied",
    "WorkloadsAvailable",
    "IngressReady",
)


@dataclass(frozen=True)
class Check:
    """How one area stands: status `True`, `False` or `Unknown`, why, and in a person's words."""

    type: str
    status: str
    reason: str
    message: str
    failed: bool = False
    """Waiting will not help; somebody has to act."""
    waiting: bool = False
    """Whoever is to answer has not done so yet: that is the way of every new instance."""

    @property
    def ok(self) -> bool:
        """Return whether the area is fine."""
        return self.status == "True"


@dataclass(frozen=True)
class Report:
    """What a reconcile found: one check per area, and what is to be said over all."""

    checks: tuple[Check, ...] = ()
    suspended: bool = False
    invalid: str | None = None
    """Why the spec can't be carried out."""
    stalled: tuple[str, str] | None = None
    """Reason and message when only a change of spec or settings helps."""
    retrying: str | None = None
    """Message of an error that is tried again."""
    inventory: tuple[tuple[str, str], ...] = ()
    drifted: bool = False


def find_condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return a condition of any object, empty when it has none of that type."""
    for item in body.get("status", {}).get("conditions") or ():
        if item.get("type") == kind:
            return dict(item)
    return {}


def secrets_check(
    wanted: Sequence[Mapping[str, Any]], children: Children, cause: str | None = None
) -> Check:
    """Return how the SecretStore and the ExternalSecrets stand.

    `cause` is what an event says of the refusal; the condition itself says only that there was one.
    """
    for item in wanted:
        kind, name = item["kind"], item["metadata"]["name"]
        if kind not in {"SecretStore", "ExternalSecret"}:
            continue
        live = children.get((kind, name), {})
        ready = find_condition(live, "Ready")
        if kind == "SecretStore" and ready.get("status") == "False":
            return Check(
                "SecretsReady", "False", "SecretStoreNotReady",
                f"secret store {name} is not ready: {ready.get('message', 'no reason given')}",
            )  # fmt: skip
        if kind == "ExternalSecret" and not _synced(live):
            key = item["spec"]["data"][0]["remoteRef"]["key"]
            refused = ready.get("status") == "False"
            why = (
                cause or ready.get("message") or "no reason given"
                if refused
                else "External Secrets has not answered yet"
            )
            return Check(
                "SecretsReady", "False", "ExternalSecretNotSynced",
                f"secret {key} not synced: {why}, so the backend has not been started or changed",
                waiting=not refused,
            )  # fmt: skip
    return Check("SecretsReady", "True", "SecretSynced", "all secrets are synced")


# What differs from try to try would change the status each time.
_VOLATILE = re.compile(r"(,? ?(https response error )?StatusCode: \d+)?,? ?RequestID: [\w-]*")
_CAUSE_LENGTH = 300


def cause_in_words(message: str) -> str:
    """Return the cause in a message of External Secrets', without what differs each time."""
    cause = message.rpartition("err: ")[2]
    return _VOLATILE.sub("", cause).strip()[:_CAUSE_LENGTH]


def refused_secret(wanted: Sequence[Mapping[str, Any]], children: Children) -> str | None:
    """Return the name of the first ExternalSecret that was refused, None when there is none."""
    for item in wanted:
        name = item["metadata"]["name"]
        live = children.get((item["kind"], name), {})
        if item["kind"] == "ExternalSecret" and (
            find_condition(live, "Ready").get("status") == "False"
        ):
            return str(name)
    return None


def _synced(live: Mapping[str, Any]) -> bool:
    """Return whether the ExternalSecret is ready for the spec it has now."""
    if find_condition(live, "Ready").get("status") != "True":
        return False
    # External Secrets writes "<generation>-<hash>" of what it has synced.
    version = str(live.get("status", {}).get("syncedResourceVersion", ""))
    return version.split("-")[0] == str(live["metadata"].get("generation", 1))


def migration_check(job: Mapping[str, Any] | None, children: Children) -> Check:
    """Return how the current migration Job stands."""
    kind = "MigrationsApplied"
    if job is None:
        return Check(kind, "True", "Applied", "migrations are turned off for this instance")
    name = job["metadata"]["name"]
    live = children.get(("Job", name), {})
    if find_condition(live, "Complete").get("status") == "True":
        return Check(kind, "True", "Applied", "the database is at the version of this image")
    failed = find_condition(live, "Failed")
    if failed.get("status") == "True":
        return Check(
            kind, "False", "MigrationFailed",
            f"migration job {name} failed ({failed.get('reason', 'no reason')}): "
            f"{failed.get('message', 'no message')}; the version before it keeps serving. Read "
            f"`kubectl logs job/{name}`; a new image, or deleting the job, tries again",
            failed=True,
        )  # fmt: skip
    return Check(kind, "False", "Running", f"migration job {name} is running")


def _rollout(deployment: Mapping[str, Any]) -> tuple[bool, str, str]:
    """Return (available, reason, message) of one Deployment, as `kubectl rollout status` judges."""
    meta, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    name, wanted = meta["name"], spec.get("replicas", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    progress = find_condition(deployment, "Progressing")
    if progress.get("reason") == "ProgressDeadlineExceeded":
        return (
            False, "ProgressDeadlineExceeded",
            f"{name}: the new version did not become ready ({updated} of {wanted} pods updated, "
            f"{available} available); the old one keeps serving. See `kubectl describe pod`",
        )  # fmt: skip
    seen = status.get("observedGeneration", 0) >= meta.get("generation", 1)
    if not seen or updated < wanted or status.get("replicas", 0) > updated or available < wanted:
        return False, "RolloutInProgress", f"{name}: {available} of {wanted} pods are available"
    return True, "MinimumReplicasAvailable", f"{name}: {available} pods"


def workloads_check(instance: AppInstance, children: Children) -> Check:
    """Return how the Deployments stand."""
    kind = "WorkloadsAvailable"
    messages = []
    for component in instance.components:
        live = children.get(("Deployment", f"{instance.name}-{component.name}"))
        if live is None:
            return Check(kind, "False", "RolloutInProgress", f"{component.name} is not created yet")
        available, reason, message = _rollout(live)
        if not available:
            return Check(kind, "False", reason, message, failed=reason != "RolloutInProgress")
        messages.append(message)
    return Check(kind, "True", "MinimumReplicasAvailable", "; ".join(messages))


def ingress_check(instance: AppInstance, children: Children) -> Check:
    """Return whether the load balancer has an address."""
    live = children.get(("Ingress", instance.name), {})
    if live.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return Check("IngressReady", "True", "AddressAssigned", "the edge serves the host")
    return Check(
        "IngressReady", "False", "AddressPending",
        "the load balancer has no address yet; see the events of the Ingress",
    )  # fmt: skip


def is_progress(report: Report) -> bool:
    """Return whether a report only says what is being waited for as usual."""
    ready = _ready(report)
    return not ready.ok and ready.reason == "Progressing"


def _ready(report: Report) -> Check:
    if report.invalid:
        return Check(READY, "False", "InvalidSpec", report.invalid)
    if report.suspended:
        return Check(
            READY, "False", "Suspended",
            "suspended: nothing is changed until spec.suspend is false",
        )  # fmt: skip
    blocked = next((check for check in report.checks if not check.ok), None)
    if blocked is None and not report.retrying and not report.stalled:
        return Check(READY, "True", "ReconcileSucceeded", "the app is running and reachable")
    message = blocked.message if blocked else (report.retrying or "")
    if report.stalled:
        message = report.stalled[1]
    usual = {"RolloutInProgress", "AddressPending", "Running"}
    waits = blocked is None or blocked.waiting or blocked.reason in usual
    waits = waits and not report.stalled and not report.retrying
    return Check(READY, "False", "Progressing" if waits else "DependencyNotReady", message)


def _all_checks(report: Report, settled: bool, new: bool) -> list[Check]:
    made = [_ready(report)]
    if report.invalid:
        made.append(Check(STALLED, "True", "InvalidSpec", report.invalid))
    elif report.stalled:
        made.append(Check(STALLED, "True", *report.stalled))
    elif not report.suspended and not settled:
        reason = "NewGeneration" if new else "ProgressingWithRetry"
        if report.drifted and not new:
            reason = "DriftDetected"
        made.append(Check(RECONCILING, "True", reason, report.retrying or made[0].message))
    made += report.checks
    return made


def conditions(
    report: Report, before: Sequence[Mapping[str, Any]], generation: int, now: str, *, new: bool
) -> list[dict[str, Any]]:
    """Return the whole list of conditions.

    Areas that this reconcile did not come to keep what they said before, or are not there yet; a
    suspended or invalid instance keeps all of them. `now` is an RFC 3339 time; `new` says that this
    generation has not been ready yet.
    """
    held = {item["type"]: item for item in before}
    settled = _ready(report).ok
    made = []
    fresh = _all_checks(report, settled, new)
    told = {check.type for check in fresh}
    for check in fresh:
        old = held.get(check.type, {})
        same = old.get("status") == check.status
        made.append(
            {
                "type": check.type,
                "status": check.status,
                "reason": check.reason,
                "message": check.message,
                "observedGeneration": generation,
                "lastTransitionTime": old.get("lastTransitionTime", now) if same else now,
            }
        )
    made += [dict(held[area]) for area in AREAS if area in held and area not in told]
    order = {name: index for index, name in enumerate((READY, RECONCILING, STALLED, *AREAS))}
    return sorted(made, key=lambda item: order[item["type"]])


def _replicas(instance: AppInstance, children: Children) -> dict[str, Any]:
    ready = desired = 0
    parts = []
    for component in instance.components:
        live = children.get(("Deployment", f"{instance.name}-{component.name}"), {})
        has = live.get("status", {}).get("readyReplicas", 0)
        wants = live.get("spec", {}).get("replicas", component.replicas)
        ready, desired = ready + has, desired + wants
        parts.append(f"{component.name} {has}/{wants}")
    return {"ready": ready, "desired": desired, "summary": ", ".join(parts)}


def status(
    body: Mapping[str, Any],
    instance: AppInstance | None,
    settings: Settings,
    children: Children,
    report: Report,
    now: str,
) -> dict[str, Any]:
    """Return the whole status. Without an instance (it could not be read) only the conditions."""
    before = body.get("status") or {}
    generation = body["metadata"].get("generation", 1)
    ready = find_condition(body, READY)
    new = not (ready.get("status") == "True" and ready.get("observedGeneration") == generation)
    made = {
        **{key: value for key, value in before.items() if key not in {"conditions"}},
        "observedGeneration": generation,
        "conditions": conditions(report, before.get("conditions") or (), generation, now, new=new),
    }
    if instance is None or report.invalid or report.suspended:
        return made
    made["url"] = f"https://{instance.host}"
    made["images"] = {component.name: component.image for component in instance.components}
    made["roles"] = role_arns(instance, settings)
    made["replicas"] = _replicas(instance, children)
    made["inventory"] = [{"kind": kind, "name": name} for kind, name in report.inventory]
    return made
