"""The AppInstance chart: one AppInstance, and a test that may see just that one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appinstance_operator.cli import main as cli
from appinstance_operator.cli import wait
from appinstance_operator.cli.fleet import Key

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CASES = [("instance-minimal", "acme"), ("instance-production", "acme-shop")]


@pytest.mark.parametrize(("values", "name"), _CASES)
def test_it_renders_exactly_one_appinstance(helm: Helm, values: str, name: str) -> None:
    lasting = [
        item
        for item in helm.objects("appinstance", [values])
        if "helm.sh/hook" not in item["metadata"].get("annotations", {})
    ]
    (instance,) = lasting
    assert (instance["apiVersion"], instance["kind"]) == (
        "platform.appinstance.io/v1alpha1", "AppInstance"
    )  # fmt: skip
    assert (instance["metadata"]["namespace"], instance["metadata"]["name"]) == ("tenants", name)


@pytest.mark.parametrize(("values", "name"), _CASES)
def test_the_test_may_see_this_object_and_no_other(helm: Helm, values: str, name: str) -> None:
    hooks = {
        item["kind"]: item
        for item in helm.objects("appinstance", [values])
        if item["metadata"].get("annotations", {}).get("helm.sh/hook") == "test"
    }
    assert set(hooks) == {"ServiceAccount", "Role", "RoleBinding", "Pod"}
    assert hooks["Role"]["rules"] == [
        {
            "apiGroups": ["platform.appinstance.io"],
            "resources": ["appinstances"],
            "resourceNames": [name],
            "verbs": ["list", "watch"],
        }
    ]
    (subject,) = hooks["RoleBinding"]["subjects"]
    assert subject["name"] == hooks["Pod"]["spec"]["serviceAccountName"]
    assert subject["name"] == hooks["ServiceAccount"]["metadata"]["name"]


@pytest.mark.parametrize(("values", "name"), _CASES)
def test_the_test_says_what_the_command_understands(helm: Helm, values: str, name: str) -> None:
    (pod,) = [item for item in helm.objects("appinstance", [values]) if item["kind"] == "Pod"]
    told = cli.parser().parse_args(pod["spec"]["containers"][0]["args"])
    assert (told.run, told.instance) == (wait.run, Key("tenants", name))
    # `helm test` gives up after five minutes.
    assert told.timeout < 300


def test_the_test_is_not_taken_for_a_pod_of_the_instance(helm: Helm) -> None:
    for item in helm.objects("appinstance", ["instance-minimal"]):
        labels = item["metadata"]["labels"]
        assert not {
            "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"
        } & labels.keys()  # fmt: skip


def test_the_test_can_be_left_out(helm: Helm) -> None:
    kinds = [
        item["kind"]
        for item in helm.objects("appinstance", ["instance-minimal"], "--set", "test.enabled=false")
    ]
    assert kinds == ["AppInstance"]
