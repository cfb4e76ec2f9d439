"""The contract: what Terraform says is what the operator takes, and what policies admit is so."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from support.apiserver import ApiServer

from appinstance_local.paths import REPO
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired import names
from appinstance_operator.desired.boundary import boundary_policy
from appinstance_operator.desired.ingress import ingress
from appinstance_operator.runtime.permissions import operator_policy
from terraform import world

pytestmark = pytest.mark.applied

_ACME = parse(
    {
        "metadata": {"name": "acme", "namespace": "acme"},
        "spec": {
            "host": f"acme.{world.DOMAIN}",
            "backend": {"image": "x:1"},
            "database": {"credentials": {"remoteRef": {"key": "apps/acme/acme/database"}}},
        },
    }
)
_SCHEMA = REPO / "charts" / "appinstance-operator" / "values.schema.json"


def _cidrs(peers: list[dict[str, str]]) -> set[str]:
    return {peer["cidr"] for peer in peers}


def test_the_outputs_are_the_charts_values(outputs: dict[str, Any]) -> None:
    schema = json.loads(_SCHEMA.read_text())
    settings = {**schema["properties"]["settings"], "$defs": schema["$defs"]}
    jsonschema.validate(outputs["operator_values"], settings)
    values = outputs["operator_chart_values"]
    assert values["settings"] == outputs["operator_values"]
    # Helm puts the chart's defaults under what it is given, and checks the whole.
    defaults = yaml.safe_load((_SCHEMA.parent / "values.yaml").read_text())
    jsonschema.validate(_merged(defaults, values), schema)


def _merged(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {
        key: _merged(under.get(key), over.get(key, under.get(key))) for key in {**under, **over}
    }


def test_the_operator_takes_them(outputs: dict[str, Any]) -> None:
    settings = parse_settings(outputs["operator_values"])
    assert settings.pod_security_groups is not None
    assert settings.pod_security_groups.backend != settings.pod_security_groups.frontend


def test_path_boundary_and_bucket_are_those_that_exist(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    settings = outputs["operator_values"]
    policy = applied.client("iam").get_policy(PolicyArn=settings["iam"]["permissionsBoundaryArn"])
    assert policy["Policy"]["Path"] == "/platform/"
    buckets = [item["Name"] for item in applied.client("s3").list_buckets()["Buckets"]]
    assert settings["media"]["bucket"] in buckets
    assert not settings["iam"]["path"].startswith("/platform/")


def _documents(outputs: dict[str, Any]) -> tuple[Settings, dict[str, dict[str, Any]]]:
    """Return the settings, and the identity module's documents by name."""
    documents = outputs["policies"]["identity"]
    settings = parse_settings(outputs["operator_values"])
    return settings, {name: json.loads(text) for name, text in documents.items()}


def test_the_operators_role_has_what_the_operator_says_it_needs(outputs: dict[str, Any]) -> None:
    settings, documents = _documents(outputs)
    given = documents["operator"]["Statement"]
    allowed = [statement for statement in given if statement["Effect"] == "Allow"]
    assert _sorted(allowed) == _sorted(operator_policy(settings)["Statement"])


def test_each_boundary_is_the_operators(applied: world.Platform, outputs: dict[str, Any]) -> None:
    """Common and granted, in the account, are the operator's for the settings that it gets."""
    settings, documents = _documents(outputs)
    wanted = {settings.iam.permissions_boundary_arn: boundary_policy(settings)}
    for grant in settings.tenancy.grants:
        assert grant.permissions_boundary_arn
        wanted[grant.permissions_boundary_arn] = boundary_policy(settings, grant)
    assert len(wanted) == 3
    assert len([name for name in documents if name.startswith("boundary")]) == len(wanted)
    iam = applied.client("iam")
    for arn, policy in wanted.items():
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
        assert _sorted(found["Document"]["Statement"]) == _sorted(policy["Statement"]), arn


