"""How an instance is shown to people: by which certificate, on which network, and to whom. Pure.

Only AWS's load balancer knows these. What another edge could not do is refused, never passed over:
an instance that says `allowFrom` and is open to everybody would be worse than none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .grants import Grant
    from .settings import Settings
    from .spec import AppInstance

NETWORKS_IN_A_RULE = 2
"""ELB takes five values in a rule; host and path take up to three."""
MOST_RULES = 100
"""Of a load balancer, unless AWS has raised it."""
_LONGEST_HOST = 128
"""In a rule: docs.aws.amazon.com/elasticloadbalancing/latest/application/add-rule.html."""


@dataclass(frozen=True)
class Exposure:
    """What a spec says of it; left out, all is the platform's."""

    certificate_arn: str | None = None
    internal: bool = False
    """Whether the load balancer has addresses of the private networks alone."""
    allow_from: tuple[str, ...] = ()
    """The networks whose requests are let through; none: all are."""

    @property
    def by_rule(self) -> tuple[tuple[str, ...], ...]:
        """Return the networks of each rule that a path of a host needs; none: all are let in."""
        starts = range(0, len(self.allow_from), NETWORKS_IN_A_RULE)
        return tuple(self.allow_from[start : start + NETWORKS_IN_A_RULE] for start in starts)


def parsed_exposure(spec: Mapping[str, Any]) -> Exposure:
    """Return what a spec says of it."""
    certificate = spec.get("certificate")
    return Exposure(
        certificate["arn"] if certificate else None,
        spec.get("scheme") == "internal",
        tuple(spec.get("allowFrom", ())),
    )


def form_of_exposure(exposure: Exposure) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong, whatever the settings say."""
    for cidr in exposure.allow_from:
        try:
            network = ipaddress.ip_network(cidr, strict=False)
        except ValueError:
            yield f"allowFrom: {cidr} is not a network such as 198.51.100.0/24"
            continue
        if str(network) != cidr:
            yield f"allowFrom: write {network} instead of {cidr}"
        elif network.prefixlen == 0:
            yield f"allowFrom: {network} is everywhere; leave allowFrom out"


def foreign_certificate(exposure: Exposure, grants: Iterable[Grant]) -> Iterator[str]:
    """Yield a sentence where the certificate is none that the namespace may name."""
    arn = exposure.certificate_arn
    if arn and not any(arn in grant.certificate_arns for grant in grants):
        yield (
            f"certificate.arn {arn} is not one that this namespace may name; leave it out, and the "
            "platform's serves, or ask the platform team for a grant"
        )


def unsupported_exposure(instance: AppInstance, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each part that this platform's edge does not carry out."""
    exposure = instance.exposure
    if settings.edge.class_name != "alb":
        asked = {
            "certificate": exposure.certificate_arn,
            "scheme": exposure.internal,
            "allowFrom": exposure.allow_from,
        }
        for field in (field for field, value in asked.items() if value):
            yield (
                f"{field} is known to AWS's load balancer alone, and this platform's edge is of "
                f"class {settings.edge.class_name}; leave it out"
            )
        return
    for host in (host for host in instance.served_hosts if len(host) > _LONGEST_HOST):
        yield (
            f"host {host} has {len(host)} characters, and a load balancer takes "
            f"{_LONGEST_HOST} in a rule; take a shorter one"
        )
    count = len(instance.served_hosts) * len(instance.routes) * max(1, len(exposure.by_rule))
    if count > MOST_RULES:
        yield (
            f"hosts, paths and allowFrom make {count} rules of the load balancer (a path of a host "
            f"for each {NETWORKS_IN_A_RULE} networks), which has {MOST_RULES} at the most; name "
            "fewer"
        )
    if exposure.internal and settings.edge.scheme != "internal" and not settings.edge.internal:
        yield (
            "scheme internal is not offered by this platform (its settings have no edge.internal); "
            "leave it out"
        )
