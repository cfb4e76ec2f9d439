"""What the operator may do: its RBAC rules and its own IAM policy, as data.

The chart's roles are compared with RBAC_RULES (where the instances are) and LEASE_RULES (in the
operator's own namespace), and a test with the requests that were really made, so that neither an
unused nor a missing verb stays unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import GROUP, PLURAL
from appinstance_operator.api.tenancy import boundary_arns
from appinstance_operator.desired import iam
from appinstance_operator.kube.kinds import (
    CHILDREN,
    CRON_JOB,
    LEASE,
    LEASE_NAME,
    NAMESPACE,
    SECURITY_GROUP_POLICY,
)


@dataclass(frozen=True)
class Rule:
    """One RBAC rule: the verbs on the resources of one API group."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    """The objects that it is limited to; empty means all."""

    def manifest(self) -> dict[str, list[str]]:
        """Return it as a Role has it."""
        rule = {
            "apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs)
        }  # fmt: skip
        return {**rule, "resourceNames": list(self.names)} if self.names else rule


_CHILD_VERBS = ("create", "delete", "list", "patch", "watch")


def _child_rules() -> tuple[Rule, ...]:
    groups: dict[str, list[str]] = {}
    for kind in CHILDREN:
        group = kind.api_version.rpartition("/")[0]
        groups.setdefault(group, []).append(kind.plural)
    return tuple(
        Rule(group, tuple(sorted(resources)), _CHILD_VERBS)
        for group, resources in sorted(groups.items())
    )


RBAC_RULES: tuple[Rule, ...] = (
    # patch: the finalizer. It is never created or deleted by us.
    Rule(GROUP, (PLURAL,), ("list", "patch", "watch")),
    Rule(GROUP, (f"{PLURAL}/status",), ("patch",)),
    *_child_rules(),
    # Metadata only (kinds.py); RBAC has no word for that.
    Rule("", ("secrets",), ("list", "watch")),
    # list: the cause that External Secrets gives only in its events.
    Rule("", ("events",), ("create", "list")),
)
LEASE_RULES: tuple[Rule, ...] = (
    # A request that creates has no name yet that RBAC could look at.
    Rule("coordination.k8s.io", (LEASE.plural,), ("create",)),
    Rule("coordination.k8s.io", (LEASE.plural,), ("get", "update"), (LEASE_NAME,)),
)
# Only where databases are offered, and in the operator's own namespace.
DATABASE_RULES: tuple[Rule, ...] = (
    Rule("batch", (CRON_JOB.plural,), ("list",)),
    Rule("batch", ("jobs",), ("create", "delete", "list")),
)
# Only with an edge of class alb, and not where the operator is kept to namespaces. Metadata only.
NAMESPACE_RULE = Rule("", (NAMESPACE.plural,), ("list", "watch"))
# Only with podSecurityGroups in the settings.
SECURITY_GROUP_RULE = Rule("vpcresources.k8s.aws", (SECURITY_GROUP_POLICY.plural,), _CHILD_VERBS)

_READS = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)
_REMOVALS = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
)


_TAGS = (iam.TAG_CLUSTER, iam.TAG_ISSUER, iam.TAG_NAME, iam.TAG_NAMESPACE)
_BOUNDED = ("iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")


def _statement(
    sid: str, actions: tuple[str, ...], resource: str, condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": [resource],
    }
    return {**body, "Condition": dict(condition)} if condition else body


def _boundaries(settings: Settings) -> list[tuple[str, str, list[str]]]:
    """Return each boundary as suffix of a Sid, ARN, and its namespaces (none: it is for all)."""
    common, *more = boundary_arns(settings)
    found: list[tuple[str, str, list[str]]] = [("", common, [])]
    for number, arn in enumerate(more, start=1):
        grants = [item for item in settings.tenancy.grants if item.permissions_boundary_arn == arn]
        names = sorted({name for grant in grants for name in grant.namespaces})
        found.append((f"OfGrant{number}", arn, [] if "*" in names else names))
    return found


def _tags_of_a_role(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the conditions on the tags of a request: all four, none else, and our own issuer.

    `ForAllValues` also holds for a request without tags, so each of the four is asked for.
    """
    return {
        "StringEquals": {
            f"aws:RequestTag/{iam.TAG_CLUSTER}": settings.cluster_name,
            f"aws:RequestTag/{iam.TAG_ISSUER}": settings.oidc.issuer,
        },
        "Null": {
            f"aws:RequestTag/{iam.TAG_NAME}": "false",
            f"aws:RequestTag/{iam.TAG_NAMESPACE}": "false",
        },
        "ForAllValues:StringEquals": {"aws:TagKeys": list(_TAGS)},
    }


