"""The provisioner as the chart lays it down: what it reaches, and who reaches it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from appinstance_operator.api.request import Answer
from appinstance_operator.kube.kinds import DATABASE_JOB
from appinstance_operator.runtime.permissions import DATABASE_RULES

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"
_SYSTEM = "appinstance-system"
_WITH = ["operator-production", "operator-databases"]


@pytest.fixture(scope="module")
def objects(helm: Helm) -> list[dict[str, Any]]:
    return helm.objects(_CHART, _WITH)


def _of(objects: list[dict[str, Any]], kind: str, name: str = DATABASE_JOB) -> dict[str, Any]:
    (found,) = [
        item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name
    ]
    return found


def _pods(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for name in (DATABASE_JOB, f"{DATABASE_JOB}-sweep"):
        template = _of(objects, "CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]
        assert isinstance(template, dict)
        yield template


def test_without_an_offer_there_is_nothing_of_it(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-production"])
    assert not [item for item in objects if "database" in item["metadata"]["name"]]
    assert DATABASE_JOB not in json.dumps(objects)


def test_the_operators_policy_is_not_for_its_pods(objects: list[dict[str, Any]]) -> None:
    """Policies add up: the operator's opens the API server and IAM."""
    operators = _of(objects, "NetworkPolicy", "appinstance-operator")["spec"]["podSelector"]
    own = _of(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items()
    for template in _pods(objects):
        labels = template["metadata"]["labels"].items()
        assert own <= labels
        assert not operators["matchLabels"].items() <= labels


def test_it_reaches_database_endpoints_and_dns_and_nobody_reaches_it(
    objects: list[dict[str, Any]],
) -> None:
    settings = yaml.safe_load(
        _of(objects, "ConfigMap", "appinstance-operator-settings")["data"]["settings.yaml"]
    )
    spec = _of(objects, "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == []
    dns, database, endpoints = spec["egress"]
    assert {port["port"] for port in dns["ports"]} == {53}
    assert [peer["ipBlock"]["cidr"] for peer in database["to"]] == [
        peer["cidr"] for peer in settings["database"]["destinations"]
    ]
    assert database["ports"] == [{"protocol": "TCP", "port": 3306}]
    assert [peer["ipBlock"]["cidr"] for peer in endpoints["to"]] == [
        peer["cidr"] for peer in settings["awsEndpoints"]["destinations"]
    ]
    assert endpoints["ports"] == [{"protocol": "TCP", "port": 443}]


def test_its_pods_have_no_token_and_an_account_without_rights(
    objects: list[dict[str, Any]],
) -> None:
    for template in _pods(objects):
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] == DATABASE_JOB
    bindings = [item for item in objects if item["kind"].endswith("Binding") and "subjects" in item]
    bound = {subject["name"] for item in bindings for subject in item["subjects"]}
    assert not [name for name in bound if name.startswith(DATABASE_JOB)]


def test_only_its_pods_hold_the_administrators_login(objects: list[dict[str, Any]]) -> None:
    secret = f"{DATABASE_JOB}-administrator"
    for template in _pods(objects):
        names = [item.get("secret", {}).get("secretName") for item in template["spec"]["volumes"]]
        assert secret in names
        # As files: an environment is inherited, and shown by many a tool.
        assert "secretKeyRef" not in json.dumps(template)
    others = [item for item in objects if item["kind"] in {"Deployment", "Job"}]
    assert others
    assert secret not in json.dumps(others)


def test_the_administrators_entry_is_read_by_an_account_of_its_own(
    objects: list[dict[str, Any]],
) -> None:
    name = f"{DATABASE_JOB}-administrator"
    store = _of(objects, "SecretStore", name)["spec"]["provider"]["aws"]
    assert store["auth"]["jwt"]["serviceAccountRef"]["name"] == name
    roles = {
        account: _of(objects, "ServiceAccount", account)["metadata"]["annotations"][
            "eks.amazonaws.com/role-arn"
        ]
        for account in (name, DATABASE_JOB, "appinstance-operator")
    }
    assert len(set(roles.values())) == 3


def test_the_template_never_runs_by_itself_and_the_sweep_does(
    objects: list[dict[str, Any]],
) -> None:
    assert _of(objects, "CronJob")["spec"]["suspend"] is True
    sweep = _of(objects, "CronJob", f"{DATABASE_JOB}-sweep")["spec"]
    assert not sweep.get("suspend")
    assert sweep["concurrencyPolicy"] == "Forbid"
    (container,) = sweep["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["sweep"]


def test_every_answer_ends_a_job_at_once_and_a_crash_is_tried_again(
    objects: list[dict[str, Any]],
) -> None:
    rules = _of(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    (codes,) = [rule["onExitCodes"] for rule in rules if "onExitCodes" in rule]
    assert codes["operator"] == "In"
    assert codes["values"] == [answer.value for answer in Answer if answer is not Answer.DONE]


def test_the_operator_may_look_at_the_template_and_make_jobs_there(
    objects: list[dict[str, Any]],
) -> None:
    role = _of(objects, "Role", "appinstance-operator-database")
    assert role["metadata"]["namespace"] == _SYSTEM
    assert role["rules"] == [rule.manifest() for rule in DATABASE_RULES]
    binding = _of(objects, "RoleBinding", "appinstance-operator-database")
    assert [subject["name"] for subject in binding["subjects"]] == ["appinstance-operator"]


def test_a_sweep_that_fails_is_an_alert(helm: Helm) -> None:
    objects = helm.objects(_CHART, _WITH, "--set", "metrics.rules.enabled=true")
    (rules,) = [item for item in objects if item["kind"] == "PrometheusRule"]
    alerts = {rule["alert"]: rule["expr"] for rule in rules["spec"]["groups"][0]["rules"]}
    assert "appinstance_database_sweep_timestamp_seconds" in alerts["AppInstanceDatabaseSweepFails"]
    assert 'type="DatabaseReady"' in alerts["AppInstanceDatabaseNotReady"]


def test_its_group_is_there_with_groups_for_pods(helm: Helm) -> None:
    groups = "settings.podSecurityGroups.backend={sg-0bac0000},settings.podSecurityGroups.frontend="
    words = [
        "--set",
        groups + "{sg-0f000000}",
        "--set",
        "provisioner.securityGroupIds={sg-0db00000}",
    ]
    policy = _of(helm.objects(_CHART, _WITH, *words), "SecurityGroupPolicy")
    assert policy["spec"]["securityGroups"]["groupIds"] == ["sg-0db00000"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("provisioner.administrator.remoteKey=", "needs the administrator's login"),
        ("provisioner.administrator.existingSecret=x", "needs the administrator's login"),
        ("provisioner.administrator.roleArn=", "the role that reads that entry alone"),
        ("provisioner.roleArn=", "provisioner.roleArn is empty"),
        ("admission.enabled=false", "needs admission.enabled"),
        (
            "settings.podSecurityGroups.backend={sg-0bac0000},"
            "settings.podSecurityGroups.frontend={sg-0f000000}",
            "provisioner.securityGroupIds is empty",
        ),
    ],
)
def test_what_is_missing_is_refused_with_a_sentence(helm: Helm, words: str, sentence: str) -> None:
    told = helm.template(_CHART, _WITH, "--set", words)
    assert told.returncode != 0
    assert sentence in told.stderr
