"""What the operator's own IAM policy lets it do, judged request by request: each no has its yes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_values
from support.iam_tables import problems

from appinstance_local.platform.iam_evaluator import allowed
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.runtime.permissions import operator_policy

ACCOUNT = "arn:aws:iam::123456789012"
ROLE = f"{ACCOUNT}:role/appinstances/appi-team-shop-0123456789abcdef-backend"
WIDER = f"{ACCOUNT}:policy/platform/wider"
WIDEST = f"{ACCOUNT}:policy/platform/widest"
MAX_POLICY = 6_144  # characters of a managed policy, white space left out


def _settings(*grants: Mapping[str, Any]) -> Settings:
    raw = golden_values(DESIRED / "golden" / "minimal")
    return parse_settings({**raw, "tenancy": {"grants": list(grants)}})


SETTINGS = _settings()
POLICY = operator_policy(SETTINGS)
COMMON = SETTINGS.iam.permissions_boundary_arn
GRANTED = operator_policy(
    _settings(
        {"namespaces": ["team"], "buckets": ["other"], "permissionsBoundaryArn": WIDER},
        {"namespaces": ["crew"], "buckets": ["third"], "permissionsBoundaryArn": WIDER},
    )
)
OURS = {
    "appinstance-cluster": SETTINGS.cluster_name,
    "appinstance-issuer": SETTINGS.oidc.issuer,
    "appinstance-namespace": "team",
    "appinstance-name": "shop",
}
EARLIER = {
    "platform.appinstance.io/cluster": SETTINGS.cluster_name,
    "platform.appinstance.io/namespace": "team",
    "platform.appinstance.io/name": "shop",
}
OTHER_CLUSTERS = {**OURS, "appinstance-issuer": f"{SETTINGS.oidc.issuer}x"}


def _without(tags: Mapping[str, str], key: str) -> dict[str, str]:
    return {name: value for name, value in tags.items() if name != key}


def may(
    action: str,
    role: str = ROLE,
    *,
    policy: Mapping[str, Any] = POLICY,
    tags: Mapping[str, str] | None = None,
    on: Mapping[str, str] | None = None,
    boundary: str | None = None,
) -> bool:
    """Ask as IAM would be asked: `tags` in the request, `on` and `boundary` on the role."""
    context: dict[str, str | list[str]] = {
        **{f"aws:RequestTag/{key}": value for key, value in (tags or {}).items()},
        **{f"aws:ResourceTag/{key}": value for key, value in (on or {}).items()},
    }
    if tags is not None:
        context["aws:TagKeys"] = list(tags)
    if boundary:
        context["iam:PermissionsBoundary"] = boundary
    return allowed(policy, f"iam:{action}", role, context)


@pytest.mark.parametrize("policy", [POLICY, GRANTED], ids=["plain", "granted"])
def test_aws_knows_each_action_and_condition_key_so(policy: Mapping[str, Any]) -> None:
    assert problems(policy) == []
    assert len(json.dumps(policy, separators=(",", ":"))) < MAX_POLICY


# Creation


def test_it_makes_a_role_with_boundary_and_tags() -> None:
    assert may("CreateRole", tags=OURS, boundary=COMMON)
    # AWS asks for this as well where a role is made with tags.
    assert may("TagRole", tags=OURS)


@pytest.mark.parametrize(
    "boundary", [None, f"{COMMON}x", "arn:aws:iam::aws:policy/AdministratorAccess", WIDER]
)
def test_it_makes_no_role_without_the_boundary(boundary: str | None) -> None:
    assert not may("CreateRole", tags=OURS, boundary=boundary)


WRONG_TAGS = {
    "none": {},
    "without issuer": _without(OURS, "appinstance-issuer"),
    "without cluster": _without(OURS, "appinstance-cluster"),
    "without namespace": _without(OURS, "appinstance-namespace"),
    "without name": _without(OURS, "appinstance-name"),
    "another issuer": OTHER_CLUSTERS,
    "another cluster": {**OURS, "appinstance-cluster": "other"},
    "one more": {**OURS, "team": "platform"},
    "a second namespace": {**OURS, "platform.appinstance.io/namespace": "other"},
    "in another case": {**_without(OURS, "appinstance-name"), "Appinstance-Name": "shop"},
}


@pytest.mark.parametrize("tags", WRONG_TAGS.values(), ids=WRONG_TAGS.keys())
@pytest.mark.parametrize("action", ["CreateRole", "TagRole"])
def test_it_makes_no_role_with_other_tags(action: str, tags: Mapping[str, str]) -> None:
    assert not may(action, tags=tags, boundary=COMMON)


def test_it_makes_no_role_without_tags() -> None:
    assert not may("CreateRole", boundary=COMMON)
    assert not may("TagRole")


@pytest.mark.parametrize(
    "role", ["admin", "appinstances/admin", "platform/appi-x", "appi-x", "other/appi-x"]
)
def test_it_makes_and_changes_no_role_outside_of_path_and_prefix(role: str) -> None:
    arn = f"{ACCOUNT}:role/{role}"
    assert not may("CreateRole", arn, tags=OURS, boundary=COMMON)
    assert not may("TagRole", arn, tags=OURS)
    for action in (*WRITES, *REMOVALS):
        assert may(action, on=OURS, boundary=COMMON), action
        assert not may(action, arn, on=OURS, boundary=COMMON), action


# Tags stay as they are


@pytest.mark.parametrize("key", sorted(OURS))
def test_it_gives_no_tag_another_value(key: str) -> None:
    assert may("TagRole", tags=OURS, on=OURS)
    assert not may("TagRole", tags=OURS, on={**OURS, key: "other"})


def test_it_does_not_tag_a_role_of_an_earlier_version() -> None:
    assert not may("TagRole", tags=OURS, on=EARLIER)
    assert not may("TagRole", tags={**OURS, "appinstance-namespace": "other"}, on=EARLIER)


def test_it_takes_no_tag_away() -> None:
    assert not may("UntagRole", tags=OURS, on=OURS, boundary=COMMON)


# Writing

WRITES = ("PutRolePolicy", "PutRolePermissionsBoundary", "UpdateAssumeRolePolicy")
REMOVALS = ("DeleteRole", "DeleteRolePolicy", "DetachRolePolicy")
NOT_OURS = {
    "another cluster's": OTHER_CLUSTERS,
    "an earlier version's": EARLIER,
    "untagged": {},
}


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("on", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_it_writes_to_roles_of_its_own_cluster_alone(action: str, on: Mapping[str, str]) -> None:
    assert may(action, on=OURS, boundary=COMMON)
    assert not may(action, on=on, boundary=COMMON)


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("boundary", [None, "arn:aws:iam::aws:policy/AdministratorAccess"])
def test_it_writes_under_the_boundary_alone(action: str, boundary: str | None) -> None:
    assert may(action, on=OURS, boundary=COMMON)
    assert not may(action, on=OURS, boundary=boundary)


@pytest.mark.parametrize(
    "action",
    ["DeleteRolePermissionsBoundary", "AttachRolePolicy", "PassRole", "UpdateRole", "ListRoles"],
)
def test_it_can_neither_lift_a_boundary_nor_attach_nor_list(action: str) -> None:
    assert not may(action, on=OURS, boundary=COMMON)
    assert not may(action, "*", on=OURS, boundary=COMMON)


def test_it_takes_no_role() -> None:
    assert not allowed(POLICY, "sts:AssumeRole", ROLE)
    assert not allowed(POLICY, "sts:AssumeRoleWithWebIdentity", ROLE)


# Removal


@pytest.mark.parametrize("action", REMOVALS)
def test_it_removes_roles_of_its_own_cluster_alone(action: str) -> None:
    assert may(action, on=OURS)
    assert may(action, on=EARLIER)
    assert not may(action, on=OTHER_CLUSTERS)
    assert not may(action, on={**EARLIER, "platform.appinstance.io/cluster": "other"})
    assert not may(action)


def test_it_looks_at_roles_that_are_there_and_not() -> None:
    assert may("GetRole")
    assert may("GetRole", f"{ACCOUNT}:role/appi-absent")
    assert not may("GetRole", f"{ACCOUNT}:role/admin")
    assert not may("GetRolePolicy", f"{ACCOUNT}:role/appi-absent")


# Boundaries of grants


@pytest.mark.parametrize("namespace", ["team", "crew"])
def test_a_grants_boundary_is_for_the_grants_namespaces(namespace: str) -> None:
    tags = {**OURS, "appinstance-namespace": namespace}
    other = {**OURS, "appinstance-namespace": "other"}
    assert may("CreateRole", policy=GRANTED, tags=tags, boundary=WIDER)
    assert not may("CreateRole", policy=GRANTED, tags=other, boundary=WIDER)
    for action in ("PutRolePolicy", "PutRolePermissionsBoundary"):
        assert may(action, policy=GRANTED, on=tags, boundary=WIDER)
        assert not may(action, policy=GRANTED, on=other, boundary=WIDER)
        assert may(action, policy=GRANTED, on=other, boundary=COMMON)
        assert not may(action, policy=GRANTED, on=tags, boundary=WIDEST)
    assert may("CreateRole", policy=GRANTED, tags=other, boundary=COMMON)


def test_a_grant_for_all_has_a_boundary_for_all() -> None:
    policy = operator_policy(
        _settings({"namespaces": ["*"], "buckets": ["other"], "permissionsBoundaryArn": WIDER})
    )
    assert may("CreateRole", policy=policy, tags=OURS, boundary=WIDER)
    assert not may("CreateRole", policy=policy, tags=OTHER_CLUSTERS, boundary=WIDER)
    assert may("CreateRole", policy=policy, tags=OURS, boundary=COMMON)
