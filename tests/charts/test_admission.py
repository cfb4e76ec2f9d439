"""The admission policies as the chart renders them; what they refuse is tried on an API server in
tests/operator/integration/test_hostile_tenant.py."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support.helm import VALUES

from appinstance_operator.api.settings import parse_settings
from appinstance_operator.desired.names import FINALIZER
from appinstance_operator.kube.kinds import CHILDREN, LEASE_NAME, SECURITY_GROUP_POLICY
from appinstance_operator.runtime.permissions import RBAC_RULES, SECURITY_GROUP_RULE

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"
_ALL = ["operator-minimal", "operator-local", "operator-production"]
_WRITES = {"create", "delete", "patch", "update"}


def _policies(objects: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        item["metadata"]["name"].removeprefix("appinstance-operator-"): item["spec"]
        for item in objects
        if item["kind"] == "ValidatingAdmissionPolicy"
    }


def _parameters(objects: Iterable[dict[str, Any]]) -> dict[str, str]:
    (found,) = [
        item["data"]
        for item in objects
        if item["kind"] == "ConfigMap" and item["metadata"]["name"].endswith("-admission")
    ]
    return dict(found)


@pytest.mark.parametrize("values", _ALL)
def test_every_policy_is_bound_and_fails_closed_with_a_sentence(helm: Helm, values: str) -> None:
    objects = helm.objects(_CHART, [values])
    policies = _policies(objects)
    bound = {
        item["spec"]["policyName"].removeprefix("appinstance-operator-"): item["spec"]
        for item in objects
        if item["kind"] == "ValidatingAdmissionPolicyBinding"
    }
    assert policies.keys() == bound.keys()
    for name, policy in policies.items():
        assert policy["failurePolicy"] == "Fail", name
        assert bound[name]["validationActions"] == ["Deny"], name
        for validation in policy["validations"]:
            assert validation["reason"] == "Forbidden", name
            assert validation.get("message") or validation["messageExpression"], name
        # A status or a finalizer through another door is not for these.
        for rule in policy["matchConstraints"]["resourceRules"]:
            assert not [resource for resource in rule["resources"] if "/" in resource], name


def test_a_lost_parameter_refuses_appinstances_and_nothing_else(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"])
    with_parameter = {name for name, spec in _policies(objects).items() if "paramKind" in spec}
    assert with_parameter == {"tenancy"}
    (reference,) = [
        item["spec"]["paramRef"]
        for item in objects
        if item["kind"] == "ValidatingAdmissionPolicyBinding" and "paramRef" in item["spec"]
    ]
    assert reference["parameterNotFoundAction"] == "Deny"
    assert _parameters(objects)


def test_without_them_there_are_none(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"], "--set", "admission.enabled=false")
    kinds = {item["kind"] for item in objects}
    assert not [kind for kind in kinds if kind.startswith("ValidatingAdmission")]
    names = [item["metadata"]["name"] for item in objects if item["kind"] == "ConfigMap"]
    assert not [name for name in names if name.endswith("-admission")]


def test_the_operators_account_is_held_for_all_that_it_may_write(helm: Helm) -> None:
    policy = _policies(helm.objects(_CHART, ["operator-production"]))["operator"]
    held = {
        (group, resource)
        for rule in policy["matchConstraints"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if set(rule["operations"]) == {"CREATE", "UPDATE", "DELETE"}
    }
    writes = {
        (rule.group, resource)
        for rule in (*RBAC_RULES, SECURITY_GROUP_RULE)
        for resource in rule.resources
        if _WRITES & set(rule.verbs)
    }
    # A status is not the object, and an event is nobody's.
    free = {("platform.appinstance.io", "appinstances/status"), ("", "events")}
    assert writes - free <= held
    assert held - writes == {("coordination.k8s.io", "leases")}
    # Whose name a Role cannot look at when it is made.
    assert any(f'"{LEASE_NAME}"' in item["expression"] for item in policy["validations"])


def test_the_label_is_held_on_all_that_the_operator_follows_but_secrets(helm: Helm) -> None:
    policy = _policies(helm.objects(_CHART, ["operator-production"]))["labels"]
    held = {
        (group, resource)
        for rule in policy["matchConstraints"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if set(rule["operations"]) == {"CREATE", "UPDATE"}
    }
    followed = {
        (kind.api_version.rpartition("/")[0], kind.plural)
        for kind in (*CHILDREN, SECURITY_GROUP_POLICY)
    }
    assert held == followed


def test_the_operator_is_named_as_its_account_is(helm: Helm) -> None:
    words = ["--set", "serviceAccount.name=other"]
    objects = helm.objects(_CHART, ["operator-production"], *words)
    name = "system:serviceaccount:appinstance-system:other"
    for policy, spec in _policies(objects).items():
        if policy != "tenancy":
            assert name in json.dumps(spec["matchConditions"]), policy


def test_the_finalizer_is_the_operators_own(helm: Helm) -> None:
    policy = _policies(helm.objects(_CHART, ["operator-minimal"]))["finalizer"]
    values = {item["name"]: item["expression"] for item in policy["variables"]}
    assert values["name"] == f"'{FINALIZER}'"


def test_what_the_values_leave_out_is_what_the_settings_take_for_it(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-minimal"])
    values = yaml.safe_load((VALUES / "operator-minimal.yaml").read_text())
    settings = parse_settings(values["settings"])
    assert _parameters(objects)["hostLabels"] == str(settings.edge.host_labels)
    roles = (
        f"arn:{settings.partition}:iam::{settings.account_id}:role{settings.iam.path}"
        f"{settings.iam.role_name_prefix}"
    )
    policies = _policies(objects)
    assert f'"{roles}"' in policies["service-accounts"]["validations"][0]["expression"]
    classes = {v["name"]: v["expression"] for v in policies["ingresses"]["variables"]}
    assert classes["class"] == f'"{settings.edge.class_name}"'


def test_grants_are_parameters_by_namespace_and_add_up(helm: Helm) -> None:
    grant = "settings.tenancy.grants"
    words = [
        f"{grant}[0].namespaces={{acme,bravo}},{grant}[0].domains={{acme.example.org}}",
        f"{grant}[1].namespaces={{*}},{grant}[1].egress={{192.0.2.0/25,192.0.2.128/25}}",
        f"{grant}[2].namespaces={{acme}},{grant}[2].egress={{10.0.0.0/24}}",
        f"{grant}[3].namespaces={{acme}},{grant}[3].domains={{acme.example.net}}",
    ]
    objects = helm.objects(
        _CHART, ["operator-minimal"], *(word for text in words for word in ("--set", text))
    )
    granted = {k: v for k, v in _parameters(objects).items() if k.startswith(("grant.", "every"))}
    assert granted == {
        "everyone.egress": "192.0.2.0/25\n192.0.2.128/25",
        "grant.acme.domains": "acme.example.org\nacme.example.net",
        "grant.acme.egress": "192.0.2.0/25\n192.0.2.128/25\n10.0.0.0/24",
        "grant.bravo.domains": "acme.example.org",
        "grant.bravo.egress": "192.0.2.0/25\n192.0.2.128/25",
    }
    # Hosts under a granted domain are the operator's too.
    ingresses = json.dumps(_policies(objects)["ingresses"])
    for domain in ("apps.example.com", "acme.example.org", "acme.example.net"):
        assert domain in ingresses


def test_an_operator_that_is_kept_to_namespaces_judges_those(helm: Helm) -> None:
    def selector(*words: str) -> Any:
        objects = helm.objects(_CHART, ["operator-minimal"], *words)
        return _policies(objects)["tenancy"]["matchConstraints"].get("namespaceSelector")

    assert selector() is None
    (expression,) = selector("--set", "settings.namespaces={acme,bravo}")["matchExpressions"]
    assert (expression["operator"], expression["values"]) == ("In", ["acme", "bravo"])


def test_exemptions_are_by_requester_and_namespace(helm: Helm) -> None:
    words = [
        "--set", "admission.exemptUsers={me}", "--set", "admission.exemptGroups={us}",
        "--set", "admission.exemptNamespaces={monitoring}",
        "--set-string", r"admission.exemptNamespaceLabels.team\.example\.com/before=yes",
    ]  # fmt: skip
    policies = _policies(helm.objects(_CHART, ["operator-minimal"], *words))
    for name in policies.keys() - {"tenancy", "operator", "finalizer"}:
        conditions = json.dumps(policies[name]["matchConditions"])
        assert '[\\"me\\"]' in conditions, name
        assert '[\\"us\\"]' in conditions, name
        assert policies[name]["matchConstraints"]["namespaceSelector"]["matchExpressions"] == [
            {
                "key": "kubernetes.io/metadata.name", "operator": "NotIn",
                "values": ["appinstance-system", "monitoring"],
            },
            {"key": "team.example.com/before", "operator": "NotIn", "values": ["yes"]},
        ]  # fmt: skip
    for name in ("tenancy", "operator"):
        assert "me" not in json.dumps(policies[name]["matchConditions"]).split('\\"'), name
