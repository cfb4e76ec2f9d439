"""Platform settings: what is the same for all instances, typed, validated and loaded once.

Filled by the Helm values (`settings:` of charts/appinstance-operator), which Terraform's output
produces. Keys are camelCase as everywhere in Kubernetes.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from .errors import SettingsError


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


def _canonical(cidr: str) -> str:
    """Return the CIDR unchanged; host bits set have caused random time-outs on EKS."""
    network = ipaddress.ip_network(cidr, strict=False)
    if str(network) != cidr:
        raise ValueError(f"write {network} instead of {cidr}")
    if network.prefixlen == 0:
        raise ValueError("0.0.0.0/0 admits everybody; name the networks that are meant")
    return cidr


Cidr = Annotated[str, AfterValidator(_canonical)]
Arn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:.+$")]
Labels = dict[str, str]
Port = Annotated[int, Field(ge=1, le=65535)]


class Selector(_Model):
    """Pods or namespaces by their labels, in Kubernetes' own form."""

    match_labels: Annotated[Labels, Field(min_length=1)]


class Peer(_Model):
    """One side of a connection: a network, or pods (as the local platform's parts are)."""

    cidr: Cidr | None = None
    namespace_selector: Selector | None = None
    pod_selector: Selector | None = None

    @model_validator(mode="after")
    def _either(self) -> Peer:
        pods = self.namespace_selector is not None or self.pod_selector is not None
        if (self.cidr is not None) == pods:
            raise ValueError("give either cidr, or namespaceSelector and podSelector")
        if pods and not (self.namespace_selector and self.pod_selector):
            raise ValueError("name both a namespaceSelector and a podSelector")
        return self


Peers = Annotated[tuple[Peer, ...], Field(min_length=1)]


class Oidc(_Model):
    """The cluster's OIDC provider in IAM; `issuer` is without https://."""

    provider_arn: Arn
    issuer: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(/[A-Za-z0-9._/-]+)?$")]


SecurityGroups = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")], ...],
    Field(min_length=1, max_length=5),
]


class Edge(_Model):
    """What stands before the instances. `sources` are the addresses that reach the pods.

    `security_group_ids` are put on every load balancer; without them the controller makes a group
    that is open to everybody.
    """

    class_name: str = "alb"
    sources: Peers
    domains: Annotated[tuple[str, ...], Field(min_length=1)]
    certificate_arn: Arn | None = None
    waf_acl_arn: Arn | None = None
    tls_policy: str = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    scheme: Literal["internet-facing", "internal"] = "internet-facing"
    security_group_ids: SecurityGroups | None = None
    host_labels: Annotated[int, Field(ge=1, le=5)] = 1
    """How many labels a host may have below a domain; a wildcard certificate covers one."""
    reachability: bool = False
    """Whether the operator may ask each load balancer for the host over HTTPS once it is ready."""
    readiness_gates: Literal["labelled", "all"] = "labelled"
    """Whose pods the load balancer controller gives readiness gates: those in namespaces with its
    label, as it is installed by default, or all of the operator's (as Terraform installs it)."""

    @model_validator(mode="after")
    def _certificate(self) -> Edge:
        if self.class_name == "alb" and self.certificate_arn is None:
            raise ValueError("class alb needs certificateArn, an ACM certificate for the domains")
        return self


class Database(_Model):
    """Where databases are. `ca_bundle` is PEM and is given to every backend."""

    destinations: Peers
    port: Port = 3306
    ca_bundle: Annotated[str, StringConstraints(pattern=r"-----BEGIN CERTIFICATE-----")]


class Dns(_Model):
    """The cluster's DNS pods."""

    namespace_selector: Selector = Selector(
        match_labels={"kubernetes.io/metadata.name": "kube-system"}
    )
    pod_selector: Selector = Selector(match_labels={"k8s-app": "kube-dns"})


class AwsEndpoints(_Model):
    """Where STS and S3 answer: the VPC endpoints' networks."""

    destinations: Peers
    port: Port = 443


class Media(_Model):
    """The bucket for avatars. Others come with a grant, which has a boundary for them."""

    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    kms_key_arn: Arn | None = None


