"""The kinds of objects that the operator handles: where the API serves them, and in which order.

Nothing here talks to a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import GROUP, KIND, PLURAL, VERSION


@dataclass(frozen=True)
class Kind:
    """A kind of object that the operator handles."""

    api_version: str
    kind: str
    plural: str
    metadata_only: bool = False
    """Only the objects' metadata are asked for: no Secret's value passes here (docs/adr/0001)."""

    @property
    def base(self) -> str:
        """Return the URL path of the API group version."""
        return (
            f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        )


APPINSTANCE = Kind(f"{GROUP}/{VERSION}", KIND, PLURAL)
POD = Kind("v1", "Pod", "pods")
SECRET = Kind("v1", "Secret", "secrets", metadata_only=True)
EVENT = Kind("v1", "Event", "events")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
LEASE_NAME = "appinstance-operator"
"""The one Lease, in the operator's own namespace, whose holder leads."""
CRON_JOB = Kind("batch/v1", "CronJob", "cronjobs")
DATABASE_JOB = "appinstance-database"
"""The CronJob, in the operator's own namespace, of whose template requests are made."""
SWEEP_JOB = f"{DATABASE_JOB}-sweep"
"""The one beside it that puts all databases right."""
NAMESPACE = Kind("v1", "Namespace", "namespaces", metadata_only=True)
INGRESS = Kind("networking.k8s.io/v1", "Ingress", "ingresses")

# Children in the order in which leftovers are pruned: what serves goes first, what closes last.
CHILDREN: tuple[Kind, ...] = (
    INGRESS,
    Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("v1", "Service", "services"),
    Kind("apps/v1", "Deployment", "deployments"),
    CRON_JOB,
    Kind("batch/v1", "Job", "jobs"),
    Kind("external-secrets.io/v1", "ExternalSecret", "externalsecrets"),
    Kind("external-secrets.io/v1", "SecretStore", "secretstores"),
    Kind("v1", "ConfigMap", "configmaps"),
    Kind("v1", "ServiceAccount", "serviceaccounts"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
)
SECURITY_GROUP_POLICY = Kind(
    "vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", "securitygrouppolicies"
)
BY_KIND: Mapping[str, Kind] = {
    item.kind: item for item in (*CHILDREN, SECURITY_GROUP_POLICY, APPINSTANCE, SECRET, EVENT)
}


def children(settings: Settings) -> tuple[Kind, ...]:
    """Return the kinds that instances have under these settings.

    SecurityGroupPolicies only where the settings name groups: only EKS serves them.
    """
    return (*CHILDREN, SECURITY_GROUP_POLICY) if settings.pod_security_groups else CHILDREN
