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

from appinstance_operator.signals.metrics import Metrics

if TYPE_CHECKING:
    from support.helm import Helm

REPO = Path(__file__).resolve().parents[2]
DASHBOARD = REPO / "charts/appinstance-operator/dashboards/appinstance.json"

# Words of PromQL itself that stand where a metric's name may stand.
_PROMQL = {"and", "by", "on", "or", "le"}


def _given() -> dict[str, set[str]]:
    """Return each sample's name, as Prometheus stores it, with its labels."""
    metrics = Metrics()
    metrics.set_conditions("team", "shop", {"Ready": "True"})
    found: dict[str, set[str]] = {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(b"".join(metrics.conditions.page()).decode())
        for sample in family.samples
    }
    for value in vars(metrics).values():
        if not isinstance(value, MetricWrapperBase):
            continue
        stem, labels = value._name, set(value._labelnames)
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


def _dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return loaded


def _panel_queries() -> Iterator[tuple[str, str]]:
    for panel in _dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


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


def test_variables_ask_for_what_there_is() -> None:
    for variable in _dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
            assert match is not None
            assert match[2] in _given()[match[1]]


def test_panels_fill_the_grid_without_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _dashboard()["panels"]:
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


def test_panels_have_their_own_ids_and_say_what_they_show() -> None:
    panels = _dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        if panel["type"] != "row":
            assert panel["description"].endswith("."), panel["title"]
            assert panel["datasource"]["uid"] == "${datasource}"
