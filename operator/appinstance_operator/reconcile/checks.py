"""How each area of an instance stands, judged from what was seen. Pure.

What is known good stays good through a provider's hiccup: where a check fails only because somebody
could not be asked again, and the area was fine for this very spec, it stays `True` and carries a
warning. A refusal of something new is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.errors import Fate, OperatorError
from appinstance_operator.api.settings import Edge
from appinstance_operator.api.spec import AppInstance
from appinstance_operator.desired import names

from .bodies import find_condition, rollout

Children = Mapping[tuple[str, str], Mapping[str, Any]]

NETWORK = "NetworkPoliciesApplied"
CLOUD = "CloudAccessReady"
SECRETS = "SecretsReady"
MIGRATIONS = "MigrationsApplied"
WORKLOADS = "WorkloadsAvailable"
INGRESS = "IngressReady"
AREAS = (NETWORK, CLOUD, SECRETS, MIGRATIONS, WORKLOADS, INGRESS)
REACHABLE = "Reachable"
ACCESS = "AccessAgreed"
"""Only of instances that name others, and no part of being ready."""
JOBS = "JobsSucceeded"
"""Only of instances with jobs; a failed run takes their readiness nothing."""
DATABASE = "DatabaseReady"
"""Only of instances whose database the platform makes."""


@dataclass(frozen=True)
class Check:
    """How one area stands: status `True`, `False` or `Unknown`, why, and in a person's words."""

    type: str
    status: str
    reason: str
    message: str
    waiting: bool = False
    """Whoever is to answer has not done so yet: that is the way of every new instance."""
    warning: str | None = None
    """What went wrong although the area is fine."""

    @property
    def ok(self) -> bool:
        """Return whether the area is fine."""
        return self.status == "True"


def known_good(body: Mapping[str, Any], area: str) -> bool:
    """Return whether the status says that an area is fine for the spec as it is now."""
    held = find_condition(body, area)
    generation = body["metadata"].get("generation", 1)
    return held.get("status") == "True" and held.get("observedGeneration") == generation


def network_check(error: OperatorError | None) -> Check:
    """Return how the policies stand; `error` is what kept one of them from being applied."""
    if error:
        return Check(NETWORK, "False", "InvalidRule", error.message)
    return Check(NETWORK, "True", "Applied", "everything is closed but what the spec opens")


def roles_check(
    error: OperatorError | None,
    *,
    pending: bool,
    good: bool,
    arns: Mapping[str, str] | None = None,
) -> Check:
    """Return how the IAM roles stand. `good`: they were in place for this spec when last seen.

    `arns` are those that the spec needs.
    """
    fine = "no IAM role is needed" if arns == {} else "the IAM roles are in place"
    if error is None and (good or not pending):
        return Check(CLOUD, "True", "RolesReady", fine)
    if error is None:
        return Check(CLOUD, "False", "RolePending", "the IAM roles are being made", waiting=True)
    if good:
        words = f"{fine}, as last seen; they could not be looked at again: {error.message}"
        return Check(CLOUD, "True", "RolesReady", words, warning=error.message)
    reason = "AccessDenied" if error.fate is Fate.STALL else "RolePending"
    return Check(CLOUD, "False", reason, error.message)


def secrets_check(
    wanted: Sequence[Mapping[str, Any]],
    children: Children,
    present: Mapping[str, str],
    cause: str | None = None,
    *,
    good: bool = False,
) -> Check:
    """Return how the SecretStore and the ExternalSecrets stand.

    `present` are the Secrets that hold something (name to hash). `cause` is what an event says of a
    refusal; the condition itself says only that there was one. `good`: all was synced for this spec
    before, so that values which can't be read again stay in use.
    """
    for item in wanted:
        if item["kind"] != "ExternalSecret":
            continue
        name = item["metadata"]["name"]
        live = children.get(("ExternalSecret", name), {})
        if _synced(live) and name in present:
            continue
        key = item["spec"]["data"][0]["remoteRef"]["key"]
        why, refused = _unsynced(live, _store(wanted, children), cause)
        if name in present and (good or _synced_once(live)):
            words = f"secret {key} could not be read again: {why}; its last values stay in use"
            return Check(SECRETS, "True", "SecretSynced", words, warning=words)
        store = _store(wanted, children)
        return Check(
            SECRETS, "False", "SecretStoreNotReady" if store and not refused
            else "ExternalSecretNotSynced",
            f"secret {key} not synced: {why}, so the backend has not been started or changed",
            waiting=not refused and not store,
        )  # fmt: skip
    named = any(item["kind"] == "ExternalSecret" for item in wanted)
    words = "all secrets are synced" if named else "the spec names no secret"
    return Check(SECRETS, "True", "SecretSynced", words)


def _store(wanted: Sequence[Mapping[str, Any]], children: Children) -> str | None:
    """Return why the SecretStore is not ready, None when it is or has not been looked at."""
    for item in wanted:
        if item["kind"] == "SecretStore":
            name = item["metadata"]["name"]
            ready = find_condition(children.get(("SecretStore", name), {}), "Ready")
            if ready.get("status") == "False":
                return f"secret store {name} is not ready: {ready.get('message') or 'no reason'}"
    return None