def _role_pattern(pattern: str) -> str:
    rest = pattern.replace("{namespace}", "n")
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/*-]+", rest):
        raise ValueError(
            "write the ARN of a role, with * for the rest of one part of its path and {namespace} "
            "for the namespace of the AppInstance"
        )
    return pattern


RolePattern = Annotated[str, AfterValidator(_role_pattern)]


class Iam(_Model):
    """How the operator names its roles, the boundary of each, and which roles specs may bring.

    `allowed_role_arns` are patterns of ARNs: `*` stands for anything within one part of the path,
    `{namespace}` for the namespace of the AppInstance. Empty: specs bring none without a grant.
    """

    path: Annotated[str, StringConstraints(pattern=r"^/([A-Za-z0-9_.-]+/)+$")] = "/appinstances/"
    role_name_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,14}$")] = "appi-"
    permissions_boundary_arn: Arn
    allowed_role_arns: tuple[RolePattern, ...] = ()


def _entries_template(template: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9_+=.@-]+/)*\{namespace\}/", template):
        raise ValueError(
            "end it with {namespace}/, as in apps/{namespace}/: each namespace has its own entries"
        )
    return template


class Secrets(_Model):
    """Which Secrets Manager entries specs may name, and how often they are read again."""

    allowed_prefix: Annotated[str, AfterValidator(_entries_template)]
    """Template with `{namespace}` as its last part."""
    kms_key_arn: Arn | None = None
    refresh_interval: Annotated[str, StringConstraints(pattern=r"^\d+[smh]$")] = "5m"


class PodSecurityGroups(_Model):
    """EC2 security groups of the pods, so that RDS admits the backend's alone (at most 5 each).

    The migration gets the backend's.
    """

    backend: SecurityGroups
    frontend: SecurityGroups


class Network(_Model):
    """Where specs may open egress to (`spec.network.egress`). Empty: nowhere without a grant."""

    allowed_egress: tuple[Cidr, ...] = ()


class Monitoring(_Model):
    """Who may read the metrics of every backend, such as the cluster's Prometheus."""

    sources: tuple[Peer, ...] = ()


class Rollouts(_Model):
    """How many instances may roll at once because the operator or its settings changed."""

    max_concurrent: Annotated[int, Field(ge=1)] = 10


Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
WholeParts = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_+=.@-]+/)+$")]
"""A prefix that ends with a slash: `apps/acme/` does not admit `apps/acme-evil/x`."""


class Grant(_Model):
    """What named namespaces may name beyond their own. Additive; see docs/adr/0050.

    `namespaces` are names, or `["*"]` for all. The common boundary caps an instance's role to its
    namespace, so a grant of entries, media or buckets needs a boundary that holds them.
    """

    namespaces: Annotated[tuple[Namespace | Literal["*"], ...], Field(min_length=1)]
    secret_prefixes: tuple[WholeParts, ...] = ()
    media_prefixes: tuple[WholeParts, ...] = ()
    buckets: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    egress: tuple[Cidr, ...] = ()
    role_arns: tuple[RolePattern, ...] = ()
    permissions_boundary_arn: Arn | None = None

    @model_validator(mode="after")
    def _complete(self) -> Grant:
        if "*" in self.namespaces and len(self.namespaces) > 1:
            raise ValueError('write namespaces: ["*"] alone, or name each namespace')
        reaches = self.secret_prefixes or self.media_prefixes or self.buckets
        if reaches and self.permissions_boundary_arn is None:
            raise ValueError(
                "secretPrefixes, mediaPrefixes and buckets need permissionsBoundaryArn, a boundary "
                "that holds them: the common one caps each role to its own namespace"
            )
        return self

    def covers(self, namespace: str) -> bool:
        """Return whether the grant is for a namespace."""
        return namespace in self.namespaces or "*" in self.namespaces


class Tenancy(_Model):
    """What namespaces may do beyond the rule that each is a tenant of its own."""

    grants: tuple[Grant, ...] = ()

    @model_validator(mode="after")
    def _one_boundary_each(self) -> Tenancy:
        bounded = [grant for grant in self.grants if grant.permissions_boundary_arn]
        for index, one in enumerate(bounded):
            for other in bounded[index + 1 :]:
                meet = [name for name in one.namespaces if name == "*" or other.covers(name)]
                meet += [name for name in other.namespaces if one.covers(name)]
                if meet and one.permissions_boundary_arn != other.permissions_boundary_arn:
                    raise ValueError(
                        f"namespace {meet[0]} has two boundaries by its grants; a role carries one"
                    )
        return self


class Settings(_Model):
    """The whole of it."""

    cluster_name: Annotated[str, StringConstraints(min_length=1)]
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    account_id: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = "aws"
    oidc: Oidc
    edge: Edge
    database: Database
    dns: Dns = Dns()
    aws_endpoints: AwsEndpoints
    media: Media
    iam: Iam
    secrets: Secrets
    network: Network = Network()
    monitoring: Monitoring = Monitoring()
    rollouts: Rollouts = Rollouts()
    tenancy: Tenancy = Tenancy()
    namespaces: tuple[Namespace, ...] = ()
    """The namespaces that the operator is kept to; empty means all of them."""
    pod_security_groups: PodSecurityGroups | None = None
    """Only where the cluster serves SecurityGroupPolicy (EKS with the VPC CNI)."""
    aws_endpoint_url: str | None = None
    """Local use only: one address that answers for all of AWS."""

    @model_validator(mode="after")
    def _roles_of_this_account(self) -> Settings:
        patterns = [*self.iam.allowed_role_arns]
        patterns += [arn for grant in self.tenancy.grants for arn in grant.role_arns]
        for pattern in patterns:
            if not pattern.startswith(f"arn:{self.partition}:iam::{self.account_id}:role/"):
                raise ValueError(f"{pattern} is not a role of this account ({self.account_id})")
        return self


def _sentence(error: Any) -> str:
    field = ".".join(to_camel(str(part)) for part in error["loc"]) or "settings"
    what = {
        "missing": "is missing; set it",
        "extra_forbidden": "is not a setting; remove it",
    }.get(error["type"], error["msg"].removeprefix("Value error, "))
    return f"{field}: {what}"


def parse_settings(raw: object) -> Settings:
    """Return the settings from parsed YAML; SettingsError names each field that is wrong."""
    if not isinstance(raw, dict):
        raise SettingsError("the settings are not a YAML mapping; see the chart's values.yaml")
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        lines = "; ".join(_sentence(item) for item in error.errors())
        raise SettingsError(f"platform settings are wrong: {lines}") from None


def load_settings(path: Path) -> Settings:
    """Return the settings in a YAML file; SettingsError says what to change."""
    try:
        raw = yaml.safe_load(path.read_text())
    except OSError as error:
        raise SettingsError(f"cannot read the settings {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"the settings {path} are not YAML: {error}") from None
    return parse_settings(raw)
