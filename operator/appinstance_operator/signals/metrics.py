"""Prometheus metrics, named after controller-runtime's where it has one, so that dashboards fit."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTROLLER = "appinstance"
_STATUSES = ("True", "False", "Unknown")


class Metrics:
    """All metrics of one operator process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.conditions = _Conditions()
        self.registry.register(self.conditions)
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
        self.watch_age = Gauge(
            "appinstance_watch_age_seconds",
            "Since when a watch has heard nothing; the API server says something every minute.",
            ["kind"],
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

    def show_watch_age(self, kind: str, age: Callable[[], float]) -> None:
        """Show since when the watch of a kind has heard nothing; it is asked at each scrape."""
        self.watch_age.labels(kind).set_function(age)

    def set_conditions(self, namespace: str, name: str, conditions: Mapping[str, str]) -> None:
        """Show the conditions of an instance (type → status); those it no longer has go away."""
        self.conditions.put((namespace, name), conditions)

    def forget(self, namespace: str, name: str) -> None:
        """Drop the conditions of an instance that is gone."""
        self.conditions.drop((namespace, name))


class _Conditions(Collector):
    """The conditions of all instances, written out at a scrape.

    As gauges of the library they would be the larger part of the operator's memory: 24 for each
    instance, of a KiB each.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}

    def put(self, key: tuple[str, str], conditions: Mapping[str, str]) -> None:
        items = tuple((sys.intern(kind), sys.intern(status)) for kind, status in conditions.items())
        with self._lock:
            self._held[key] = items

    def drop(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._held.pop(key, None)

    def describe(self) -> Iterable[Metric]:
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            held = dict(self._held)
        family = self._family()
        for (namespace, name), conditions in held.items():
            for kind, status in conditions:
                for possible in _STATUSES:
                    value = 1 if status == possible else 0
                    family.add_metric([namespace, name, kind, possible], value)
        return [family]

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "appinstance_condition",
            "1 for the status that a condition of an instance has.",
            labels=["namespace", "name", "type", "status"],
        )
