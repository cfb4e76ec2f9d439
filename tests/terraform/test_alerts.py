"""The chart's alerts and the alarms on AWS: one alarm each, on the same metrics, told to all."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.helm import Helm

from appinstance_local.paths import REPO
from appinstance_operator.signals.metrics import Metrics
from terraform import world

pytestmark = pytest.mark.applied

_RULES = yaml.safe_load((REPO / "charts" / "appinstance-operator" / "values.yaml").read_text())[
    "metrics"
]["rules"]


def _samples() -> dict[str, set[str]]:
    """Return each sample that the operator gives, with its labels."""
    metrics = Metrics()
    metrics.set_conditions("team", "shop", {"Ready": "True"})
    metrics.reconciles.labels("appinstance", "success").inc()
    metrics.errors.labels("appinstance").inc()
    found: dict[str, set[str]] = {}
    for line in b"".join(metrics.page()).decode().splitlines():
        if match := re.match(r"(\w+)(?:\{(.*)\})? ", line):
            found.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ""))
    return found


def _named(text: str) -> set[str]:
    """Return which of the operator's samples a text names."""
    return {name for name in _samples() if re.search(rf"\b{name}\b", text)}


@pytest.fixture(scope="module")
def chart() -> list[dict[str, Any]]:
    """Return the operator's chart with everything on."""
    helm = Helm(str(Path(os.environ["APPINSTANCE_BIN"]) / "helm"))
    return helm.objects("appinstance-operator", ["operator-production", "operator-databases"])


@pytest.fixture(scope="module")
def alerts(chart: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the chart's alerts by name."""
    (rule,) = [item for item in chart if item["kind"] == "PrometheusRule"]
    return {alert["alert"]: alert for group in rule["spec"]["groups"] for alert in group["rules"]}


@pytest.fixture(scope="module")
def alarms(applied: world.Platform) -> dict[str, dict[str, Any]]:
    """Return the alarms on the operator's metrics, by the names that alerts have."""
    pages = applied.client("cloudwatch").get_paginator("describe_alarms").paginate()
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return {
        "AppInstance" + "".join(word.capitalize() for word in _short(alarm).split("-")): alarm
        for alarm in found
        if _named(json.dumps(alarm.get("Metrics", [])))
    }


def _short(alarm: dict[str, Any]) -> str:
    return str(alarm["AlarmName"]).removeprefix("acme-platform-")


@pytest.fixture(scope="module")
def agent(applied: world.Platform) -> dict[str, Any]:
    """Return what the CloudWatch agent is told of the operator's metrics."""
    addon = applied.client("eks").describe_addon(
        clusterName=applied.outputs()["cluster_name"], addonName="amazon-cloudwatch-observability"
    )["addon"]
    told: dict[str, Any] = json.loads(addon["configurationValues"])["agent"]["otelConfig"]
    return told


def test_each_alert_of_the_chart_is_an_alarm_on_the_same_metrics(
    alerts: dict[str, dict[str, Any]], alarms: dict[str, dict[str, Any]]
) -> None:
    assert len(alerts) >= 9
    # Those by condition are one alarm on AWS, on Ready: one for each would be a metric for each.
    # What Ready says nothing of has its own.
    assert {"AppInstanceJobsFailed", "AppInstanceDatabaseNotReady"} <= alarms.keys()
    asked = {
        name: _named(alert["expr"])
        for name, alert in alerts.items()
        if "condition" not in alert["labels"] or name in alarms
    }
    assert {name: _named(json.dumps(a["Metrics"])) for name, a in alarms.items()} == asked


def test_each_reaches_the_topic_and_whoever_is_subscribed(
    applied: world.Platform, alarms: dict[str, dict[str, Any]]
) -> None:
    topic = applied.outputs()["alarm_topic_arn"]
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms.values()} == {(topic,)}
    subscribed = applied.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {item["Protocol"] for item in subscribed} == {"email", "https"}


