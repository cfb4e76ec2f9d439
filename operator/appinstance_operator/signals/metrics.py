"""Prometheus metrics, named after controller-runtime's where it has one, so that dashboards fit."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CONTROLLER = "appinstance"
_STATUSES = ("True", "False", "Unknown")


class Metrics:
    """All metrics of one operator process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._conditions: dict[tuple[str, str], dict[str, str]] = {}
        self.reconciles = Counter(
            "controller_runtime_reconcile_total",
            "Reconciles by result: success, requeue_after, error.",
            ["controller", "result"],
            registry=self.registry,
        )
        self.errors = Counter(
            "controller_runtime_reconcile_errors_total",
            "Reconciles that ended with an error.",
            ["controller"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Length of a reconcile.",
            ["controller"],
            registry=self.registry,
        )
        self.active = Gauge(
            "controller_runtime_active_workers",
            "Reconciles under way.",
            ["controller"],
            registry=self.registry,
        )
        self.depth = Gauge(
            "workqueue_depth", "Instances that wait.", ["name"], registry=self.registry
        )
        self.adds = Counter(
            "workqueue_adds_total", "Wake-ups taken in.", ["name"], registry=self.registry
        )
        self.retries = Counter(
            "workqueue_retries_total", "Reconciles put off.", ["name"], registry=self.registry
        )
        self.requests = Counter(
            "appinstance_api_requests_total",
            "Requests to Kubernetes and AWS; a quiet instance makes none.",
            ["target", "verb", "kind"],
            registry=self.registry,
        )
        self.condition = Gauge(
            "appinstance_condition",
            "1 for the status that a condition of an instance has.",
            ["namespace", "name", "type", "status"],
            registry=self.registry,
        )
        self.last_reconcile = Gauge(
            "appinstance_last_reconcile_timestamp_seconds",
            "When the last reconcile ended (Unix time).",
            registry=self.registry,
        )
        self.leader = Gauge(
            "appinstance_leader",
            "1 in the process that holds the Lease and works, 0 in one that stands by.",
            registry=self.registry,
        )
        self.repairs = Counter(
            "appinstance_drift_repairs_total",
            "Objects that were put right again.",
            ["kind"],
            registry=self.registry,
        )

    def kubernetes_request(self, verb: str, kind: str) -> None:
        """Count a request to the API server."""
        self.requests.labels("kubernetes", verb, kind).inc()

    def aws_request(self, action: str) -> None:
        """Count a request to IAM."""
        self.requests.labels("aws", action, "Role").inc()

    def set_conditions(self, namespace: str, name: str, conditions: dict[str, str]) -> None:
        """Show the conditions of an instance (type → status); those it no longer has go away.

        Only what differs is touched: finding an instance's series by its labels means looking at
        those of all others.
        """
        held = self._conditions.get((namespace, name), {})
        for kind, status in conditions.items():
            if held.get(kind) != status:
                for possible in _STATUSES:
                    value = 1 if status == possible else 0
                    self.condition.labels(namespace, name, kind, possible).set(value)
        self._hide(namespace, name, held.keys() - conditions.keys())
        self._conditions[namespace, name] = dict(conditions)

    def forget(self, namespace: str, name: str) -> None:
        """Drop the conditions of an instance that is gone."""
        self._hide(namespace, name, self._conditions.pop((namespace, name), {}))

    def _hide(self, namespace: str, name: str, kinds: Iterable[str]) -> None:
        for kind in kinds:
            for possible in _STATUSES:
                self.condition.remove(namespace, name, kind, possible)
