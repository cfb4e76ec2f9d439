"""What `platform/` is given in the chain, and what is there before it and must be after it."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from e2e.stand_in import StandIn, node_address, running
from e2e.support import kubectl
from e2e.test_identity import EVERYTHING
from terraform.world import Platform

from appinstance_local.paths import REPO
from appinstance_local.platform import seed, tls
from appinstance_local.platform.aws import ANYBODY, REGION, Credentials
from appinstance_local.progress import step
from terraform import proxy, tf

NAME = "chain"  # the platform's
SHOP = "shop"  # the tenant, and its instance
ENTRIES = (f"apps/{SHOP}/{SHOP}/database", f"apps/{SHOP}/{SHOP}/app")
APPROVED = ("-auto-approve", "-parallelism=20")
VPC = "10.20.0.0/16"
# As local/platform/calico/calico.yaml gives them to the pods that stand there.
SUBNETS: Mapping[str, tuple[str, ...]] = {
    "private": ("10.20.0.0/20", "10.20.16.0/20"),
    "public": ("10.20.64.0/24", "10.20.65.0/24"),
    "database": ("10.20.80.0/24", "10.20.81.0/24"),
    "endpoint": ("10.20.96.0/26",),
}


@dataclass
class Chain:
    """AWS's stand-in, Terraform's roots, an administrator's key, and what was there before."""

    aws: StandIn
    roots: Platform
    admin: Credentials
    before: dict[str, set[str]]
    outputs: dict[str, Any] = field(default_factory=dict)

    def terraform(self, command: str, *words: str) -> str:
        """Run Terraform in the platform's root and return what it says.

        Without judgement: it comes as the account's administrator.
        """
        self.aws.evaluate(on=False)
        try:
            told = tf.run(
                self.roots.tree / "platform", command, *_plain(command), *words, env=self.roots.env
            )
            return told.stdout
        finally:
            self.aws.evaluate(on=True)


@contextlib.contextmanager
def begun(base: Path) -> Iterator[tuple[Chain, Future[None]]]:
    """Start the stand-in and all of the first stage; yields the chain, and when that is done.

    The first stage of terraform/README.md is all but the charts. Nothing of it needs the cluster,
    and RDS alone lets a provider wait for a minute, so other tests go on meanwhile.
    """
    tf.copy_of(tf.SOURCE, base / "terraform")
    tf.copy_of(REPO / "charts" / "appinstance-operator", base / "charts" / "appinstance-operator")
    with running(base) as aws:
        roots = Platform(base / "terraform", environment(aws, base))
        folder = roots.tree / "platform"
        (folder / "chain.auto.tfvars.json").write_text(json.dumps(variables(aws)))
        # The state's own place is tried in tests/terraform; here it would be half a minute more.
        (folder / "local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        made = Chain(aws, roots, new_admin(aws), left(aws))

        def first_stage() -> None:
            with step("terraform apply -var install_addons=false"):
                made.terraform("init")
                made.terraform("apply", *APPROVED, "-var=install_addons=false")

        with ThreadPoolExecutor(1) as pool:
            yield made, pool.submit(first_stage)


def _plain(command: str) -> tuple[str, ...]:
    return () if command == "state" else ("-no-color",)


def database_account(schema: str) -> dict[str, Any]:
    """Make an instance's schema and account, as the administrator does; returns its password."""
    password = secrets.token_hex(20)
    seed.run_sql(seed.database_statements(schema, schema, password))
    return {"username": schema, "password": password, "dbname": schema, "port": 3306}


def _ca_pem() -> str:
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    return base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()


def cluster_values(provider: str, group: str) -> dict[str, Any]:
    """Return the local cluster as the value of `existing_cluster`."""
    service = kubectl("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}")
    server = kubectl(
        "config", "view", "--raw", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"
    )
    ports = kubectl("get", "endpointslices", "kubernetes", "-o", "jsonpath={.ports[*].port}")
    return {
        "name": "local",
        "endpoint": server,
        "ca_pem": _ca_pem(),
        "oidc_provider_arn": provider,
        "security_group_id": group,
        "service_cidr": ".".join([*service.split(".")[:2], "0", "0"]) + "/16",
        "api_server": {
            "cidrs": [f"{node_address()}/32"], "ports": sorted({443, *map(int, ports.split())}),
        },
        "installed": [
            "cloudwatch", "external_dns", "external_secrets", "load_balancer_controller"
        ],
    }  # fmt: skip


def vpc_values(stand_in: StandIn) -> dict[str, Any]:
    """Make the VPC that is there already; returns it as the value of `existing_vpc`."""
    ec2 = stand_in.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]
    made: dict[str, Any] = {"vpc_id": vpc}
    for kind, cidrs in SUBNETS.items():
        made[f"{kind}_subnet_ids"] = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for cidr, zone in zip(cidrs, "abc", strict=False)
        ]
    tag = {"Key": "kubernetes.io/role/elb", "Value": "1"}
    ec2.create_tags(Resources=made["public_subnet_ids"], Tags=[tag])
    made["endpoint_security_group_id"] = new_group(stand_in, vpc, "endpoints")
    return made


