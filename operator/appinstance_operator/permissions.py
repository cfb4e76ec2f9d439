"""What the operator may do: its RBAC rules and its own IAM policy, as data.

The chart's ClusterRole is compared with RBAC_RULES, and a test with the requests that were really
made, so that neither an unused nor a missing verb stays unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .kube import CHILDREN, SECURITY_GROUP_POLICY
from .resource import GROUP, PLURAL
from .settings import Settings


@dataclass(frozen=True)
class Rule:
    """One RBAC rule: the verbs on the resources of one API group."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]


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
    # Metadata only (secretwatch.py); RBAC has no word for that.
    Rule("", ("secrets",), ("list", "watch")),
    # list: the cause that External Secrets gives only in its events.
    Rule("", ("events",), ("create", "list")),
)
# Only with podSecurityGroups in the settings.
SECURITY_GROUP_RULE = Rule("vpcresources.k8s.aws", (SECURITY_GROUP_POLICY.plural,), _CHILD_VERBS)

_ROLE_ACTIONS = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
)
_BOUNDED_ACTIONS = ("iam:CreateRole", "iam:PutRolePermissionsBoundary")


def operator_policy(settings: Settings) -> dict[str, Any]:
    """Return the IAM policy of the operator's own role.

    It reaches roles under the platform's path and prefix alone, and makes none without the
    permissions boundary, so that it can't give away more than the boundary holds.
    """
    iam = settings.iam
    roles = (
        f"arn:{settings.partition}:iam::{settings.account_id}:role{iam.path}{iam.role_name_prefix}*"
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RolesOfInstances",
                "Effect": "Allow",
                "Action": list(_ROLE_ACTIONS),
                "Resource": [roles],
            },
            {
                # Of a role that does not exist, IAM knows the name but no path.
                "Sid": "LookForAbsentRoles",
                "Effect": "Allow",
                "Action": ["iam:GetRole"],
                "Resource": [
                    f"arn:{settings.partition}:iam::{settings.account_id}:role/"
                    f"{iam.role_name_prefix}*"
                ],
            },
            {
                "Sid": "OnlyWithTheBoundary",
                "Effect": "Allow",
                "Action": list(_BOUNDED_ACTIONS),
                "Resource": [roles],
                "Condition": {
                    "StringEquals": {"iam:PermissionsBoundary": iam.permissions_boundary_arn}
                },
            },
        ],
    }
