"""Security groups for pods, and what they can't express.

A group is the same for all instances, so it says less than an instance's policies: which ports of
all backends the load balancer, the platform and other backends reach. What a spec opens beyond
that would be open in its policies and closed all the same; it is refused. docs/openings.yaml has
each opening in both layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .probes import BACKEND_PORT, FRONTEND_PORT, HEALTH_PORT
from .values import Model, Port, SecurityGroups

if TYPE_CHECKING:
    from .spec import AppInstance


class PodSecurityGroups(Model):
    """EC2 security groups of the pods, so that RDS admits the backend's alone (at most 5 each).

    The migration gets the backend's.
    """

    backend: SecurityGroups
    frontend: SecurityGroups
    backend_port: Port = BACKEND_PORT
    """The port of the backend that these groups open to the load balancer."""
    frontend_port: Port = FRONTEND_PORT
    between_backends: bool = False
    """Whether the backends' group is open to itself on that port, for `spec.access`."""


def beyond_groups(instance: AppInstance, groups: PodSecurityGroups) -> Iterator[str]:
    """Yield a sentence for each opening of a spec that the groups don't have."""
    served = {"backend": groups.backend_port, "frontend": groups.frontend_port}
    for component in instance.components:
        if component.port != served.get(component.name, component.port):
            yield (
                f"{component.name}.port {component.port} can't be reached here: the security "
                f"groups for pods admit the load balancer at {served[component.name]} alone; "
                "listen there, and make port that one"
            )
        asked = {"probes": component.probes.port, "metrics": component.metrics.port}
        for part, port in asked.items():
            if port not in (None, HEALTH_PORT):
                yield (
                    f"{component.name}.{part}.port {port} can't be reached here: with security "
                    f"groups for pods the platform reaches {HEALTH_PORT} alone; answer there, and "
                    "leave the port out"
                )
    for port in sorted({port for rule in instance.network.ingress for port in rule["ports"]}):
        if port != HEALTH_PORT:
            yield (
                f"network.ingress on {port} can't be opened here: with security groups for pods "
                f"other pods reach {HEALTH_PORT} alone; leave it out, or name the AppInstance that "
                "calls under access.from"
            )
    if instance.access.named and not groups.between_backends:
        yield (
            "access can't be opened here: with security groups for pods, that of the backends is "
            "not open to itself; leave it out, or ask the platform team"
        )