def _unsynced(live: Mapping[str, Any], store: str | None, cause: str | None) -> tuple[str, bool]:
    """Return why an ExternalSecret is not synced, and whether that was a refusal."""
    ready = find_condition(live, "Ready")
    if ready.get("status") == "False":
        return cause or str(ready.get("message") or "no reason given"), True
    if store:
        return store, False
    return "External Secrets has not answered yet", False


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


def _synced_once(live: Mapping[str, Any]) -> bool:
    """Return whether the ExternalSecret has been synced for the spec it has now, be it long ago."""
    # External Secrets writes "<generation>-<hash>" of what it has synced.
    version = str(live.get("status", {}).get("syncedResourceVersion", ""))
    generation = str(live.get("metadata", {}).get("generation", 1))
    return bool(version) and version.split("-")[0] == generation


def _synced(live: Mapping[str, Any]) -> bool:
    """Return whether the ExternalSecret is ready for the spec it has now."""
    return find_condition(live, "Ready").get("status") == "True" and _synced_once(live)


def migration_check(
    job: Mapping[str, Any] | None, children: Children, *, good: bool, database: bool = True
) -> Check:
    """Return how the current migration Job stands. `good`: it has run for this spec before."""
    applied = "the database is at the version of this image"
    if job is None:
        off = "migrations are turned off for this instance"
        words = off if database else "the instance has no database"
        return Check(MIGRATIONS, "True", "Applied", words)
    name = job["metadata"]["name"]
    live = children.get(("Job", name), {})
    if find_condition(live, "Complete").get("status") == "True":
        return Check(MIGRATIONS, "True", "Applied", applied)
    failed = find_condition(live, "Failed")
    if failed.get("status") == "True":
        final = failed.get("reason") == "PodFailurePolicy"
        then = (
            "the image says that trying again cannot help, so a new image, or deleting the job, "
            "tries again"
            if final
            else "it is tried again by itself, less and less often; a new image, or deleting the "
            "job, tries at once"
        )
        return Check(
            MIGRATIONS, "False", "MigrationFailed",
            f"migration job {name} failed ({failed.get('reason', 'no reason')}): "
            f"{failed.get('message', 'no message')}; the version before it keeps serving. Read "
            f"`kubectl logs job/{name}`; {then}",
        )  # fmt: skip
    if good:
        return Check(MIGRATIONS, "True", "Applied", f"{applied}; job {name} checks it once more")
    state = "is running" if live else "is not there yet: policies and secrets come first"
    return Check(MIGRATIONS, "False", "Running", f"migration job {name} {state}", waiting=True)


def workloads_check(instance: AppInstance, children: Children) -> Check:
    """Return how the Deployments stand."""
    messages = []
    for component in instance.running:
        live = children.get(("Deployment", names.of(instance, component.name)))
        if live is None:
            words = f"{component.name} is not created yet"
            return Check(WORKLOADS, "False", "RolloutInProgress", words, waiting=True)
        available, reason, message = rollout(live)
        if not available:
            return Check(WORKLOADS, "False", reason, message, waiting=reason == "RolloutInProgress")
        messages.append(message)
    return Check(WORKLOADS, "True", "MinimumReplicasAvailable", "; ".join(messages))


def address(instance: AppInstance, children: Children) -> str | None:
    """Return the load balancer's host name or IP address, None while it has none."""
    live = children.get(("Ingress", instance.name), {})
    for entry in live.get("status", {}).get("loadBalancer", {}).get("ingress") or ():
        found = entry.get("hostname") or entry.get("ip")
        if found:
            return str(found)
    return None


_GATE_LABEL = "elbv2.k8s.aws/pod-readiness-gate-inject"
_NO_GATE = (
    f"the namespace lacks the label {_GATE_LABEL}=enabled, so a rollout "
    "does not wait for the load balancer and may drop requests"
)


def gated(edge: Edge, labels: Mapping[str, str] | None) -> bool:
    """Return whether new pods wait for an ALB, by the namespace's labels (None: not known)."""
    if edge.class_name != "alb" or edge.readiness_gates == "all" or labels is None:
        return True
    return labels.get(_GATE_LABEL) == "enabled"


def ingress_check(instance: AppInstance, children: Children, *, gate: bool = True) -> Check:
    """Return whether the load balancer has an address.

    `gate`: new pods wait until the load balancer sends to them (or it is not an ALB).
    """
    found = address(instance, children)
    if found:
        words = f"the load balancer's address is {found}"
        if gate:
            return Check(INGRESS, "True", "AddressAssigned", words)
        return Check(INGRESS, "True", "AddressAssigned", f"{words}; {_NO_GATE}", warning=_NO_GATE)
    return Check(
        INGRESS, "False", "AddressPending",
        "the load balancer has no address yet; see the events of the Ingress", waiting=True,
    )  # fmt: skip
