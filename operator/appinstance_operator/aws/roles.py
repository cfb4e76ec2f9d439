"""IAM roles of instances: made, repaired and removed.

A role is ours by its tags. One of the same name with other tags is never touched. Every step can be
broken off and done again: a role without its policy is found by name and completed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from appinstance_operator.api.errors import CloudAccessDenied, CloudUnavailable, OperatorError
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.signals.faults import point

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# What is asked for is not there, or what is to be made already is.
_NOTHING_DONE = frozenset({"NoSuchEntity", "EntityAlreadyExists"})


def _document(raw: Any) -> Any:
    """Return a policy document; boto3 decodes some and leaves others URL-encoded."""
    return json.loads(unquote(raw)) if isinstance(raw, str) else raw


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


class RoleManager:
    """The roles behind one IAM client (boto3, blocking). `on_request` is told each action."""

    def __init__(self, iam: Any, on_request: Callable[[str], None] | None = None) -> None:
        self._iam = iam
        self._on_request = on_request or (lambda _action: None)

    def _call(self, action: str, role: str, **arguments: Any) -> Any:
        """Call IAM; None when what is asked for is not there, or what is to be made is."""
        self._on_request(action)
        try:
            return getattr(self._iam, action)(RoleName=role, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOTHING_DONE:
                return None
            raise _translated(action, role, error) from None
        except BotoCoreError as error:
            raise CloudUnavailable(
                f"IAM gave no answer to {action} for role {role}: {type(error).__name__}"
            ) from None

    def ensure(self, wanted: DesiredRole, *, new: bool = False) -> str:
        """Make the role as wanted and return its ARN; nothing is written where nothing differs.

        One that is probably `new` is created unseen, which saves a call (IAM throttles an account's
        as a whole); if it is there after all, nothing has happened and it is looked at.
        """
        made = self._create(wanted) if new else None
        found = None if made else self._call("get_role", wanted.name)
        if found:
            role = found["Role"]
            self._refuse_foreign(wanted.name, role, wanted.tags)
            self._repair(wanted, role)
            self._policies(wanted)
            return str(role["Arn"])
        made = made or self._create(wanted)
        if made is None:
            raise CloudUnavailable(f"IAM role {wanted.name} was made by somebody just now")
        point("role-without-policy")
        self._put_policy(wanted)  # nothing can be on it yet
        return str(made["Role"]["Arn"])

    def _create(self, wanted: DesiredRole) -> Any:
        """Create the role; None when there is one of its name."""
        return self._call(
            "create_role",
            wanted.name,
            Path=wanted.path,
            AssumeRolePolicyDocument=json.dumps(wanted.trust),
            PermissionsBoundary=wanted.boundary_arn,
            MaxSessionDuration=wanted.max_session_seconds,
            Tags=_tag_list(wanted.tags),
            Description="Managed by appinstance-operator; do not edit",
        )

    def _refuse_foreign(self, name: str, role: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        held = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
        if any(held.get(key) != value for key, value in tags.items()):
            owner = "/".join(value for key, value in sorted(held.items())) or "no tags of ours"
            raise CloudAccessDenied(
                f"IAM role {name} exists and is not this instance's ({owner}); remove it or rename "
                "the instance"
            )

    def _repair(self, wanted: DesiredRole, role: Mapping[str, Any]) -> None:
        if _document(role["AssumeRolePolicyDocument"]) != wanted.trust:
            self._call(
                "update_assume_role_policy", wanted.name, PolicyDocument=json.dumps(wanted.trust)
            )
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if boundary != wanted.boundary_arn:
            self._call(
                "put_role_permissions_boundary",
                wanted.name,
                PermissionsBoundary=wanted.boundary_arn,
            )

    def _policies(self, wanted: DesiredRole) -> None:
        """Leave exactly one inline policy, as wanted, and nothing attached."""
        listed = self._call("list_role_policies", wanted.name) or {"PolicyNames": []}
        for name in listed["PolicyNames"]:
            if name != wanted.policy_name:
                self._call("delete_role_policy", wanted.name, PolicyName=name)
        attached = self._call("list_attached_role_policies", wanted.name)
        for policy in (attached or {"AttachedPolicies": []})["AttachedPolicies"]:
            self._call("detach_role_policy", wanted.name, PolicyArn=policy["PolicyArn"])
        current = None
        if wanted.policy_name in listed["PolicyNames"]:
            told = self._call("get_role_policy", wanted.name, PolicyName=wanted.policy_name)
            current = _document(told["PolicyDocument"]) if told else None
        if current != wanted.policy:
            self._put_policy(wanted)

    def _put_policy(self, wanted: DesiredRole) -> None:
        self._call(
            "put_role_policy",
            wanted.name,
            PolicyName=wanted.policy_name,
            PolicyDocument=json.dumps(wanted.policy),
        )

    def delete(self, name: str, tags: Mapping[str, str]) -> None:
        """Remove a role of ours with all that is on it; an absent one is done already.

        A role of that name which is not ours is left alone: it is not what this instance made.
        """
        found = self._call("get_role", name)
        if found is None:
            return
        held = {tag["Key"]: tag["Value"] for tag in found["Role"].get("Tags", ())}
        if any(held.get(key) != value for key, value in tags.items()):
            return
        for policy in (self._call("list_role_policies", name) or {"PolicyNames": []})[
            "PolicyNames"
        ]:
            self._call("delete_role_policy", name, PolicyName=policy)
        attached = self._call("list_attached_role_policies", name)
        for item in (attached or {"AttachedPolicies": []})["AttachedPolicies"]:
            self._call("detach_role_policy", name, PolicyArn=item["PolicyArn"])
        point("role-without-policy-on-delete")
        self._call("delete_role", name)


def _translated(action: str, role: str, error: ClientError) -> OperatorError:
    code = error.response["Error"]["Code"]
    if code in _DENIED:
        operation = "".join(part.title() for part in action.split("_"))
        return CloudAccessDenied(
            f"AWS denied iam:{operation} on role {role}; give the operator's role that action"
        )
    return CloudUnavailable(f"IAM answered {code} to {action} for role {role}")
