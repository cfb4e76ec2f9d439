"""The page of metrics, from the operator's and the app's own registries."""

from __future__ import annotations

from prometheus_client.metrics import MetricWrapperBase

from appinstance_app.metrics import Metrics as AppMetrics
from appinstance_operator.signals.metrics import Metrics as OperatorMetrics

from .markdown import HEAD, cell, page, table

_CONDITION = (
    "`appinstance_condition`",
    "gauge",
    "`namespace`, `name`, `type`, `status`",
    "1 for the status that a condition of an instance has, 0 for the two that it has not.",
)


def _rows(metrics: object) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            name = f"{value._name}_total" if value._type == "counter" else value._name
            labels = ", ".join(f"`{label}`" for label in value._labelnames)
            rows.append((f"`{name}`", str(value._type), labels, cell(value._documentation)))
    return rows


def metrics_page() -> str:
    """Every metric of the operator and of the app."""
    head = ("metric", "type", "labels", "meaning")
    return page(
        "# Metrics",
        HEAD,
        "## The operator",
        "Port 8080, `/metrics`, for whom `networkPolicy.metricsFrom` names. Those that are called as "
        "controller-runtime's carry `controller` or `name` with the value `appinstance`: filter by it, as other "
        "operators in the cluster have the same names.",
        table(head, sorted([_CONDITION, *_rows(OperatorMetrics())])),
        "A suspended instance has `Ready` 0 and neither `Reconciling` (but while a worker can't be stopped) nor `Stalled`.",
        "## The app",
        "Port 9090 of each backend pod, `/metrics`, for whom `settings.monitoring.sources` names. An image of your own "
        "has what it has (`spec.backend.metrics`). Beside these there are the usual `process_` and `python_` ones.",
        table(head, sorted(_rows(AppMetrics()))),
        "## Dashboards and alerts",
        "The chart has both: `metrics.dashboard`, `metrics.rules`. Each alert has [a runbook](../runbooks/index.md).",
    )
