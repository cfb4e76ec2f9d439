"""Metrics: what a dashboard reads is there, and an instance that is gone leaves none behind."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from appinstance_operator.signals.metrics import Metrics


def _lines(metrics: Metrics, start: str) -> list[str]:
    text = b"".join(metrics.page()).decode()
    return [line for line in text.splitlines() if line.startswith(start)]


def test_a_condition_has_one_true_value_per_type() -> None:
    metrics = Metrics()
    metrics.set_conditions("team", "shop", {"Ready": "False"})
    where = 'name="shop",namespace="team"'
    assert _lines(metrics, "appinstance_condition{") == [
        f'appinstance_condition{{{where},status="{status}",type="Ready"}} {value}'
        for status, value in (("True", "0.0"), ("False", "1.0"), ("Unknown", "0.0"))
    ]


def test_a_condition_that_went_and_an_instance_that_went_leave_nothing() -> None:
    metrics = Metrics()
    metrics.set_conditions("team", "shop", {"Ready": "False", "Stalled": "True"})
    metrics.set_conditions("team", "other", {"Ready": "True"})
    metrics.set_conditions("team", "shop", {"Ready": "True"})
    assert not [line for line in _lines(metrics, "appinstance_condition{") if "Stalled" in line]
    metrics.forget("team", "shop")
    left = _lines(metrics, "appinstance_condition{")
    assert left
    assert all('name="other"' in line for line in left)


def test_thousands_are_told_in_parts_that_read_as_one_page() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.set_conditions("team", f"shop-{number}", {"Ready": "True", "Stalled": "False"})
    parts = list(metrics.page())
    assert max(map(len, parts)) * 5 < sum(map(len, parts))
    families = text_string_to_metric_families(b"".join(parts).decode())
    (conditions,) = [family for family in families if family.name == "appinstance_condition"]
    assert conditions.type == "gauge"
    assert len(conditions.samples) == 1000 * 2 * 3
    assert {sample.labels["name"] for sample in conditions.samples} == {
        f"shop-{number}" for number in range(1000)
    }


def test_the_age_of_a_watch_is_asked_for_at_each_scrape() -> None:
    metrics = Metrics()
    ages = iter((3.0, 61.0))
    metrics.show_watch_age("Deployment", lambda: next(ages))
    name = 'appinstance_watch_age_seconds{kind="Deployment"}'
    assert _lines(metrics, name) == [f"{name} 3.0"]
    assert _lines(metrics, name) == [f"{name} 61.0"]


def test_requests_are_counted_by_target_and_verb() -> None:
    metrics = Metrics()
    metrics.kubernetes_request("patch", "Deployment")
    metrics.aws_request("get_role")
    counted = _lines(metrics, "appinstance_api_requests_total{")
    assert sorted(line.rsplit(" ", 1)[1] for line in counted) == ["1.0", "1.0"]
    assert {'target="aws"' in line for line in counted} == {True, False}


def test_requests_to_the_provisioner_are_counted_by_their_answers() -> None:
    metrics = Metrics()
    metrics.database_answer("ensure", "Provisioned")
    metrics.database_answer("delete", "DumpFailed")
    metrics.database_answer("delete", "DumpFailed")
    name = "appinstance_database_requests_total"
    assert _lines(metrics, name) == [
        f'{name}{{answer="Provisioned",what="ensure"}} 1.0',
        f'{name}{{answer="DumpFailed",what="delete"}} 2.0',
    ]
