"""What the chart has no value for can be given all the same, but not what undoes its promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_operator.cli import main as cli

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"


def _set(name: str, value: object) -> tuple[str, str]:
    return "--set-json", f"{name}={json.dumps(value)}"


def _container(helm: Helm, *more: str) -> tuple[dict[str, Any], dict[str, Any]]:
    (deployment,) = [
        item
        for item in helm.objects(_CHART, ["operator-production"], *more)
        if item["kind"] == "Deployment"
    ]
    pod = deployment["spec"]["template"]["spec"]
    return pod, pod["containers"][0]


def test_variables_arguments_and_volumes_reach_the_operator(helm: Helm) -> None:
    secret = {"secretKeyRef": {"name": "proxy", "key": "url"}}
    volume = {"name": "proxy-ca", "configMap": {"name": "proxy-ca"}}
    mount = {"name": "proxy-ca", "mountPath": "/etc/proxy-ca", "readOnly": True}
    pod, container = _container(
        helm,
        *_set("env", [{"name": "HTTPS_PROXY", "valueFrom": secret}]),
        *_set("extraVolumes", [volume]),
        *_set("extraVolumeMounts", [mount]),
        *_set("imagePullSecrets", [{"name": "registry"}]),
    )
    assert {"name": "HTTPS_PROXY", "valueFrom": secret} in container["env"]
    assert volume in pod["volumes"]
    assert mount in container["volumeMounts"]


def test_arguments_come_after_the_charts_own(helm: Helm) -> None:
    _, before = _container(helm)
    _, container = _container(helm, *_set("extraArgs", ["--some-flag=1"]))
    assert container["args"] == [*before["args"], "--some-flag=1"]
    assert cli.parser().parse_args(before["args"])


def test_pull_secrets_are_those_of_every_account(helm: Helm) -> None:
    objects = helm.objects(
        _CHART, ["operator-production"], *_set("imagePullSecrets", [{"name": "registry"}])
    )
    accounts = [item for item in objects if item["kind"] == "ServiceAccount"]
    assert len(accounts) >= 3
    for account in accounts:
        assert account["imagePullSecrets"] == [{"name": "registry"}], account["metadata"]["name"]


def test_common_labels_are_on_every_object_and_pod(helm: Helm) -> None:
    objects = helm.objects(
        _CHART, ["operator-production", "operator-databases"], "--set", "commonLabels.team=platform"
    )
    for item in objects:
        if item["kind"] == "CustomResourceDefinition":
            continue
        assert item["metadata"]["labels"]["team"] == "platform", item["metadata"]["name"]
        spec = item.get("spec", {})
        template = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get(
            "template"
        )
        if item["kind"] in {"Deployment", "Job", "CronJob"}:
            assert template["metadata"]["labels"]["team"] == "platform", item["metadata"]["name"]


_REFUSED = [
    ("extraArgs", ["--settings=/tmp/mine.yaml"], "at '/extraArgs/0'"),
    ("extraArgs", ["--no-lease"], "at '/extraArgs/0'"),
    ("extraArgs", ["--port=80"], "at '/extraArgs/0'"),
    ("extraArgs", ["run"], "at '/extraArgs/0'"),
    ("env", [{"name": "AWS_ROLE_ARN", "value": "x"}], "at '/env/0/name'"),
    ("env", [{"name": "POD_NAMESPACE", "value": "x"}], "at '/env/0/name'"),
    ("env", [{"name": "A", "value": "x", "valueFrom": {"a": {}}}], "at '/env/0'"),
    ("env", [{"name": "A"}], "at '/env/0'"),
    ("extraVolumes", [{"name": "node", "hostPath": {"path": "/"}}], "at '/extraVolumes/0"),
    ("extraVolumes", [{"name": "settings", "emptyDir": {}}], "at '/extraVolumes/0/name'"),
    ("extraVolumes", [{"name": "nothing"}], "at '/extraVolumes/0'"),
    (
        "extraVolumeMounts",
        [{"name": "a", "mountPath": "/etc/appinstance"}],
        "at '/extraVolumeMounts/0",
    ),
    (
        "extraVolumeMounts",
        [{"name": "a", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
        "at '/extraVolumeMounts/0",
    ),
    ("commonLabels", {"app.kubernetes.io/name": "x"}, "at '/commonLabels/"),
    ("commonLabels", {"app.kubernetes.io/part-of": "appinstance-platform"}, "at '/commonLabels/"),
    ("commonLabels", {"rbac.authorization.k8s.io/aggregate-to-edit": "true"}, "at '/commonLabels/"),
    ("metrics.rules.runbookUrl", "runbooks", "at '/metrics/rules/runbookUrl'"),
    ("test.name", "Trial", "at '/test/name'"),
]


@pytest.mark.parametrize(("name", "value", "place"), _REFUSED)
def test_what_would_undo_a_promise_is_refused(
    helm: Helm, name: str, value: object, place: str
) -> None:
    assert place in helm.refusal(_CHART, ["operator-minimal"], *_set(name, value))


def test_a_label_in_two_places_is_refused_with_a_sentence(helm: Helm) -> None:
    told = helm.refusal(
        _CHART, ["operator-minimal"], "--set", "commonLabels.team=a", "--set", "podLabels.team=b"
    )
    assert "label team stands in commonLabels and in podLabels: keep one of them" in told