def new_group(stand_in: StandIn, vpc: str, name: str) -> str:
    """Make a security group and return its id."""
    made = stand_in.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc)
    return str(made["GroupId"])


def new_provider(stand_in: StandIn) -> str:
    """Make the cluster's OIDC provider in IAM and return its ARN."""
    made = stand_in.client("iam").create_open_id_connect_provider(
        Url=f"https://{seed.ISSUER}", ClientIDList=["sts.amazonaws.com"]
    )
    return str(made["OpenIDConnectProviderArn"])


def token_program(folder: Path) -> Path:
    """Make an `aws` that prints the cluster's own credential where AWS's would ask EKS for one."""
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    user = config["users"][0]["user"]
    pair = {
        "clientCertificateData": base64.b64decode(user["client-certificate-data"]).decode(),
        "clientKeyData": base64.b64decode(user["client-key-data"]).decode(),
    }
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": pair,
    }
    folder.mkdir(mode=0o700)
    tls.write_private(folder / "credential.json", json.dumps(credential).encode())
    program = folder / "aws"
    program.write_text(f"#!/bin/sh\nexec cat {folder / 'credential.json'}\n")
    program.chmod(0o700)
    return folder


def environment(stand_in: StandIn, folder: Path) -> dict[str, str]:
    """Return what sends unmodified providers to the stand-in and to the cluster."""
    return {
        **proxy.environment(stand_in.port, token_program(folder / "bin")),
        "TF_VAR_database_ca_bundle": tls.authority().certificate.decode(),
    }


def lies_in_its_subnets() -> bool:
    """Return whether edge and database have addresses in their subnets (the built node's)."""
    edge, store = (
        kubectl("-n", namespace, "get", "pods", "-o", "jsonpath={.items[0].status.podIP}")
        for namespace in ("traefik", "database")
    )
    return edge.startswith("10.20.64.") and store.startswith("10.20.80.")


def variables(stand_in: StandIn) -> dict[str, Any]:
    """Return the platform's variables; what is not here has the default for production."""
    vpc = vpc_values(stand_in)
    group = new_group(stand_in, vpc["vpc_id"], "nodes")
    zone = stand_in.client("route53").create_hosted_zone(Name="apps.localhost", CallerReference="c")
    image = yaml.safe_load(seed.VALUES.read_text())["image"]
    return {
        "name": NAME,
        "region": REGION,
        "domain": "apps.localhost",
        "zone_id": zone["HostedZone"]["Id"].rsplit("/", 1)[-1],
        "existing_vpc": vpc,
        "existing_cluster": cluster_values(new_provider(stand_in), group),
        # What protection does, tests/terraform shows: RDS takes minutes to change it.
        "deletion_protection": False,
        "iam_cidrs": list(SUBNETS["endpoint"]),
        "secret_entries": {name: {"description": f"of {SHOP}"} for name in ENTRIES},
        "operator": {"image_repository": image["repository"], "image_tag": image["tag"]},
    }


def new_admin(stand_in: StandIn) -> Credentials:
    iam = stand_in.client("iam")
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="everything", PolicyDocument=EVERYTHING)
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def left(stand_in: StandIn, who: Credentials = ANYBODY) -> dict[str, set[str]]:
    """Return what there is of each kind that the platform makes and that costs or opens."""

    def told(service: str, call: str, items: str, name: str, **words: Any) -> set[str]:
        answer = getattr(stand_in.client(service, who), call)(**words)
        return {item[name] if name else item for item in answer[items]}

    kms = stand_in.client("kms", who)
    described = (
        kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]
    )
    keys = {
        key["KeyId"]
        for key in described
        # moto's default key stands for those that AWS manages.
        if key["KeyState"] == "Enabled" and key["Description"] != "Default key"
    }
    return {
        "keys": keys,
        "roles": told("iam", "list_roles", "Roles", "Arn"),
        "policies": told("iam", "list_policies", "Policies", "Arn", Scope="Local"),
        "buckets": told("s3", "list_buckets", "Buckets", "Name"),
        "entries": told("secretsmanager", "list_secrets", "SecretList", "Name"),
        "databases": told("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        "groups": told("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
        "alarms": told("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "logs": told("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "acls": told("wafv2", "list_web_acls", "WebACLs", "Name", Scope="REGIONAL"),
        "certificates": told(
            "acm", "list_certificates", "CertificateSummaryList", "CertificateArn"
        ),
        "trails": told("cloudtrail", "describe_trails", "trailList", "Name"),
        "topics": told("sns", "list_topics", "Topics", "TopicArn"),
    }
