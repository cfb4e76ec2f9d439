"""IAM roles of instances: created, repaired and removed.

A role is an instance's by its tags. One of the same name with other tags is never touched, and what
its tags say is never shown: it may be another tenant's. Every step can be broken off and done
again: a role without its policy is found by name and completed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from appinstance_operator.api.errors import CloudAccessDenied, CloudUnavailable
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.signals.faults import point

from .answers import translated, unanswered

READS_PER_LOOK = 4
"""How many requests it takes to see that a role is as wanted."""
_READS = ("get_", "list_")


def _document(raw: Any) -> Any:
    """Return a policy document; the SDK decodes some and leaves others URL-encoded."""
    return json.loads(unquote(raw)) if isinstance(raw, str) else raw


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _carries(role: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Return whether a role has all of the tags; without any to look for, none is anybody's."""
    held = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
    return bool(tags) and all(held.get(key) == value for key, value in tags.items())


class RoleManager:
    """The roles behind one IAM client (botocore's, blocking).

    `on_request` hears of each action before it is sent, `on_error` of each that fails, and why
    (AWS's code, or what kept it from an answer). `fence` is called before each one that may
    change something, and raises NotLeader where this process may write nothing (any more).
    """

    def __init__(
        self,
        iam: Any,
        on_request: Callable[[str], None] | None = None,
        fence: Callable[[], None] | None = None,
        on_error: Callable[[str, str], None] | None = None,
    ) -> None:
        self._iam = iam
        self._on_error = on_error or (lambda _action, _code: None)
        self._on_request = on_request or (lambda _action: None)
        self._fence = fence or (lambda: None)

    def _call(self, action: str, role: str, *, without: str | None = None, **arguments: Any) -> Any:
        """Call IAM; None where it answers with the code `without`.

        A role is written only where it was seen to be otherwise: an error of that says so.
        """
        writes = not action.startswith(_READS)
        if writes:
            self._fence()
        self._on_request(action)
        try:
            return getattr(self._iam, action)(RoleName=role, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if without and code == without:
                return None
            self._on_error(action, code)
            raise translated(action, role, error, amiss=writes) from None
        except (BotoCoreError, ResponseParserError) as error:
            self._on_error(action, type(error).__name__)
            raise unanswered(action, role, error, amiss=writes) from None

    def _role(self, name: str) -> Mapping[str, Any] | None:
        found = self._call("get_role", name, without="NoSuchEntity")
        return found["Role"] if found else None

    def _listed(self, action: str, role: str, what: str) -> Iterator[Any]:
        """Return what is listed of a role, page by page."""
        page: Mapping[str, Any] = self._call(action, role)
        yield from page[what]
        while page.get("IsTruncated"):
            page = self._call(action, role, Marker=page["Marker"])
            yield from page[what]

    def ensure(self, wanted: DesiredRole, *, new: bool = False) -> str:
        """Make the role as wanted and return its ARN; nothing is written where nothing differs.

        One that is probably `new` is created unseen, which saves a call (IAM throttles an account's
        as a whole); if it is there after all, nothing has happened and it is looked at. Raises
        CloudAccessDenied where the role of that name is not this instance's.
        """
        created = self._create(wanted) if new else None
        if created is None:
            found = self._role(wanted.name)
            if found is not None:
                self._refuse_foreign(wanted, found)
                self._repair(wanted, found)
                return str(found["Arn"])
            created = self._create(wanted)
        if created is None:
            raise CloudUnavailable(f"IAM role {wanted.name} was made by somebody just now")
        point("role-without-policy")
        self._put_policy(wanted)  # nothing can be on it yet
        return str(created["Role"]["Arn"])

    def _create(self, wanted: DesiredRole) -> Any:
        """Create the role; None when there is one of its name."""
        return self._call(
            "create_role",
            wanted.name,
            without="EntityAlreadyExists",
            Path=wanted.path,
            AssumeRolePolicyDocument=json.dumps(wanted.trust),
            PermissionsBoundary=wanted.boundary_arn,
            MaxSessionDuration=wanted.max_session_seconds,
            Tags=_tag_list(wanted.tags),
            Description="Managed by appinstance-operator; do not edit",
        )

    def _refuse_foreign(self, wanted: DesiredRole, role: Mapping[str, Any]) -> None:
        if not _carries(role, wanted.owner_tags):
            raise CloudAccessDenied(
                f"IAM role {wanted.name} exists and is not this instance's; remove it or rename "
                "the instance",
                amiss=True,
            )
        if role["Path"] != wanted.path:
            raise CloudAccessDenied(
                f"IAM role {wanted.name} exists under the path {role['Path']} instead of "
                f"{wanted.path}; remove it, and it is made anew",
                amiss=True,
            )

    def _repair(self, wanted: DesiredRole, role: Mapping[str, Any]) -> None:
        """Leave the boundary, the trust and exactly one inline policy as wanted, nothing attached.

        The boundary comes first: the operator may write nothing onto a role without it.
        """
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if boundary != wanted.boundary_arn:
            self._call(
                "put_role_permissions_boundary",
                wanted.name,
                PermissionsBoundary=wanted.boundary_arn,
            )
        if _document(role["AssumeRolePolicyDocument"]) != wanted.trust:
            self._call(
                "update_assume_role_policy", wanted.name, PolicyDocument=json.dumps(wanted.trust)
            )
        policies = self._strip(wanted.name, keep=wanted.policy_name)
        current = None
        if wanted.policy_name in policies:
            found = self._call("get_role_policy", wanted.name, PolicyName=wanted.policy_name)
            current = _document(found["PolicyDocument"])
        if current != wanted.policy:
            self._put_policy(wanted)

    def _strip(self, role: str, keep: str | None = None) -> list[str]:
        """Take everything off a role but one inline policy; return the policies that it had."""
        policies = list(self._listed("list_role_policies", role, "PolicyNames"))
        attached = list(self._listed("list_attached_role_policies", role, "AttachedPolicies"))
        for name in policies:
            if name != keep:
                self._call("delete_role_policy", role, without="NoSuchEntity", PolicyName=name)
        for item in attached:
            arn = item["PolicyArn"]
            self._call("detach_role_policy", role, without="NoSuchEntity", PolicyArn=arn)
        return policies

    def _put_policy(self, wanted: DesiredRole) -> None:
        self._call(
            "put_role_policy",
            wanted.name,
            PolicyName=wanted.policy_name,
            PolicyDocument=json.dumps(wanted.policy),
        )

    def delete(self, name: str, accepted_tags: Sequence[Mapping[str, str]]) -> None:
        """Remove a role that carries all tags of one of the mappings, with all that is on it.

        An absent one is done already. One of that name with other tags is left alone: it is not
        what this instance had. It is looked at again right before it goes, so that one made anew
        under its name meanwhile stays.
        """

        def ours(role: Mapping[str, Any] | None) -> bool:
            return role is not None and any(_carries(role, tags) for tags in accepted_tags)

        found = self._role(name)
        if found is None or not ours(found):
            return
        self._strip(name)
        point("role-without-policy-on-delete")
        again = self._role(name)
        if again is None or not ours(again):
            return
        if again.get("RoleId") != found.get("RoleId"):
            raise CloudUnavailable(f"IAM role {name} was made anew while it was being removed")
        self._call("delete_role", name, without="NoSuchEntity")
