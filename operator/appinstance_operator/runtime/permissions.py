"""What the operator may do: its RBAC rules and its own IAM policy, as data.

The chart's ClusterRole is compared with RBAC_RULES, and a test with the requests that were really
made, so that neither an unused nor a missing verb stays unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import GROUP, PLURAL
from appinstance_operator.api.tenancy import boundary_arns
from appinstance_operator.desired import iam
from appinstance_operator.kube.kinds import CHILDREN, SECURITY_GROUP_POLICY


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
    # Metadata only (kinds.py); RBAC has no word for that.
    Rule("", ("secrets",), ("list", "watch")),
    # list: the cause that External Secrets gives only in its events.
    Rule("", ("events",), ("create", "list")),
)
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


def _statement(sid: str, actions: tuple[str, ...], resource: str, **condition: Any) -> Any:
    made: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": [resource],
    }
    return {**made, "Condition": condition} if condition else made


def operator_policy(settings: Settings) -> dict[str, Any]:
    """Return the IAM policy of the operator's own role.

    It reaches roles under the platform's path and prefix alone. It makes none without one of the
    boundaries and without the tags that the boundary caps by, changes only roles of its own
    cluster, and can't tag a role anew. Which condition keys IAM knows for which action is from
    AWS's Service Authorization Reference for IAM.
    """
    names = settings.iam
    account = f"arn:{settings.partition}:iam::{settings.account_id}"
    roles = f"{account}:role{names.path}{names.role_name_prefix}*"
    bounded = {"iam:PermissionsBoundary": list(boundary_arns(settings))}
    issuer = settings.oidc.issuer
    ours = {f"aws:ResourceTag/{iam.TAG_ISSUER}": issuer}
    tagged = {
        "Null": {f"aws:RequestTag/{iam.TAG_NAMESPACE}": "false"},
        "ForAllValues:StringEquals": {
            "aws:TagKeys": [iam.TAG_CLUSTER, iam.TAG_ISSUER, iam.TAG_NAME, iam.TAG_NAMESPACE]
        },
    }
    as_ours = {f"aws:RequestTag/{iam.TAG_ISSUER}": issuer}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement("LookAtRolesOfInstances", _READS, roles),
            # Of a role that does not exist, IAM knows the name but no path.
            _statement(
                "LookForAbsentRoles", ("iam:GetRole",), f"{account}:role/{names.role_name_prefix}*"
            ),
            _statement(
                "CreateWithBoundaryAndTags",
                ("iam:CreateRole",),
                roles,
                StringEquals={**bounded, **as_ours},
                **tagged,
            ),
            # Creating with tags needs it. A namespace that a role has already must stay its own.
            _statement(
                "TagOnCreationAlone",
                ("iam:TagRole",),
                roles,
                StringEquals=as_ours,
                StringEqualsIfExists={
                    f"aws:ResourceTag/{iam.TAG_NAMESPACE}": (
                        f"${{aws:RequestTag/{iam.TAG_NAMESPACE}}}"
                    )
                },
                **tagged,
            ),
            _statement(
                "WritePoliciesUnderTheBoundary",
                ("iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"),
                roles,
                StringEquals={**bounded, **ours},
            ),
            _statement(
                "WriteTrustOfOwnRoles",
                ("iam:UpdateAssumeRolePolicy",),
                roles,
                StringEquals=ours,
            ),
            _statement("RemoveOwnRoles", _REMOVALS, roles, StringEquals=ours),
            _statement(
                "RemoveRolesOfEarlierVersions",
                _REMOVALS,
                roles,
                StringEquals={f"aws:ResourceTag/{iam.EARLIER_TAG_CLUSTER}": settings.cluster_name},
            ),
        ],
    }
