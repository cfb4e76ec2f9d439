"""The plain data that the pure part hands to the part with effects."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .access import NOBODY, Agreed

Manifest = dict[str, Any]
"""One Kubernetes object as it is sent."""


@dataclass(frozen=True)
class Facts:
    """What must be seen in the cluster before everything can be rendered.

    `secret_hashes`: Secret name → hash of its content as External Secrets notes it; offline empty.
    `migration_attempt`: which attempt the current migration Job is.
    `agreed`: the openings between AppInstances that both sides want; offline none.
    """

    secret_hashes: Mapping[str, str] = field(default_factory=dict)
    migration_attempt: int = 1
    agreed: Agreed = NOBODY


@dataclass(frozen=True)
class DesiredRole:
    """An IAM role as it should be: trust and one inline policy as documents."""

    name: str
    path: str
    trust: Mapping[str, Any]
    policy_name: str
    policy: Mapping[str, Any]
    boundary_arn: str
    tags: Mapping[str, str]
    owner_tags: Mapping[str, str]
    """Those of the tags by which it is known as the instance's; none: as nobody's."""
    max_session_seconds: int = 3600


class StageName(enum.Enum):
    """The order of a reconcile. Each waits for what the one before it left."""

    NETWORK = "network"
    IDENTITY = "identity"
    SECRETS = "secrets"
    MIGRATION = "migration"
    WORKLOADS = "workloads"
    EDGE = "edge"


@dataclass(frozen=True)
class Stage:
    """Objects that are applied together."""

    name: StageName
    objects: tuple[Manifest, ...]


@dataclass(frozen=True)
class Plan:
    """All that one instance becomes, in the order in which it comes to be."""

    stages: tuple[Stage, ...]
    roles: tuple[DesiredRole, ...]

    @property
    def objects(self) -> tuple[Manifest, ...]:
        """Return every object of every stage, in order."""
        return tuple(manifest for stage in self.stages for manifest in stage.objects)
