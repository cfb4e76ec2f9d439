"""What is known of a role, and what that says about all roles that were asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from appinstance_operator.api.errors import OperatorError
from appinstance_operator.api.model import DesiredRole


@dataclass(frozen=True)
class DoomedRole:
    """A role to be removed, if it carries all tags of one of the mappings."""

    name: str
    accepted_tags: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class RoleState:
    """How the roles of one question stand.

    `verified`: each was seen exactly so, by this process. `ready`: that, and the last look at each
    went well. `pending`: one of them has no answer yet. `error`: why one could not be looked at, or
    could not be put right (that first).
    """

    ready: bool
    pending: bool
    error: OperatorError | None
    verified: bool


@dataclass
class Known:
    """What is known of one role."""

    wish: bytes
    """A digest of what is wanted of it."""
    doomed: bool
    todo: DesiredRole | DoomedRole | None = None
    """The wish itself, only while it is to be done: documents of thousands of roles weigh."""
    new: bool = False
    urgent: bool = False
    working: bool = False
    seen: bool = False
    """It was seen to be as wished, and not otherwise since."""
    believed_until: float = 0.0
    asked_at: float = 0.0
    failures: int = 0
    not_before: float | None = None
    """When a try after a failed one may be."""
    error: OperatorError | None = None


@dataclass
class Knowledge:
    """What is known of the roles of one instance, by their names."""

    uid: str
    roles: dict[str, Known] = field(default_factory=dict)


def digest(role: DesiredRole | DoomedRole) -> bytes:
    """Return what tells one wish from another, in few bytes."""
    if isinstance(role, DoomedRole):
        content: list[object] = ["gone", [dict(tags) for tags in role.accepted_tags]]
    else:
        content = [role.path, role.trust, role.policy_name, role.policy, role.boundary_arn]
        content += [dict(role.tags), role.max_session_seconds]
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).digest()


def state_of(roles: Iterable[Known]) -> RoleState:
    """Return how roles stand together."""
    known = list(roles)
    verified = all(one.seen for one in known)
    errors = sorted((one.error for one in known if one.error), key=lambda error: not error.amiss)
    error = next(iter(errors), None)
    pending = any(not one.seen and one.error is None for one in known)
    return RoleState(verified and error is None, pending, error, verified)
