"""The network that was made, looked up in the account: who is where, who may reach which port."""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_operator.api.settings import parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired import names, networkpolicy
from appinstance_operator.desired.ingress import ingress
from terraform import world

pytestmark = pytest.mark.applied


def _cidrs(peers: list[dict[str, str]]) -> set[str]:
    return {peer["cidr"] for peer in peers}


def _for_load_balancers(applied: world.Platform, role: str) -> dict[str, str]:
    """Return the subnets that the load balancer controller finds for a scheme: id -> range."""
    tag = {"Name": f"tag:kubernetes.io/role/{role}", "Values": ["", "1"]}
    found = applied.client("ec2").describe_subnets(Filters=[tag])["Subnets"]
    return {subnet["SubnetId"]: subnet["CidrBlock"] for subnet in found}


def test_every_subnet_that_a_load_balancer_may_take_is_admitted_and_no_other(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    edge = outputs["operator_values"]["edge"]
    public = _for_load_balancers(applied, "elb")
    inside = _for_load_balancers(applied, "internal-elb")
    assert len(public) == len(inside) == 3
    assert public.keys().isdisjoint(inside)
    assert _cidrs(edge["sources"]) == set(public.values())
    assert _cidrs(edge["internal"]["sources"]) == set(inside.values())
    assert set(outputs["public_subnets_tagged_for_elb"]) == set(public.values())


def test_internal_load_balancers_have_their_subnets_to_themselves_and_a_way_within_the_vpc_alone(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    ec2 = applied.client("ec2")
    inside = set(_for_load_balancers(applied, "internal-elb"))
    of_subnets = {"Name": "association.subnet-id", "Values": sorted(inside)}
    (table,) = ec2.describe_route_tables(Filters=[of_subnets])["RouteTables"]
    assert table["RouteTableId"] == outputs["internal_route_table_id"]
    assert {item["SubnetId"] for item in table["Associations"]} == inside
    assert [route["GatewayId"] for route in table["Routes"]] == ["local"]
    (instance,) = applied.client("rds").describe_db_instances()["DBInstances"]
    eks, name = applied.client("eks"), outputs["cluster_name"]
    taken = [item["SubnetIdentifier"] for item in instance["DBSubnetGroup"]["Subnets"]]
    taken += eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]["subnetIds"]
    for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
        made = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
        taken += made["subnets"]
    for place in (
        *ec2.describe_vpc_endpoints()["VpcEndpoints"],
        *ec2.describe_network_interfaces()["NetworkInterfaces"],
    ):
        taken += place.get("SubnetIds", [place["SubnetId"]] if "SubnetId" in place else [])
    assert taken
    assert inside.isdisjoint(taken)


def test_an_instance_that_asks_for_an_internal_load_balancer_gets_what_was_made_for_it(
    outputs: dict[str, Any],
) -> None:
    settings = parse_settings(outputs["operator_values"])
    spec = {"host": f"acme.{world.DOMAIN}", "backend": {"image": "x:1"}, "scheme": "internal"}
    asks = parse({"metadata": {"name": "acme", "namespace": "acme"}, "spec": spec})
    inside = outputs["operator_values"]["edge"]["internal"]
    made = ingress(asks, settings)["metadata"]["annotations"]
    assert made["alb.ingress.kubernetes.io/scheme"] == "internal"
    groups = made["alb.ingress.kubernetes.io/security-groups"]
    assert groups == ",".join(inside["securityGroupIds"])
    admitted = [
        peer["ipBlock"]["cidr"]
        for policy in networkpolicy.policies(asks, settings)
        if policy["metadata"]["name"] == names.of(asks, "backend")
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        if "ipBlock" in peer
    ]
    assert set(admitted) == _cidrs(inside["sources"])


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


def test_the_security_groups_are_the_documents_chain(
    applied: world.Platform, outputs: dict[str, Any]
) -> None:
    """Looked up in the account, not in the configuration: who may open which port of whom."""
    settings = outputs["operator_values"]
    (edge,) = settings["edge"]["securityGroupIds"]
    (inside,) = settings["edge"]["internal"]["securityGroupIds"]
    (backend,) = settings["podSecurityGroups"]["backend"]
    (frontend,) = settings["podSecurityGroups"]["frontend"]
    ec2 = applied.client("ec2")
    (instance,) = applied.client("rds").describe_db_instances()["DBInstances"]
    (database,) = [item["VpcSecurityGroupId"] for item in instance["VpcSecurityGroups"]]
    cluster = applied.client("eks").describe_cluster(name=outputs["cluster_name"])["cluster"]
    nodes = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]

    def opened(group: str, way: str) -> set[tuple[str, int]]:
        (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return {
            (peer, rule["FromPort"])
            for rule in found[way]
            for peer in [pair["GroupId"] for pair in rule["UserIdGroupPairs"]]
            + [item["CidrIp"] for item in rule["IpRanges"]]
        }

    def ingress(group: str) -> set[tuple[str, int]]:
        return opened(group, "IpPermissions")

    assert ingress(edge) == {("0.0.0.0/0", 80), ("0.0.0.0/0", 443)}
    assert ingress(inside) == {("10.200.0.0/20", 80), ("10.200.0.0/20", 443)}
    # The nodes' group: the kubelet's probes and metrics, and nothing that serves.
    assert ingress(backend) == {(edge, 8000), (inside, 8000), (nodes, 9090)}
    assert ingress(frontend) == {(edge, 8080), (inside, 8080), (nodes, 9090)}
    for group in (edge, inside):
        assert opened(group, "IpPermissionsEgress") == {(backend, 8000), (frontend, 8080)}
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
