"""Names and labels of everything that one instance becomes; docs/contracts.md lists them."""

from __future__ import annotations

from appinstance_operator.api.spec import GROUP, AppInstance

MANAGER = "appinstance-operator"
OPERATOR_NAMESPACE = "appinstance-system"
"""Where the operator is, where nothing says otherwise."""
MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
FINALIZER = f"{GROUP}/cloud-cleanup"
SECRETS_HASH = f"{GROUP}/secrets-hash"
DATABASE_CA_HASH = f"{GROUP}/database-ca-hash"
APPLIED_TEMPLATE = f"{GROUP}/applied-template"
"""On a Deployment: the pod template as applied, to go on with while a new one is held back."""
APPLIED_SPEC = f"{GROUP}/applied-spec"
"""On a Deployment: a hash of the AppInstance's spec that the template is of."""
ATTEMPT = f"{GROUP}/attempt"
"""On a migration Job: which attempt it is, from 1."""


def labels(instance: AppInstance, component: str) -> dict[str, str]:
    """Return all labels of an object of the instance."""
    return {
        "app.kubernetes.io/name": "appinstance",
        INSTANCE: instance.name,
        COMPONENT: component,
        "app.kubernetes.io/part-of": "appinstance-platform",
        MANAGED_BY: MANAGER,
    }


def selector(instance: AppInstance, component: str | None = None) -> dict[str, str]:
    """Return the labels that select the pods of the instance, or of one component of it."""
    chosen = {"app.kubernetes.io/name": "appinstance", INSTANCE: instance.name}
    return {**chosen, COMPONENT: component} if component else chosen


def backend_of(name: str) -> dict[str, str]:
    """Return the labels that select the backend of the AppInstance of a name, in its namespace."""
    return {"app.kubernetes.io/name": "appinstance", INSTANCE: name, COMPONENT: "backend"}


def of(instance: AppInstance, part: str) -> str:
    """Return `<name>-<part>`, the name of most objects."""
    return f"{instance.name}-{part}"
