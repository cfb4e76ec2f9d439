"""Platform settings: what is the same for all instances, typed, validated and loaded once.

Filled by the Helm values (`settings:` of charts/appinstance-operator), which Terraform's output
produces. What they are made of is in values.py, grants to namespaces in grants.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from .databases import Database
from .errors import SettingsError
from .grants import Tenancy
from .groups import PodSecurityGroups
from .values import (
    Arn,
    Cidr,
    Labels,
    Model,
    Namespace,
    Peer,
    Peers,
    Port,
    RolePattern,
    SecurityGroups,
    Selector,
)


class Oidc(Model):
    """The cluster's OIDC provider in IAM; `issuer` is without https://."""

    provider_arn: Arn
    issuer: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(/[A-Za-z0-9._/-]+)?$")]


class InternalEdge(Model):
    """Load balancers of instances that ask for the scheme `internal`: whose addresses reach the
    pods, and their groups, where those are others than the public ones'."""

    sources: Peers
    security_group_ids: SecurityGroups | None = None


class Edge(Model):
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
    internal: InternalEdge | None = None
    """Left out, no instance may ask for a load balancer of the private networks."""
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


class Dns(Model):
    """The cluster's DNS pods."""

    namespace_selector: Selector = Selector(
        match_labels={"kubernetes.io/metadata.name": "kube-system"}
    )
    pod_selector: Selector = Selector(match_labels={"k8s-app": "kube-dns"})


class AwsEndpoints(Model):
    """Where STS and S3 answer: the VPC endpoints' networks."""

    destinations: Peers
    port: Port = 443


class Mail(Model):
    """Where the mail server answers (SMTP with TLS)."""

    destinations: Peers
    port: Port = 587


class IdentityProvider(Model):
    """Where the provider of people's identities answers (OpenID Connect)."""

    destinations: Peers
    port: Port = 443


class Outside(Model):
    """What the apps use beyond the platform. Each is closed to every pod until it is named here.

    Networks, not hosts: neither NetworkPolicies nor security groups know names. Whether an
    instance uses it, and as whom, is for its spec to say (`backend.env`, `secrets`).
    """

    mail: Mail | None = None
    identity_provider: IdentityProvider | None = None

    @property
    def named(self) -> tuple[Mail | IdentityProvider, ...]:
        """What is open."""
        return tuple(place for place in (self.mail, self.identity_provider) if place)


class Media(Model):
    """The bucket for avatars. Others come with a grant, which has a boundary for them."""

    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    kms_key_arn: Arn | None = None


class Iam(Model):
    """How the operator names its roles, the boundary of each, and which roles specs may bring.

    `allowed_role_arns` are patterns of ARNs: `*` stands for anything within one part of the path,
    `{namespace}` for the namespace of the AppInstance. Empty: specs bring none without a grant.
    """

    path: Annotated[str, StringConstraints(pattern=r"^/([A-Za-z0-9_.-]+/)+$")] = "/appinstances/"
    role_name_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,14}$")] = "appi-"
    permissions_boundary_arn: Arn
    allowed_role_arns: tuple[RolePattern, ...] = ()
    max_own_roles: Annotated[int, Field(ge=0)] = 4
    """How many of its workers and jobs may have a role of their own: an account has 1,000."""


def _entries_template(template: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9_+=.@-]+/)*\{namespace\}/", template):
        raise ValueError(
            "end it with {namespace}/, as in apps/{namespace}/: each namespace has its own entries"
        )
    return template


class Secrets(Model):
    """Which Secrets Manager entries specs may name, and how often they are read again."""

    allowed_prefix: Annotated[str, AfterValidator(_entries_template)]
    """Template with `{namespace}` as its last part."""
    kms_key_arn: Arn | None = None
    refresh_interval: Annotated[str, StringConstraints(pattern=r"^\d+[smh]$")] = "5m"


class Toleration(Model):
    """A toleration, in Kubernetes' own form."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[int, Field(ge=0)] | None = None


class Pods(Model):
    """What the pods of every instance get: the platform's nodes, not a tenant's choice."""

    image_pull_secrets: tuple[str, ...] = ()
    """Names of Secrets that the platform puts into each namespace."""
    node_selector: Labels = Field(default_factory=dict)
    allowed_node_labels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What specs may ask of nodes (`scheduling.nodeSelector`): labels, and the values of each."""
    tolerations: tuple[Toleration, ...] = ()
    migration_seconds: Annotated[int, Field(ge=60, le=86400)] = 600
    """How long one try of a migration may take."""


class Network(Model):
    """Where specs may open egress to (`spec.network.egress`). Empty: nowhere without a grant."""

    allowed_egress: tuple[Cidr, ...] = ()


class Monitoring(Model):
    """Who may read the metrics of every backend, such as the cluster's Prometheus."""

    sources: tuple[Peer, ...] = ()


class Rollouts(Model):
    """How many instances may roll at once because the operator or its settings changed.

    One namespace has half of these turns at the most.
    """

    max_concurrent: Annotated[int, Field(ge=1)] = 10


class Settings(Model):
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
    outside: Outside = Outside()
    media: Media
    iam: Iam
    secrets: Secrets
    network: Network = Network()
    monitoring: Monitoring = Monitoring()
    rollouts: Rollouts = Rollouts()
    tenancy: Tenancy = Tenancy()
    namespaces: tuple[Namespace, ...] = ()
    """The namespaces that the operator is kept to; empty means all of them."""
    pods: Pods = Pods()
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
        here = f"arn:{self.partition}:acm:{self.region}:{self.account_id}:"
        for grant in self.tenancy.grants:
            for arn in (arn for arn in grant.certificate_arns if not arn.startswith(here)):
                raise ValueError(f"{arn} is no certificate of this account and region ({here}…)")
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