def test_thresholds_are_the_charts(alarms: dict[str, dict[str, Any]]) -> None:
    age = alarms["AppInstanceOperatorNotReconciling"]["Threshold"]
    assert age == _RULES["reconcileAgeSeconds"]
    percent = alarms["AppInstanceReconcileErrors"]["Threshold"]
    assert percent == pytest.approx(100 * _RULES["errorRatio"])


def test_alarms_look_where_the_agent_writes(
    agent: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    exporter = agent["exporters"]["awsemf/appinstance"]
    written = [
        (item["metric_name_selectors"], sorted(map(sorted, item["dimensions"])))
        for item in exporter["metric_declarations"]
    ]
    for name, alarm in alarms.items():
        for query in alarm["Metrics"]:
            if stat := query.get("MetricStat"):
                metric, wanted = stat["Metric"]["MetricName"], ["cluster"]
                assert stat["Metric"]["Namespace"] == exporter["namespace"], name
            elif "SCHEMA" in query["Expression"]:
                (metric,) = _named(query["Expression"])
                namespace, *wanted = re.findall(
                    r'"(\w+)"', query["Expression"].split("SCHEMA")[1].split(")")[0]
                )
                assert namespace == exporter["namespace"], name
            else:
                continue
            assert any(
                any(re.search(selector, metric) for selector in selectors)
                and sorted(wanted) in dimensions
                for selectors, dimensions in written
            ), f"{name}: nobody writes {metric} by {wanted}"


def test_the_agent_writes_the_conditions_that_alarms_are_for(
    agent: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    text = json.dumps([alarm["Metrics"] for alarm in alarms.values()])
    asked = set(re.findall(r"type\W+(\w+)' AND", text))
    (of_instances,) = [
        item
        for item in agent["exporters"]["awsemf/appinstance"]["metric_declarations"]
        if "label_matchers" in item
    ]
    (matcher,) = of_instances["label_matchers"]
    assert asked == {"Ready", "Stalled", "DatabaseReady", "JobsSucceeded"}
    assert [kind for kind in asked if not re.search(matcher["regex"], f"{kind};True")] == []
    assert not re.search(matcher["regex"], "SecretsReady;True"), "each is a metric that costs"


def test_the_agent_asks_the_operators_pods_for_what_they_give(
    agent: dict[str, Any], chart: list[dict[str, Any]], applied: world.Platform
) -> None:
    (scrape,) = agent["receivers"]["prometheus/appinstance"]["config"]["scrape_configs"]
    (pods,) = scrape["kubernetes_sd_configs"]
    deployment = next(item for item in chart if item["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    wanted = dict(pair.split("=") for pair in pods["selectors"][0]["label"].split(","))
    assert wanted.items() <= template["metadata"]["labels"].items()
    assert pods["namespaces"]["names"] == [deployment["metadata"]["namespace"]]
    (port,) = template["spec"]["containers"][0]["ports"]
    keep = next(rule for rule in scrape["relabel_configs"] if rule.get("action") == "keep")
    assert re.fullmatch(keep["regex"], port["name"])
    (kept,) = [rule["regex"] for rule in scrape["metric_relabel_configs"]]
    given = {name for name in _samples() if re.fullmatch(kept, name)}
    assert len(given) == 6
    added = {rule["target_label"] for rule in scrape["relabel_configs"] if "target_label" in rule}
    for item in agent["exporters"]["awsemf/appinstance"]["metric_declarations"]:
        for name in given:
            if any(re.search(selector, name) for selector in item["metric_name_selectors"]):
                labels = _samples()[name] | added
                assert {label for group in item["dimensions"] for label in group} <= labels, name
    groups = applied.client("logs").describe_log_groups()["logGroups"]
    assert agent["exporters"]["awsemf/appinstance"]["log_group_name"] in {
        group["logGroupName"] for group in groups
    }
