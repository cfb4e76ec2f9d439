"""IAM in memory, behind the part of boto3's client that the operator calls.

Every call passes `before`, where a test may let it fail. `on_write` is told who changed which role,
for oracles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError, ReadTimeoutError

_ACCOUNT = "arn:aws:iam::123456789012"


@dataclass(frozen=True)
class Role:
    """A role with all that is on it; documents are parsed."""

    name: str
    path: str
    trust: Any
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    ident: str = "AROA0"
    """Another one for each creation."""

    @property
    def arn(self) -> str:
        """Return the role's ARN."""
        return f"{_ACCOUNT}:role{self.path}{self.name}"

    @cached_property
    def described(self) -> dict[str, Any]:
        """Return what GetRole says of it."""
        described: dict[str, Any] = {
            "RoleName": self.name,
            "Path": self.path,
            "RoleId": self.ident,
            "Arn": self.arn,
            "AssumeRolePolicyDocument": quote(json.dumps(self.trust)),
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
        }
        if self.boundary:
            described["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": self.boundary
            }  # fmt: skip
        return described


@dataclass(frozen=True)
class RoleWrite:
    """A change of a role and who made it."""

    writer: str
    action: str
    name: str
    before: Role | None
    after: Role | None


class LostReply(Exception):
    """Raised by `before`: the call is carried out, but no answer arrives."""


def failure(code: str, action: str) -> ClientError:
    """Return what boto3 raises for an error code of IAM's."""
    return ClientError({"Error": {"Code": code, "Message": code}}, action)


def no_reply() -> ReadTimeoutError:
    """Return what boto3 raises when no answer comes."""
    return ReadTimeoutError(endpoint_url="https://iam.amazonaws.com")


class FakeIam:
    """The roles of an account."""

    def __init__(self) -> None:
        self.roles: dict[str, Role] = {}
        self.on_write: Callable[[RoleWrite], None] = lambda _write: None
        self.created = 0

    def put(self, writer: str, action: str, name: str, after: Role | None) -> None:
        """Set a role, or remove it."""
        before = self.roles.get(name)
        if after is None:
            self.roles.pop(name, None)
        else:
            self.roles[name] = after
        if before != after:
            self.on_write(RoleWrite(writer, action, name, before, after))


class FakeIamClient:
    """A client of that account; `before(action, role)` is called ahead of every call."""

    def __init__(self, iam: FakeIam, writer: str) -> None:
        self._iam = iam
        self.writer = writer
        self.before: Callable[[str, str], None] = lambda _action, _role: None
        self.calls: list[str] = []
        self.writes = 0
        """How many calls that may change something were made."""

    def __getattr__(self, action: str) -> Callable[..., Any]:
        """Return a call by its name in boto3."""
        carry_out = getattr(type(self), f"_{action}", None)
        if carry_out is None:
            raise AttributeError(action)

        def call(*, RoleName: str, **arguments: Any) -> Any:  # noqa: N803 - boto3's
            self.calls.append(action)
            self.writes += not action.startswith(("get_", "list_"))
            try:
                self.before(action, RoleName)
            except LostReply:
                carry_out(self, RoleName, **arguments)
                raise no_reply() from None
            return carry_out(self, RoleName, **arguments)

        return call

    def _role(self, name: str) -> Role:
        role = self._iam.roles.get(name)
        if role is None:
            raise failure("NoSuchEntity", name)
        return role

    def _set(self, action: str, name: str, after: Role | None) -> None:
        self._iam.put(self.writer, action, name, after)

    def _get_role(self, name: str) -> Any:
        return {"Role": self._role(name).described}

    def _create_role(self, name: str, **arguments: Any) -> Any:
        if name in self._iam.roles:
            raise failure("EntityAlreadyExists", name)
        self._iam.created += 1
        role = Role(
            name,
            arguments["Path"],
            json.loads(arguments["AssumeRolePolicyDocument"]),
            arguments.get("PermissionsBoundary"),
            {tag["Key"]: tag["Value"] for tag in arguments.get("Tags", ())},
            ident=f"AROA{self._iam.created}",
        )
        self._set("create_role", name, role)
        return {"Role": role.described}

    def _delete_role(self, name: str) -> Any:
        role = self._role(name)
        if role.policies or role.attached:
            raise failure("DeleteConflict", name)
        self._set("delete_role", name, None)
        return {}

    def _update_assume_role_policy(self, name: str, **arguments: Any) -> Any:
        trust = json.loads(arguments["PolicyDocument"])
        after = replace(self._role(name), trust=trust)
        self._set("update_assume_role_policy", name, after)
        return {}

    def _put_role_permissions_boundary(self, name: str, **arguments: Any) -> Any:
        after = replace(self._role(name), boundary=arguments["PermissionsBoundary"])
        self._set("put_role_permissions_boundary", name, after)
        return {}

    def _list_role_policies(self, name: str, **_: Any) -> Any:
        return {"PolicyNames": sorted(self._role(name).policies), "IsTruncated": False}

    def _get_role_policy(self, name: str, **arguments: Any) -> Any:
        policies = self._role(name).policies
        if arguments["PolicyName"] not in policies:
            raise failure("NoSuchEntity", name)
        return {"PolicyDocument": policies[arguments["PolicyName"]]}

    def _put_role_policy(self, name: str, **arguments: Any) -> Any:
        role = self._role(name)
        policy = json.loads(arguments["PolicyDocument"])
        policies = {**role.policies, arguments["PolicyName"]: policy}
        self._set("put_role_policy", name, replace(role, policies=policies))
        return {}

    def _delete_role_policy(self, name: str, **arguments: Any) -> Any:
        role = self._role(name)
        kept = {
            key: value for key, value in role.policies.items() if key != arguments["PolicyName"]
        }
        self._set("delete_role_policy", name, replace(role, policies=kept))
        return {}

    def _list_attached_role_policies(self, name: str, **_: Any) -> Any:
        attached = [{"PolicyName": arn, "PolicyArn": arn} for arn in self._role(name).attached]
        return {"AttachedPolicies": attached, "IsTruncated": False}

    def _detach_role_policy(self, name: str, **arguments: Any) -> Any:
        role = self._role(name)
        kept = tuple(arn for arn in role.attached if arn != arguments["PolicyArn"])
        self._set("detach_role_policy", name, replace(role, attached=kept))
        return {}
