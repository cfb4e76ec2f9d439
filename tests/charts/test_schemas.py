"""Bad values are refused before anything reaches a cluster, and the message names the place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
REPO = Path(__file__).resolve().parents[2]

_OPERATOR = [
    # (values file, what is set, where the message points, what it says)
    ("image.tagg=1", "at '/image'", "additional properties 'tagg' not allowed"),
    ("image.pullPolicy=Sometimes", "at '/image/pullPolicy'", "one of 'Always'"),
    ("image.digest=sha256:abc", "at '/image/digest'", "does not match pattern"),
    ("replicaCount=2", "at ''", "additional properties 'replicaCount' not allowed"),
    ("serviceAccount.roleArn=admin", "at '/serviceAccount/roleArn'", "does not match pattern"),
    ("uninstall.mode=force", "at '/uninstall/mode'", "one of 'refuse', 'delete', 'ignore'"),
    ("uninstall.timeoutSeconds=1", "at '/uninstall/timeoutSeconds'", "minimum"),
    ("metrics.rules.errorRatio=7", "at '/metrics/rules/errorRatio'", "maximum"),
    ("networkPolicy.apiServer.ports[0]=70000", "at '/networkPolicy/apiServer/ports/0'", "maximum"),
    ("networkPolicy.enabled=perhaps", "at '/networkPolicy/enabled'", "want boolean"),
    ("env[0].name=AWS_ACCESS_KEY_ID,env[0].value=x", "at '/env/0/name'", "'not' failed"),
    ("podLabels.a=true", "at '/podLabels/a'", "want string"),
    ("resources.limits.memory=null", "at '/resources/limits'", "missing property 'memory'"),
    ("admission.actions={Deny,Warn}", "at '/admission/actions'", "'not' failed"),
    ("admission.actions={Ignore}", "at '/admission/actions/0'", "one of 'Deny'"),
    (
        "admission.exemptGroups={system:authenticated}",
        "at '/admission/exemptGroups/0'",
        "'not' failed",
    ),
    (
        "admission.exemptNamespaceLabels.a=true",
        "at '/admission/exemptNamespaceLabels/a'",
        "want string",
    ),
    (
        "admission.clusterSecretStores={*}",
        "at '/admission/clusterSecretStores/0'",
        "does not match pattern",
    ),
    ("settings.accountId=12", "at '/settings/accountId'", "want string"),
    ("settings.edge.scheme=open", "at '/settings/edge/scheme'", "one of 'internet-facing'"),
    ("settings.regoin=x", "at '/settings'", "additional properties 'regoin' not allowed"),
]


@pytest.mark.parametrize(("assignment", "place", "message"), _OPERATOR)
def test_the_operator_chart_refuses(helm: Helm, assignment: str, place: str, message: str) -> None:
    told = helm.refusal("appinstance-operator", ["operator-minimal"], "--set", assignment)
    assert place in told
    assert message in told


def test_the_operator_chart_without_settings_is_refused(helm: Helm) -> None:
    told = helm.refusal("appinstance-operator", [])
    assert "settings is empty: give the platform's" in told


def test_the_instance_chart_without_a_host_is_refused(helm: Helm) -> None:
    assert "host is missing" in helm.refusal("appinstance", [])
    assert "backend is missing" in helm.refusal("appinstance", [], "--set", "host=a.example.com")


_INSTANCE = [
    ("host=Not_A_Host", "at '/host'", "does not match pattern"),
    ("backend.imagee=x", "at '/backend'", "additional properties 'imagee' not allowed"),
    ("backend.port=80", "at '/backend/port'", "minimum"),
    ("backend.image=", "at '/backend/image'", "minLength"),
    ("database.credentials.remoteRef.key=*", "at '/database/credentials/remoteRef/key'", "pattern"),
    ("media.prefix=/a", "at '/media/prefix'", "does not match pattern"),
    ("backend.replicas=-1", "at '/backend/replicas'", "minimum"),
    ("backend.replicas=many", "at '/backend/replicas'", "want integer"),
    ("deletionPolicy=Forget", "at '/deletionPolicy'", "one of 'Delete', 'Retain'"),
    ("suspend=maybe", "at '/suspend'", "want boolean"),
    ("identity.backendRoleArn=me", "at '/identity/backendRoleArn'", "does not match pattern"),
    ("secrets[0].name=1BAD", "at '/secrets/0/name'", "does not match pattern"),
    ("databse.migrate=true", "at ''", "additional properties 'databse' not allowed"),
    ("test.imagePullPolicy=x", "at '/test/imagePullPolicy'", "one of 'Always'"),
    ("metadata.name=Upper", "at '/metadata/name'", "does not match pattern"),
]


@pytest.mark.parametrize(("assignment", "place", "message"), _INSTANCE)
def test_the_instance_chart_refuses(helm: Helm, assignment: str, place: str, message: str) -> None:
    told = helm.refusal("appinstance", ["instance-minimal"], "--set", assignment)
    assert place in told
    assert message in told


def test_the_instance_chart_says_what_is_required(helm: Helm) -> None:
    told = helm.refusal("appinstance", [], "--set", "host=acme.apps.localhost,backend.port=80")
    assert "at '/backend': missing property 'image'" in told


def test_a_release_name_that_is_too_long_for_the_operator_is_refused(helm: Helm) -> None:
    told = helm.refusal("appinstance", ["instance-minimal"], release="a" * 41)
    assert "has 41 characters, and the operator needs at most 40" in told
    assert "set metadata.name" in told


def test_the_default_values_document_every_key(helm: Helm) -> None:
    for chart in ("appinstance-operator", "appinstance"):
        text = (REPO / "charts" / chart / "values.yaml").read_text()
        schema = yaml.safe_load((REPO / "charts" / chart / "values.schema.json").read_text())
        missing = [
            key
            for key in schema["properties"]
            if key != "global" and f"\n{key}:" not in text and f"\n# {key}:" not in text
        ]
        assert missing == [], chart


def test_the_rendered_spec_is_the_values_and_nothing_else(helm: Helm) -> None:
    objects = helm.objects("appinstance", ["instance-production"])
    (instance,) = [item for item in objects if item["kind"] == "AppInstance"]
    values: dict[str, Any] = yaml.safe_load(
        (REPO / "tests/charts/values/instance-production.yaml").read_text()
    )
    metadata, test = values.pop("metadata"), values.pop("test")
    assert instance["spec"] == values
    assert instance["metadata"]["name"] == metadata["name"]
    assert metadata["labels"].items() <= instance["metadata"]["labels"].items()
    assert instance["metadata"]["annotations"] == metadata["annotations"]
    (pod,) = [item for item in objects if item["kind"] == "Pod"]
    assert pod["spec"]["containers"][0]["image"] == test["image"]
