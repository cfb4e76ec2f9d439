"""SecurityGroupPolicies: the EC2 security groups of an instance's pods, by component.

With them RDS admits the backend's group and nobody else, not every pod of a node. They are applied
when a pod is made, so they come before any pod. The NetworkPolicies stay: a group is the same for
all instances, a policy is one instance's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance

from . import names
from .base import manifest, metadata


def policies(instance: AppInstance, settings: Settings) -> tuple[Manifest, ...]:
    """Return a policy for each component that has pods; none when the settings name no groups."""
    groups = settings.pod_security_groups
    if groups is None:
        return ()
    wanted: dict[str, Sequence[str]] = {"backend": groups.backend}
    if instance.migrate:
        wanted["migrate"] = groups.backend
    if instance.frontend:
        wanted["frontend"] = groups.frontend
    for process in instance.background:
        # The page's group lets DNS out and no more.
        wanted[process.name] = groups.backend if process.uses else groups.frontend
    return tuple(
        manifest(
            "vpcresources.k8s.aws/v1beta1",
            "SecurityGroupPolicy",
            metadata(instance, names.of(instance, component), component),
            spec={
                "podSelector": {"matchLabels": names.selector(instance, component)},
                "securityGroups": {"groupIds": list(chosen)},
            },
        )
        for component, chosen in wanted.items()
    )
