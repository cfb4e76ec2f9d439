"""A role of an instance, as the tests of aws/ want it, and what can be wrong with one in IAM."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from appinstance_operator.api.model import DesiredRole
from appinstance_operator.aws.roles import RoleManager

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/p/*"}
TRUSTED = {
    "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/issuer"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {"issuer:sub": "a", "issuer:aud": "b"}},
}
OWNER = {
    "appinstance-issuer": "issuer",
    "appinstance-namespace": "team",
    "appinstance-name": "shop",
}
TAGS = {**OWNER, "appinstance-cluster": "platform"}
EARLIER = {"platform.appinstance.io/namespace": "team"}
ROLE = DesiredRole(
    name="appi-team-shop-backend",
    path="/appinstances/",
    trust={"Version": "2012-10-17", "Statement": [TRUSTED]},
    policy_name="appinstance",
    policy={"Version": "2012-10-17", "Statement": [STATEMENT]},
    boundary_arn="arn:aws:iam::123456789012:policy/boundary",
    tags=TAGS,
    owner_tags=OWNER,
)
# What a stranger's role says of itself, and the tenant must not read.
SECRETIVE = "hidden-tenant"
WRONG_TAGS = {
    "none": {},
    "another namespace": {**TAGS, "appinstance-namespace": SECRETIVE},
    "another cluster": {**TAGS, "appinstance-issuer": SECRETIVE},
    "one too few": {"appinstance-issuer": "issuer", "appinstance-name": SECRETIVE},
    "in another case": {**TAGS, "appinstance-name": "Shop"},
}
strangers = pytest.mark.parametrize("tags", WRONG_TAGS.values(), ids=WRONG_TAGS.keys())


def ensure(iam: Any, *, new: bool = False) -> list[str]:
    """Ensure the role; return the calls that it took."""
    calls: list[str] = []
    RoleManager(iam, calls.append).ensure(ROLE, new=new)
    return calls


def delete(iam: Any, *accepted: Mapping[str, str]) -> list[str]:
    calls: list[str] = []
    RoleManager(iam, calls.append).delete(ROLE.name, accepted or (TAGS,))
    return calls


def writes(calls: list[str]) -> list[str]:
    return [call for call in calls if not call.startswith(("get_", "list_"))]


def create(iam: Any, role: DesiredRole = ROLE, **change: Any) -> None:
    iam.create_role(
        RoleName=role.name,
        Path=role.path,
        AssumeRolePolicyDocument=json.dumps(role.trust),
        PermissionsBoundary=role.boundary_arn,
        Tags=[{"Key": key, "Value": value} for key, value in role.tags.items()],
        **change,
    )


def snapshot(iam: Any) -> Any:
    """Return all that is on the role."""
    name = ROLE.name
    role = iam.get_role(RoleName=name)["Role"]
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "path": role["Path"],
        "trust": role["AssumeRolePolicyDocument"],
        "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tags": {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())},
        "policies": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in policies
        },
        "attached": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
    }


AS_WANTED = {
    "path": ROLE.path,
    "trust": ROLE.trust,
    "boundary": ROLE.boundary_arn,
    "tags": TAGS,
    "policies": {ROLE.policy_name: ROLE.policy},
    "attached": [],
}


def exists(iam: Any) -> bool:
    return ROLE.name in {role["RoleName"] for role in iam.list_roles()["Roles"]}


def widen_trust(iam: Any) -> None:
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [anybody]}
    iam.update_assume_role_policy(RoleName=ROLE.name, PolicyDocument=json.dumps(trust))


def swap_boundary(iam: Any) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.put_role_permissions_boundary(RoleName=ROLE.name, PermissionsBoundary=arn)


def more_policies(iam: Any) -> None:
    text = json.dumps(ROLE.policy)
    for name in ("more", "another"):
        iam.put_role_policy(RoleName=ROLE.name, PolicyName=name, PolicyDocument=text)


def attach(iam: Any) -> None:
    text = json.dumps(ROLE.policy)
    for name in ("one", "two"):
        arn = iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=ROLE.name, PolicyArn=arn)


def widen_policy(iam: Any) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName=ROLE.name, PolicyName=ROLE.policy_name, PolicyDocument=text)


DRIFTS: Mapping[str, tuple[Callable[[Any], None], list[str]]] = {
    "trust": (widen_trust, ["update_assume_role_policy"]),
    "boundary": (swap_boundary, ["put_role_permissions_boundary"]),
    "no boundary": (
        lambda iam: iam.delete_role_permissions_boundary(RoleName=ROLE.name),
        ["put_role_permissions_boundary"],
    ),
    "more inline policies": (more_policies, ["delete_role_policy"] * 2),
    "attached policies": (attach, ["detach_role_policy"] * 2),
    "another policy": (widen_policy, ["put_role_policy"]),
    "no policy": (
        lambda iam: iam.delete_role_policy(RoleName=ROLE.name, PolicyName=ROLE.policy_name),
        ["put_role_policy"],
    ),
}
