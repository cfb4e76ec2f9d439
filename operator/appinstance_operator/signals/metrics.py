"""Prometheus metrics, named after controller-runtime's where it has one, so that dashboards fit."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTROLLER = "appinstance"
_STATUSES = ("True", "False", "Unknown")
_CONDITION = "appinstance_condition"
_INSTANCES_AT_ONCE = 100


class Metrics:
    """All metrics of one operator process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.conditions = _Conditions()
        self.reconciles = Counter(
            "controller_runtime_reconcile_total",
            "Reconciles by result: success or error.",
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
        self.waited = Histogram(
            "workqueue_queue_duration_seconds",
            "How long an instance waited for its turn.",
            ["name"],
            registry=self.registry,
        )
        self.requests = Counter(
            "appinstance_api_requests_total",
            "Requests to Kubernetes and AWS; a quiet instance makes none.",
            ["target", "verb", "kind"],
            registry=self.registry,
        )
        self.aws_errors = Counter(
            "appinstance_aws_errors_total",
            "Requests to AWS that failed, by AWS's code, or by what kept them from an answer.",
            ["action", "code"],
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
        self.build = Gauge(
            "appinstance_build_info",
            "1, with the operator's version as a label.",
            ["version"],
            registry=self.registry,
        )
        self.repairs = Counter(
            "appinstance_drift_repairs_total",
            "Objects that were put right again.",
            ["kind"],
            registry=self.registry,
        )

        self.database_requests = Counter(
            "appinstance_database_requests_total",
            "Requests to the provisioner that have ended, by what was asked and the answer's word.",
            ["what", "answer"],
            registry=self.registry,
        )
        self.last_sweep = Gauge(
            "appinstance_database_sweep_timestamp_seconds",
            "When all databases were last put right, and rotated where due (Unix time).",
            registry=self.registry,
        )

    def database_answer(self, what: str, answer: str) -> None:
        """Count a request to the provisioner that has ended."""
        self.database_requests.labels(what, answer).inc()

    def kubernetes_request(self, verb: str, kind: str) -> None:
        """Count a request to the API server."""
        self.requests.labels("kubernetes", verb, kind).inc()

    def aws_request(self, action: str) -> None:
        """Count a request to IAM."""
        self.requests.labels("aws", action, "Role").inc()

    def aws_error(self, action: str, code: str) -> None:
        """Count a request to IAM that failed."""
        self.aws_errors.labels(action, code).inc()

    def show_build(self, version: str) -> None:
        """Show which version runs."""
        self.build.labels(version).set(1)

    def show_watch_age(self, kind: str, age: Callable[[], float]) -> None:
        """Show since when the watch of a kind has heard nothing; it is asked at each scrape."""
        self.watch_age.labels(kind).set_function(age)

    def set_conditions(self, namespace: str, name: str, conditions: Mapping[str, str]) -> None:
        """Show the conditions of an instance (type → status); those it no longer has go away."""
        self.conditions.put((namespace, name), conditions)

    def page(self) -> Iterator[bytes]:
        """Yield what a scrape gets, in Prometheus' text format, part by part."""
        yield generate_latest(self.registry)
        yield from self.conditions.page()

    def forget(self, namespace: str, name: str) -> None:
        """Drop the conditions of an instance that is gone."""
        self.conditions.drop((namespace, name))


class _Conditions:
    """The conditions of all instances, written out at a scrape, a hundred instances at a time.

    As gauges of the library they would be the larger part of the operator's memory: 24 for each
    instance, of a KiB each; made for the scrape alone they would be so for a moment.
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

    def page(self) -> Iterator[bytes]:
        with self._lock:
            held = list(self._held.items())
        yield (
            f"# HELP {_CONDITION} 1 for the status that a condition of an instance has.\n"
            f"# TYPE {_CONDITION} gauge\n"
        ).encode()
        for start in range(0, len(held), _INSTANCES_AT_ONCE):
            part = held[start : start + _INSTANCES_AT_ONCE]
            yield "".join(_condition_lines(*key, items) for key, items in part).encode()


def _condition_lines(namespace: str, name: str, items: tuple[tuple[str, str], ...]) -> str:
    # Names that Kubernetes lets through hold nothing that would have to be escaped.
    where = f'{_CONDITION}{{name="{name}",namespace="{namespace}",status='
    return "".join(
        f'{where}"{possible}",type="{kind}"}} {1.0 if status == possible else 0.0}\n'
        for kind, status in items
        for possible in _STATUSES
    )