def _creation(settings: Settings, roles: str) -> list[dict[str, Any]]:
    tags = _tags_of_a_role(settings)
    found = []
    for suffix, arn, namespaces in _boundaries(settings):
        equal = {**tags["StringEquals"], "iam:PermissionsBoundary": arn}
        if namespaces:
            equal[f"aws:RequestTag/{iam.TAG_NAMESPACE}"] = namespaces
        condition = {**tags, "StringEquals": equal}
        sid = f"CreateWithBoundaryAndTags{suffix}"
        found.append(_statement(sid, ("iam:CreateRole",), roles, condition))
    return found


def _tagging(settings: Settings, roles: str) -> dict[str, Any]:
    """Return the right to tag, which CreateRole with tags needs: to no other value than there is.

    A role of an earlier version has none of these tags; a second namespace would open two tenants.
    """
    held = {f"aws:ResourceTag/{tag}": f"${{aws:RequestTag/{tag}}}" for tag in _TAGS}
    tags = _tags_of_a_role(settings)
    untouched = {f"aws:ResourceTag/{iam.EARLIER_TAG_NAMESPACE}": "true"}
    condition = {**tags, "Null": {**tags["Null"], **untouched}, "StringEqualsIfExists": held}
    return _statement("TagOnCreationAlone", ("iam:TagRole",), roles, condition)


def _writing(settings: Settings, roles: str) -> list[dict[str, Any]]:
    """Return the rights to write onto roles of this cluster, each under a boundary of its own."""
    ours = {f"aws:ResourceTag/{iam.TAG_ISSUER}": settings.oidc.issuer}
    found = []
    for suffix, arn, namespaces in _boundaries(settings):
        equal: dict[str, Any] = {**ours, "iam:PermissionsBoundary": arn}
        if namespaces:
            equal[f"aws:ResourceTag/{iam.TAG_NAMESPACE}"] = namespaces
        sid = f"WritePoliciesUnderTheBoundary{suffix}"
        found.append(_statement(sid, _BOUNDED, roles, {"StringEquals": equal}))
    bounded = {**ours, "iam:PermissionsBoundary": list(boundary_arns(settings))}
    trust = ("iam:UpdateAssumeRolePolicy",)
    found.append(_statement("WriteTrustOfOwnRoles", trust, roles, {"StringEquals": bounded}))
    return found


def _removal(settings: Settings, roles: str) -> list[dict[str, Any]]:
    ours = {f"aws:ResourceTag/{iam.TAG_ISSUER}": settings.oidc.issuer}
    earlier = {f"aws:ResourceTag/{iam.EARLIER_TAG_CLUSTER}": settings.cluster_name}
    return [
        _statement("RemoveOwnRoles", _REMOVALS, roles, {"StringEquals": ours}),
        _statement("RemoveRolesOfEarlierVersions", _REMOVALS, roles, {"StringEquals": earlier}),
    ]


def operator_policy(settings: Settings) -> dict[str, Any]:
    """Return the IAM policy of the operator's own role.

    It reaches roles under the platform's path and prefix alone. It makes none without a boundary
    and without the tags that the boundary caps by; a grant's boundary goes onto roles of the
    grant's namespaces alone. It changes only roles of its own cluster, and tags none anew. Each
    condition key is one that AWS lists for the action; a test compares.

    What remains: IAM has no condition key for the content of a trust or of a policy. So an operator
    that is wrong or taken over can let a stranger take a role of its own cluster, with what the
    boundary leaves to the role's namespace; can make a role for any namespace; and can take over a
    role without any of these tags that somebody has made under this path and prefix.
    """
    account = f"arn:{settings.partition}:iam::{settings.account_id}"
    roles = f"{account}:role{settings.iam.path}{settings.iam.role_name_prefix}*"
    # Of a role that does not exist, IAM knows the name but no path.
    absent = f"{account}:role/{settings.iam.role_name_prefix}*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement("LookAtRolesOfInstances", _READS, roles),
            _statement("LookForAbsentRoles", ("iam:GetRole",), absent),
            *_creation(settings, roles),
            _tagging(settings, roles),
            *_writing(settings, roles),
            *_removal(settings, roles),
        ],
    }
