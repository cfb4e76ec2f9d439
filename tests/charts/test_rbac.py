"""The operator's rights: exactly what permissions.py lists, and none of those that lead to more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_operator.kube.kinds import LEASE_NAME
from appinstance_operator.runtime.permissions import (
    LEASE_RULES,
    NAMESPACE_RULE,
    RBAC_RULES,
    SECURITY_GROUP_RULE,
    Rule,
)

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"
_NAME = "appinstance-operator"
_WITHOUT_TEST = ("--set", "test.enabled=false")  # its rights are there while `helm test` runs
_SYSTEM = "appinstance-system"
_WITH_ALB = (*RBAC_RULES, NAMESPACE_RULE)
Right = tuple[str, str, str]


def _granted(rules: Iterable[Mapping[str, Any]]) -> set[Right]:
    """Return each right as (group, resource, verb)."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def _listed(rules: Iterable[Rule] = RBAC_RULES) -> set[Right]:
    return _granted(rule.manifest() for rule in rules)


def _by_names(rules: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], set[Right]]:
    """Return the rights by the names of the objects that they are limited to."""
    found: dict[tuple[str, ...], set[Right]] = {}
    for rule in rules:
        names = tuple(rule.get("resourceNames", ()))
        found[names] = found.get(names, set()) | _granted([rule])
    return found


def _where(objects: Iterable[Mapping[str, Any]], kind: str) -> set[tuple[str, str]]:
    """Return namespace and name of each object of a kind; no namespace is an empty one."""
    return {
        (item["metadata"].get("namespace", ""), item["metadata"]["name"])
        for item in objects
        if item["kind"] == kind
    }


def _roles(helm: Helm) -> dict[str, set[Right]]:
    return {
        item["metadata"]["name"]: _granted(item["rules"])
        for item in helm.objects(_CHART, ["operator-production"])
        if item["kind"] in {"ClusterRole", "Role"}
    }


def test_the_cluster_role_is_what_the_operator_says_it_needs(helm: Helm) -> None:
    granted = _roles(helm)[_NAME]
    listed = _listed(_WITH_ALB)
    assert granted - listed == set(), "granted but not listed"
    assert listed - granted == set(), "listed but not granted"


def test_namespaces_are_looked_at_only_where_aws_load_balancers_are_the_edge(helm: Helm) -> None:
    (role,) = [
        item
        for item in helm.objects(_CHART, ["operator-local"])
        if item["kind"] == "ClusterRole" and item["metadata"]["name"] == _NAME
    ]
    assert _granted(role["rules"]) == _listed()


def test_security_group_policies_are_granted_only_with_security_groups(helm: Helm) -> None:
    groups = "settings.podSecurityGroups"
    words = ["--set", f"{groups}.backend={{sg-0bac0000}},{groups}.frontend={{sg-0f000000}}"]
    granted = next(
        _granted(item["rules"])
        for item in helm.objects(_CHART, ["operator-production"], *words)
        if item["kind"] == "ClusterRole" and item["metadata"]["name"] == _NAME
    )
    assert granted - _listed(_WITH_ALB) == {
        (SECURITY_GROUP_RULE.group, resource, verb)
        for resource in SECURITY_GROUP_RULE.resources
        for verb in SECURITY_GROUP_RULE.verbs
    }


def test_only_the_operators_account_is_bound_to_it(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"], *_WITHOUT_TEST)
    (binding,) = [
        item
        for item in objects
        if item["kind"] == "ClusterRoleBinding" and item["roleRef"]["name"] == _NAME
    ]
    (deployment,) = [item for item in objects if item["kind"] == "Deployment"]
    assert binding["subjects"] == [
        {
            "kind": "ServiceAccount",
            "name": deployment["spec"]["template"]["spec"]["serviceAccountName"],
            "namespace": deployment["metadata"]["namespace"],
        }
    ]
    assert _where(objects, "Role") == {(_SYSTEM, f"{_NAME}-lease")}
    assert _where(objects, "RoleBinding") == {(_SYSTEM, f"{_NAME}-lease")}


def test_of_leases_it_has_the_one_in_its_own_namespace(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"], *_WITHOUT_TEST)
    (role,) = [item for item in objects if item["kind"] == "Role"]
    assert _by_names(role["rules"]) == _by_names(rule.manifest() for rule in LEASE_RULES)
    assert {name for names in _by_names(role["rules"]) for name in names} == {LEASE_NAME}
    (binding,) = [item for item in objects if item["kind"] == "RoleBinding"]
    assert binding["roleRef"]["kind"] == "Role"
    assert [subject["name"] for subject in binding["subjects"]] == [_NAME]
    everywhere = {right for name, rights in _roles(helm).items() for right in rights
                  if not name.endswith("-lease")}  # fmt: skip
    assert "leases" not in {resource for _, resource, _ in everywhere}


def test_kept_to_namespaces_it_has_nothing_elsewhere(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"], "--set", "settings.namespaces={a,b}")
    expected = {(where, name) for where in ("a", "b") for name in (_NAME, f"{_NAME}-drain")}
    expected |= {(_SYSTEM, f"{_NAME}-lease"), ("a", f"{_NAME}-test")}
    assert _where(objects, "Role") == expected
    assert _where(objects, "RoleBinding") == expected
    for item in objects:
        if item["kind"] == "Role" and item["metadata"]["name"] == _NAME:
            assert _granted(item["rules"]) == _listed()
        if item["kind"] == "RoleBinding":
            assert item["roleRef"]["kind"] == "Role"
            assert item["roleRef"]["name"] == item["metadata"]["name"]
            (subject,) = item["subjects"]
            name = item["metadata"]["name"]
            account = name if name.endswith(("-drain", "-test")) else _NAME
            assert (subject["name"], subject["namespace"]) == (account, _SYSTEM)
    assert _where(objects, "ClusterRoleBinding") == set()
    # Those that are added to the built-in roles of whoever works in a namespace are left.
    roles = {name for _, name in _where(objects, "ClusterRole")}
    assert roles == {"appinstance-edit", "appinstance-view"}
    (job,) = [item for item in objects if item["kind"] == "Job"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"][-2:] == ["--namespaces", "a,b"]


def test_no_role_reaches_further_than_it_looks(helm: Helm) -> None:
    for name, rights in _roles(helm).items():
        for group, resource, verb in rights:
            assert "*" not in (group, resource, verb), name
            assert verb not in {"bind", "escalate", "impersonate"}, name
            assert group != "rbac.authorization.k8s.io", name
            assert resource not in {"pods/exec", "pods/attach", "serviceaccounts/token"}, name
            assert resource != "nodes", name


def test_no_secret_can_be_written_nor_read_by_name(helm: Helm) -> None:
    for name, rights in _roles(helm).items():
        verbs = {verb for _, resource, verb in rights if resource == "secrets"}
        assert verbs <= ({"list", "watch"} if name == _NAME else set()), name


def test_editors_of_a_namespace_cannot_forge_a_status(helm: Helm) -> None:
    roles = _roles(helm)
    edit, view = roles["appinstance-edit"], roles["appinstance-view"]
    assert {resource for _, resource, _ in edit | view} == {"appinstances"}
    assert {verb for _, _, verb in view} == {"get", "list", "watch"}
    assert "patch" in {verb for _, _, verb in edit}


def test_nothing_is_added_to_the_built_in_roles_when_told_not_to(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-minimal"], "--set", "rbac.aggregate=false")
    names = {name for _, name in _where(objects, "ClusterRole")}
    assert names == {_NAME, f"{_NAME}-drain"}
