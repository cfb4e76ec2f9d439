"""All that an instance becomes, in the order in which it may come to be.

Order is safety: policies close the namespace before any pod exists; identity and secrets come
before the pods that use them; the migration before the rollout.
"""

from __future__ import annotations

from .desired import (
    iam,
    identity,
    ingress,
    migration,
    networkpolicy,
    secrets,
    securitygroups,
    workloads,
)
from .errors import InvalidSpec
from .model import Facts, Manifest, Plan, Stage, StageName
from .resource import AppInstance, violations
from .settings import Settings


def check(instance: AppInstance, settings: Settings) -> None:
    """Raise InvalidSpec with all that the platform's settings do not allow."""
    found = violations(instance, settings)
    if found:
        raise InvalidSpec("; ".join(found))


def plan(instance: AppInstance, settings: Settings, facts: Facts | None = None) -> Plan:
    """Return the plan for an instance that `check` has let through."""
    job = migration.job(instance)
    objects: dict[StageName, tuple[Manifest, ...]] = {
        StageName.NETWORK: (
            *networkpolicy.policies(instance, settings),
            *securitygroups.policies(instance, settings),
        ),
        StageName.IDENTITY: identity.accounts(instance, settings),
        StageName.SECRETS: (
            secrets.store(instance, settings),
            *secrets.external_secrets(instance, settings),
            secrets.database_ca(instance, settings),
        ),
        StageName.MIGRATION: (job,) if job else (),
        StageName.WORKLOADS: workloads.workloads(instance, settings, facts or Facts()),
        StageName.EDGE: (ingress.ingress(instance, settings),),
    }
    stages = tuple(Stage(name, objects[name]) for name in StageName)
    return Plan(stages=stages, roles=iam.roles(instance, settings))
