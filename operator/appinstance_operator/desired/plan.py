"""All that an instance becomes, in the order in which it may come to be.

Order is safety: policies close the namespace before any pod exists; identity and secrets come
before the pods that use them; the migration before the rollout.
"""

from __future__ import annotations

from appinstance_operator.api.errors import InvalidSpec, NotAllowed
from appinstance_operator.api.model import Facts, Manifest, Plan, Stage, StageName
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance
from appinstance_operator.api.tenancy import inexpressible, unsupported, violations

from . import (
    background,
    iam,
    identity,
    ingress,
    migration,
    networkpolicy,
    secrets,
    securitygroups,
    workloads,
)


def check(instance: AppInstance, settings: Settings) -> None:
    """Raise InvalidSpec or NotAllowed with all that can't be carried out or named."""
    unknown = (*unsupported(instance, settings), *inexpressible(instance, settings))
    if unknown:
        raise InvalidSpec("; ".join(unknown))
    found = violations(instance, settings)
    if found:
        raise NotAllowed("; ".join(found))


def plan(instance: AppInstance, settings: Settings, facts: Facts | None = None) -> Plan:
    """Return the plan for an instance that `check` has let through."""
    seen = facts or Facts()
    job = migration.job(instance, settings, seen.migration_attempt)
    objects: dict[StageName, tuple[Manifest, ...]] = {
        StageName.NETWORK: (
            *networkpolicy.policies(instance, settings, seen.agreed),
            *securitygroups.policies(instance, settings),
        ),
        StageName.IDENTITY: identity.accounts(instance, settings),
        StageName.SECRETS: secrets.objects(instance, settings),
        StageName.MIGRATION: (job,) if job else (),
        StageName.WORKLOADS: (
            *workloads.workloads(instance, settings, seen),
            *background.workers(instance, settings, seen),
            *background.jobs(instance, settings),
        ),
        StageName.EDGE: (ingress.ingress(instance, settings),),
    }
    stages = tuple(Stage(name, objects[name]) for name in StageName)
    return Plan(stages=stages, roles=iam.roles(instance, settings))
