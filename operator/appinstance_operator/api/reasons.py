"""Every reason that a condition of an AppInstance can have: what it means, and what to do.

One list for the command line (`appinstance why`), for the documentation's page of conditions, and
for whoever reads a status by program. A test compares it with what the code says, and with the page
that each reason has under docs/reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

from .request import Answer

_PLATFORM = "this is for the platform team: show them this"
_NOTHING = ""


@dataclass(frozen=True)
class Reason:
    """One reason of one condition. `step` is empty where nothing is to be done."""

    condition: str
    name: str
    means: str
    step: str = _NOTHING


CONDITIONS = {
    "Ready": "Sums up the others: everything is there, and the pods are available.",
    "Reconciling": "There while the operator works on the instance, or waits for something.",
    "Stalled": "There while trying again cannot help: a person has to change something.",
    "NetworkPoliciesApplied": "The instance is closed but for what its spec opens.",
    "CloudAccessReady": "Its IAM roles are in place.",
    "SecretsReady": "External Secrets has synced what the spec names.",
    "DatabaseReady": "Its own database is there; only with `database.provision`.",
    "MigrationsApplied": "The database is at the version of the image.",
    "WorkloadsAvailable": "As many pods as wanted are available, all of the newest version.",
    "IngressReady": "The load balancer has an address.",
    "Reachable": "The host answers over HTTPS; only where the settings let the operator ask.",
    "JobsSucceeded": "No job's last run failed; only with `jobs`.",
    "AccessAgreed": "Those that it names under `access` name it as well; only where it names any.",
}
"""Every type of condition, in the order of the status."""

_INVALID = (
    "The spec can't be carried out, by itself or under the platform's settings.",
    "change the spec as it says; `appinstance validate` tells beforehand",
)
_LOG_OF_MIGRATION = (
    "read `kubectl appi logs NAME --component migrate`; a new image, or deleting the Job, tries "
    "again"
)

REASONS: tuple[Reason, ...] = (
    Reason("Ready", "ReconcileSucceeded", "Everything that was looked at is fine."),
    Reason(
        "Ready", "Progressing",
        "Something has been asked for and has not answered yet, as with every new instance.",
        "wait; if it stays so for a quarter of an hour, see the area that is not True",
    ),
    Reason(
        "Ready", "DependencyNotReady",
        "Something that the instance needs has failed or was refused; the message is that area's.",
        "see the area that is False",
    ),
    Reason("Ready", "InvalidSpec", *_INVALID),
    Reason(
        "Ready", "Suspended",
        "`spec.suspend` is true: workers and jobs are stopped, nothing else is changed. While one "
        "can't be stopped, the message says why and `Reconciling` is true.",
        "set spec.suspend to false",
    ),
    Reason("Reconciling", "NewGeneration", "The spec has changed and is being carried out."),
    Reason(
        "Reconciling", "DriftDetected",
        "Somebody changed or removed an object of the instance; it is put right again.",
    ),
    Reason(
        "Reconciling", "ProgressingWithRetry",
        "Something did not work and is tried again, less and less often.",
        "see the message; if it stays so, show it to the platform team",
    ),
    Reason("Stalled", "InvalidSpec", *_INVALID),
    Reason(
        "Stalled", "NotAllowed",
        "The spec names what its namespace may not: another's entry, host, network or role.",
        "name what is this namespace's own, or ask the platform team for a grant",
    ),
    Reason(
        "Stalled", "HostTaken",
        "Another AppInstance was given this host before. Which one is not said.",
        "choose another host, or ask the platform team who has this one",
    ),
    Reason(
        "Stalled", "NameTaken",
        "An object of the name that the instance needs is somebody else's; it was left as it is.",
        "rename or delete what is in the way, or name the AppInstance otherwise",
    ),
    Reason(
        "Stalled", "AccessDenied",
        "The API server or AWS refuses the operator something that it needs.",
        _PLATFORM,
    ),
    Reason(
        "Stalled", "ApplyRefused",
        "The API server refuses an object, for instance by a policy or a quota of the namespace.",
        "see the message: a policy or quota of the namespace, or a field's value",
    ),
    Reason(
        "Stalled", "MigrationFailed",
        "The migration of the new image failed; the version before it keeps serving.",
        _LOG_OF_MIGRATION,
    ),
    Reason(
        "Stalled", "RetriesExhausted",
        "The same has failed again and again; it is still tried, now and then.",
        "see the message; if it is not yours to mend, show it to the platform team",
    ),
    Reason(
        "Stalled", "InternalError",
        "The operator itself failed in its look at this instance. It tries again; others go on.",
        _PLATFORM,
    ),
    Reason("NetworkPoliciesApplied", "Applied", "The policies are in place."),
    Reason(
        "NetworkPoliciesApplied", "InvalidRule",
        "The API server refuses a policy, so no pod is started.",
        "mend the rule under spec.network that it names",
    ),
    Reason("CloudAccessReady", "RolesReady", "Both roles are as they should be."),
    Reason(
        "CloudAccessReady", "RolePending",
        "The roles are being made or removed, or AWS did not answer.",
        "wait a moment; if it stays so, show this to the platform team",
    ),
    Reason(
        "CloudAccessReady", "AccessDenied",
        "AWS refuses the operator, it has no role of its own, or a role of the name is another's.",
        _PLATFORM,
    ),
    Reason("SecretsReady", "SecretSynced", "All entries are synced."),
    Reason(
        "SecretsReady", "SecretStoreNotReady",
        "The instance's SecretStore is not ready: its role can't be taken yet.",
        "wait a moment; if it stays so, show this to the platform team",
    ),
    Reason(
        "SecretsReady", "ExternalSecretNotSynced",
        "An entry could not be read: it is not there, lacks a key, or is refused.",
        "create the entry with the keys that the message names, in the region of the cluster",
    ),
    Reason("MigrationsApplied", "Applied", "It has run, or is turned off."),
    Reason(
        "MigrationsApplied", "Running",
        "The migration Job is running, or is made once policies and secrets are there.",
    ),
    Reason(
        "MigrationsApplied", "MigrationFailed",
        "The Job failed. It is tried again, unless it ended with exit code 78.",
        _LOG_OF_MIGRATION,
    ),
    Reason("WorkloadsAvailable", "MinimumReplicasAvailable", "All pods are available."),
    Reason(
        "WorkloadsAvailable", "RolloutInProgress",
        "Pods are being started or replaced, or wait for what comes before them.",
        "wait; if it stays so, `kubectl appi why NAME` names the pod and its trouble",
    ),
    Reason(
        "WorkloadsAvailable", "ProgressDeadlineExceeded",
        "The new version did not become ready in five minutes; the old one keeps serving.",
        "`kubectl appi why NAME` names the pod and its trouble, `kubectl appi logs NAME` its words",
    ),
    Reason("IngressReady", "AddressAssigned", "The load balancer has an address."),
    Reason(
        "IngressReady", "AddressPending",
        "The load balancer controller has given none yet.",
        "wait a minute or two; if it stays so, show this to the platform team",
    ),
    Reason("Reachable", "Answered", "The host answered with a status below 500."),
    Reason(
        "Reachable", "NoAnswer",
        "There was no answer: DNS, certificate, load balancer or its security groups.",
        "wait a minute or two; if it stays so, show this to the platform team",
    ),
    Reason(
        "Reachable", "ServerError",
        "The load balancer or the app answered with 5xx.",
        "read `kubectl appi logs NAME`; where it is silent, the load balancer has no healthy pod",
    ),
    Reason("JobsSucceeded", "NoRunFailed", "No job's last run failed."),
    Reason(
        "JobsSucceeded", "RunFailed",
        "The last run of a job failed; the app itself goes on, and the job runs at its next time.",
        "read `kubectl appi logs NAME`; the message names the job and its run",
    ),
    Reason("AccessAgreed", "Agreed", "What it names names it, and is open."),
    Reason(
        "AccessAgreed", "NotAgreed",
        "An instance that it names does not name it, so nothing is open between the two.",
        "ask those who have the other one to name this one, with namespace and name",
    ),
    Reason("DatabaseReady", "Provisioning", "The database is being made, or looked at."),
    Reason(
        "DatabaseReady", "ProvisionerFailed",
        "The provisioner's Job crashed; it is tried again, less and less often.",
        _PLATFORM,
    ),
    *(Reason("DatabaseReady", answer.reason, answer.sentence) for answer in Answer),
)  # fmt: skip

STEPS = {item.name: item.step for item in reversed(REASONS) if item.step}
"""What to do next, by reason; the first of a name counts."""
