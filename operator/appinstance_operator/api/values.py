"""What the platform's settings are made of: models, networks, ARNs, and peers of a connection.

Keys are camelCase as everywhere in Kubernetes.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A part of the settings: frozen, and without a key that is none of its own."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
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
CertificateArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[a-z0-9-]+$")
]
Labels = dict[str, str]
Port = Annotated[int, Field(ge=1, le=65535)]


class Selector(Model):
    """Pods or namespaces by their labels, in Kubernetes' own form."""

    match_labels: Annotated[Labels, Field(min_length=1)]


class Peer(Model):
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


SecurityGroups = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")], ...],
    Field(min_length=1, max_length=5),
]
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


def _role_pattern(pattern: str) -> str:
    rest = pattern.replace("{namespace}", "n")
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/*-]+", rest):
        raise ValueError(
            "write the ARN of a role, with * for the rest of one part of its path and {namespace} "
            "for the namespace of the AppInstance"
        )
    return pattern


RolePattern = Annotated[str, AfterValidator(_role_pattern)]