def _sorted(statements: list[dict[str, Any]]) -> list[str]:
    """Return statements in a form that does not depend on the order of lists."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return sorted(value) if isinstance(value, list) else value

    return sorted(json.dumps(plain(item), sort_keys=True) for item in statements)


@pytest.mark.usefixtures("applied")
def test_pods_of_instances_get_the_load_balancers_readiness_gate(cluster: ApiServer) -> None:
    """By their labels: the webhook's selector is what the operator puts onto every pod."""
    values = _chart(cluster, "kube-system", "aws-load-balancer-controller")
    wanted = values["objectSelector"]["matchLabels"]
    assert wanted
    for component in ("backend", "frontend"):
        assert wanted.items() <= names.labels(_ACME, component).items()


def _chart(cluster: ApiServer, namespace: str, release: str) -> dict[str, Any]:
    """Return the values with which a chart that only keeps them was installed."""
    words = ("get", "cm", f"{release}-values", "-o", "jsonpath={.data.values\\.json}")
    values: dict[str, Any] = json.loads(cluster.kubectl("-n", namespace, *words).stdout)
    return values


def test_records_are_written_for_the_operators_ingresses_alone(
    applied: world.Platform, outputs: dict[str, Any], cluster: ApiServer
) -> None:
    values = _chart(cluster, "external-dns", "external-dns")
    settings = parse_settings(outputs["operator_values"])
    made = ingress(_ACME, settings)
    label, _, value = values["labelFilter"].partition("=")
    assert made["metadata"]["labels"][label] == value
    assert values["extraArgs"]["ingress-class"] == made["spec"]["ingressClassName"]
    # What decides who is looked at is what the admission policies keep for the operator.
    folder = REPO / "charts" / "appinstance-operator" / "templates"
    assert label in (folder / "admission-labels.yaml").read_text()
    assert values["annotationPrefix"] in (folder / "_admission.tpl").read_text()
    granted = [domain for grant in settings.tenancy.grants for domain in grant.domains]
    assert set(values["domainFilters"]) == {*settings.edge.domains, *granted}
    assert values["extraArgs"]["zone-id-filter"] == [applied.zone]


def test_the_certificate_holds_every_host_that_may_be(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    settings = parse_settings(outputs["operator_values"])
    arn = outputs["operator_values"]["edge"]["certificateArn"]
    told = applied.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    granted = {domain for grant in settings.tenancy.grants for domain in grant.domains}
    assert granted
    wanted = {f"*.{domain}" for domain in (*settings.edge.domains, *granted)}
    assert wanted <= set(told["SubjectAlternativeNames"])


def test_load_balancers_log_into_the_bucket_that_takes_their_logs(
    applied: world.Platform, cluster: ApiServer
) -> None:
    spec = _chart(cluster, "kube-system", "aws-load-balancer-controller")["ingressClassParams"][
        "spec"
    ]
    attributes = {item["key"]: item["value"] for item in spec["loadBalancerAttributes"]}
    assert attributes["access_logs.s3.enabled"] == "true"
    bucket = attributes["access_logs.s3.bucket"]
    policy = json.loads(applied.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    (allowed,) = [item for item in policy["Statement"] if item["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert allowed["Resource"] == f"arn:aws:s3:::{bucket}/AWSLogs/{world.ACCOUNT}/*"


def test_the_trail_has_the_objects_of_the_media_and_of_the_grants(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    trail = applied.client("cloudtrail")
    (name,) = [item["TrailARN"] for item in trail.describe_trails()["trailList"]]
    selectors = trail.get_event_selectors(TrailName=name)["AdvancedEventSelectors"]
    recorded = {
        arn
        for selector in selectors
        for field in selector["FieldSelectors"]
        if field["Field"] == "resources.ARN"
        for arn in field["StartsWith"]
    }
    settings = parse_settings(outputs["operator_values"])
    granted = {bucket for grant in settings.tenancy.grants for bucket in grant.buckets}
    assert recorded == {f"arn:aws:s3:::{name}/" for name in (settings.media.bucket, *granted)}
