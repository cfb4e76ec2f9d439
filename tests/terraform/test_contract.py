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


def test_every_subnet_that_a_load_balancer_may_take_is_admitted_and_no_other(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    found = applied.client("ec2").describe_subnets(
        Filters=[{"Name": "tag:kubernetes.io/role/elb", "Values": ["1"]}]
    )["Subnets"]
    tagged = {subnet["CidrBlock"] for subnet in found}
    assert len(tagged) == 3
    assert _cidrs(outputs["operator_values"]["edge"]["sources"]) == tagged
    assert set(outputs["public_subnets_tagged_for_elb"]) == tagged


def test_the_database_is_where_the_policies_say(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    (instance,) = applied.client("rds").describe_db_instances()["DBInstances"]
    identifiers = [item["SubnetIdentifier"] for item in instance["DBSubnetGroup"]["Subnets"]]
    subnets = applied.client("ec2").describe_subnets(SubnetIds=identifiers)["Subnets"]
    settings = outputs["operator_values"]["database"]
    assert _cidrs(settings["destinations"]) == {subnet["CidrBlock"] for subnet in subnets}
    assert settings["port"] == instance["Endpoint"]["Port"]
    assert outputs["database_address"] == instance["Endpoint"]["Address"]


def test_the_endpoints_of_aws_are_where_the_policies_say(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    ec2 = applied.client("ec2")
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    identifiers = sorted({name for item in endpoints for name in item.get("SubnetIds", ())})
    subnets = ec2.describe_subnets(SubnetIds=identifiers)["Subnets"]
    admitted = _cidrs(outputs["operator_values"]["awsEndpoints"]["destinations"])
    assert admitted == {subnet["CidrBlock"] for subnet in subnets}
    services = {item["ServiceName"].rsplit(".", 1)[-1] for item in endpoints}
    assert {"sts", "s3", "secretsmanager"} <= services


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


def test_the_security_groups_are_the_documents_chain(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    """Looked up in the account, not in the configuration: who may open which port of whom."""
    settings = outputs["operator_values"]
    (edge,) = settings["edge"]["securityGroupIds"]
    (backend,) = settings["podSecurityGroups"]["backend"]
    (frontend,) = settings["podSecurityGroups"]["frontend"]
    ec2 = applied.client("ec2")
    (instance,) = applied.client("rds").describe_db_instances()["DBInstances"]
    (database,) = [item["VpcSecurityGroupId"] for item in instance["VpcSecurityGroups"]]
    cluster = applied.client("eks").describe_cluster(name=outputs["cluster_name"])["cluster"]
    nodes = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]

    def ingress(group: str) -> set[tuple[str, int]]:
        (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return {
            (source, rule["FromPort"])
            for rule in found["IpPermissions"]
            for source in [pair["GroupId"] for pair in rule["UserIdGroupPairs"]]
            + [item["CidrIp"] for item in rule["IpRanges"]]
        }

    assert ingress(edge) == {("0.0.0.0/0", 80), ("0.0.0.0/0", 443)}
    # The nodes' group: the kubelet's probes and metrics, and nothing that serves.
    assert ingress(backend) == {(edge, 8000), (nodes, 9090)}
    assert ingress(frontend) == {(edge, 8080), (nodes, 9090)}
    host, provisioner = (
        _group(applied, f"acme-platform-{name}") for name in ("database-host", "provisioner")
    )
    assert ingress(database) == {(backend, 3306), (host, 3306), (provisioner, 3306)}
    assert ingress(host) == ingress(provisioner) == set()


def _group(applied: world.Platform, name: str) -> str:
    found = applied.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [name]}]
    )["SecurityGroups"]
    (group,) = [str(item["GroupId"]) for item in found]
    return group


def test_what_policies_open_beyond_the_platform_the_backends_group_opens_and_no_more(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    """Looked up in the account: mail, the identity provider, what namespaces may be granted (there
    the NetworkPolicy alone names ports), and no other network."""
    settings = outputs["operator_values"]
    policies = {
        (cidr, place["port"])
        for place in settings["outside"].values()
        if place
        for cidr in _cidrs(place["destinations"])
    }
    (backend,) = settings["podSecurityGroups"]["backend"]
    (found,) = applied.client("ec2").describe_security_groups(GroupIds=[backend])["SecurityGroups"]
    group = {
        (item["CidrIp"], rule.get("FromPort"))
        for rule in found["IpPermissionsEgress"]
        for item in rule["IpRanges"]
    }
    grants = settings["tenancy"]["grants"]
    networks = [*settings["network"]["allowedEgress"], *(n for g in grants for n in g["egress"])]
    granted = {(cidr, None) for cidr in networks}
    assert granted == {("198.51.100.0/24", None), ("203.0.113.0/24", None)}
    assert group == policies | granted
    assert policies == {("203.0.113.16/28", 587), ("203.0.113.32/28", 443)}
