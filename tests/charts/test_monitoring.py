"""Dashboard and alerts ask only for metrics and labels that the operator gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from appinstance_app.metrics import Metrics as AppMetrics
from appinstance_operator.signals.metrics import CONTROLLER, Metrics

if TYPE_CHECKING:
    from support.helm import Helm

REPO = Path(__file__).resolve().parents[2]
DASHBOARDS = sorted((REPO / "charts/appinstance-operator/dashboards").glob("*.json"))
_each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)

# Words of PromQL itself that stand where a metric's name may stand.
_PROMQL = {"and", "by", "on", "or", "unless", "le"}


def _declared(metrics: Metrics) -> Iterator[tuple[MetricWrapperBase, set[str]]]:
    """Yield the operator's metrics and the app's, with the labels that Prometheus adds to these."""
    for held, target in ((metrics, set[str]()), (AppMetrics(), {"namespace", "pod"})):
        for value in vars(held).values():
            if isinstance(value, MetricWrapperBase):
                yield value, target


def _given() -> dict[str, set[str]]:
    """Return each sample's name, as Prometheus stores it, with its labels."""
    metrics = Metrics()
    metrics.set_conditions("team", "shop", {"Ready": "True"})
    found: dict[str, set[str]] = {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(b"".join(metrics.conditions.page()).decode())
        for sample in family.samples
    }
    for value, target in _declared(metrics):
        stem, labels = value._name, set(value._labelnames) | target
        if value._type == "counter":
            found[f"{stem}_total"] = labels
        elif value._type == "histogram":
            found |= {
                f"{stem}_bucket": labels | {"le"}, f"{stem}_sum": labels, f"{stem}_count": labels
            }  # fmt: skip
        else:
            found[stem] = labels
    return found


def _without_strings(query: str) -> str:
    return re.sub(r'"[^"]*"', '""', query)


def asked(query: str) -> tuple[set[str], set[str]]:
    """Return the metrics and the labels that a PromQL query names."""
    bare = re.sub(r"\[[^\]]*\]", "", _without_strings(query))
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"\"", bare))
    for group in re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", bare):
        labels |= {label.strip() for label in group.split(",") if label.strip()}
    rest = re.sub(r"\{[^}]*\}", "", bare)
    rest = re.sub(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)", "", rest)
    names = set(re.findall(r"\b[a-zA-Z_]\w*\b(?!\s*\()", rest)) - _PROMQL
    return names, labels


def test_the_reader_of_queries_finds_names_and_labels() -> None:
    assert asked(
        'sum by (result, le) (rate(a_total{x="1", y=~"$z"}[5m])) / max(b) > 3 and on () count(c)'
    ) == ({"a_total", "b", "c"}, {"x", "y", "result", "le"})


def _loaded(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def _panel_queries() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        for panel in _loaded(path)["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.stem}: {panel['title']}", target["expr"]


@pytest.mark.parametrize(("panel", "query"), list(_panel_queries()))
def test_panels_ask_for_what_there_is(panel: str, query: str) -> None:
    _check(panel, query)


@pytest.mark.integration
@pytest.mark.parametrize("more", [[], ["operator-databases"]], ids=["production", "databases"])
def test_alerts_ask_for_what_there_is(helm: Helm, more: list[str]) -> None:
    (rule,) = [
        item
        for item in helm.objects("appinstance-operator", ["operator-production", *more])
        if item["kind"] == "PrometheusRule"
    ]
    (group,) = rule["spec"]["groups"]
    assert {"AppInstanceOperatorNotReconciling", "AppInstanceStalled"} <= {
        alert["alert"] for alert in group["rules"]
    }
    for alert in group["rules"]:
        _check(alert["alert"], alert["expr"])
        assert alert["annotations"]["summary"].endswith(".")
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert "for" in alert


def _check(where: str, query: str) -> None:
    given = _given()
    names, labels = asked(query)
    assert names, f"{where} asks for nothing"
    assert names <= given.keys(), where
    known = set().union(*(given[name] for name in names))
    assert labels <= known, where


# Other operators in the cluster give metrics of these names, too.
_SHARED = re.compile(r"\b(controller_runtime|workqueue)_\w+")


def _unfiltered(query: str) -> list[str]:
    """Return the shared metrics that a query takes of every operator."""
    ours = (f'controller="{CONTROLLER}"', f'name="{CONTROLLER}"')
    found = []
    for match in _SHARED.finditer(query):
        selector = re.match(r"\{([^}]*)\}", query[match.end() :])
        if selector is None or not any(word in selector[1] for word in ours):
            found.append(match[0])
    return found


def test_a_metric_of_every_operator_is_found() -> None:
    assert _unfiltered("sum(rate(workqueue_adds_total[5m]))") == ["workqueue_adds_total"]
    assert _unfiltered('sum(workqueue_depth{name="appinstance"})') == []


@pytest.mark.parametrize(("panel", "query"), list(_panel_queries()))
def test_panels_take_our_own_metrics_alone(panel: str, query: str) -> None:
    assert _unfiltered(query) == []


@_each_dashboard
def test_variables_ask_for_what_there_is(dashboard: Path) -> None:
    for variable in _loaded(dashboard)["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((\w+)(\{.*\})?, (\w+)\)", variable["definition"])
            assert match is not None
            assert match[3] in _given()[match[1]]
            assert asked(match[2] or "")[1] <= _given()[match[1]]


def test_a_row_of_the_operators_dashboard_leads_to_the_app() -> None:
    operator, app = (_loaded(path) for path in reversed(DASHBOARDS))
    links = re.findall(r'"url": "(/d/[^"]+)"', json.dumps(operator))
    assert len(links) == 1
    path, _, query = links[0].partition("?")
    assert path == f"/d/{app['uid']}"
    asked_for = set(re.findall(r"var-(\w+)=", query))
    assert asked_for == {variable["name"] for variable in app["templating"]["list"]}


@_each_dashboard
def test_panels_fill_the_grid_without_overlap(dashboard: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _loaded(dashboard)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (place["x"] + column, place["y"] + line)
            for column in range(place["w"])
            for line in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    lines = {line for _, line in taken}
    assert taken == {(column, line) for column in range(24) for line in lines}, "a hole in the grid"
    assert lines == set(range(len(lines)))


@_each_dashboard
def test_panels_have_their_own_ids_and_say_what_they_show(dashboard: Path) -> None:
    panels = _loaded(dashboard)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        if panel["type"] != "row":
            assert panel["description"].endswith("."), panel["title"]
            assert panel["datasource"]["uid"] == "${datasource}"
