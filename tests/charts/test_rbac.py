"""The operator's rights: exactly what permissions.py lists, and none of those that lead to more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_operator.runtime.permissions import RBAC_RULES, SECURITY_GROUP_RULE

if TYPE_CHECKING:
    from .conftest import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"
_NAME = "appinstance-operator"
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


def _listed() -> set[Right]:
    return {
        (rule.group, resource, verb)
        for rule in RBAC_RULES
        for resource in rule.resources
        for verb in rule.verbs
    }


def _roles(helm: Helm) -> dict[str, set[Right]]:
    return {
        item["metadata"]["name"]: _granted(item["rules"])
        for item in helm.objects(_CHART, ["operator-production"])
        if item["kind"] == "ClusterRole"
    }


def test_the_cluster_role_is_what_the_operator_says_it_needs(helm: Helm) -> None:
    granted = _roles(helm)[_NAME]
    assert granted - _listed() == set(), "granted but not listed"
    assert _listed() - granted == set(), "listed but not granted"


def test_security_group_policies_are_granted_only_with_security_groups(helm: Helm) -> None:
    groups = "settings.podSecurityGroups"
    words = ["--set", f"{groups}.backend={{sg-0bac0000}},{groups}.frontend={{sg-0f000000}}"]
    granted = next(
        _granted(item["rules"])
        for item in helm.objects(_CHART, ["operator-production"], *words)
        if item["kind"] == "ClusterRole" and item["metadata"]["name"] == _NAME
    )
    assert granted - _listed() == {
        (SECURITY_GROUP_RULE.group, resource, verb)
        for resource in SECURITY_GROUP_RULE.resources
        for verb in SECURITY_GROUP_RULE.verbs
    }


def test_only_the_operators_account_is_bound_to_it(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"])
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
    assert not [item for item in objects if item["kind"] in {"Role", "RoleBinding"}]


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
    names = {item["metadata"]["name"] for item in objects if item["kind"] == "ClusterRole"}
    assert names == {_NAME, f"{_NAME}-drain"}
