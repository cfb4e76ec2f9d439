"""The alerts, judged by Prometheus itself (promtool): they parse, and ring for what they are about.

The series are the operator's own: conditions made by `conditions()` from reports as they occur.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from appinstance_operator.reconcile.checks import AREAS, DATABASE, JOBS, REACHABLE, Check
from appinstance_operator.reconcile.conditions import Report, conditions
from appinstance_operator.signals.metrics import Metrics

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
REPO = Path(__file__).resolve().parents[2]
RUNBOOKS = REPO / "docs/runbooks"
_NOW = "2026-11-28T00:00:00Z"
_ALL = ["operator-production", "operator-databases"]
_FINE = tuple(Check(area, "True", "Fine", "fine") for area in (*AREAS, DATABASE, REACHABLE, JOBS))


@pytest.fixture(scope="module")
def promtool() -> str:
    """Return Prometheus' tool; fail with a sentence where there is none."""
    found = shutil.which("promtool")
    if found is None:
        pytest.fail("there is no promtool; install it with: apt-get install prometheus")
    return found


@pytest.fixture(scope="module")
def rules(helm: Helm) -> dict[str, Any]:
    """Return the rules with everything on."""
    (rule,) = [
        item
        for item in helm.objects(
            "appinstance-operator", _ALL, "--set", "settings.edge.reachability=true"
        )
        if item["kind"] == "PrometheusRule"
    ]
    spec: dict[str, Any] = rule["spec"]
    return spec


def _alerts(rules: dict[str, Any]) -> list[dict[str, Any]]:
    return [alert for group in rules["groups"] for alert in group["rules"]]


def _run(promtool: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [promtool, *words], cwd=folder, check=False, capture_output=True, text=True
    )


def test_prometheus_takes_the_rules(promtool: str, rules: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    told = _run(promtool, tmp_path, "check", "rules", "rules.yaml")
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_wrong_rule_would_be_found(promtool: str, rules: dict[str, Any], tmp_path: Path) -> None:
    wrong = yaml.safe_load(yaml.safe_dump(rules))
    wrong["groups"][0]["rules"][0]["expr"] += " and on ("
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(wrong))
    assert _run(promtool, tmp_path, "check", "rules", "rules.yaml").returncode != 0


def _amiss(area: str) -> tuple[Check, ...]:
    return tuple(
        Check(area, "False", "Amiss", "amiss") if item.type == area else item for item in _FINE
    )


_STALLED = ("AccessDenied", "denied")
# Name of an instance, what the operator reports of it, and the alerts that ring after two hours.
_CASES: dict[str, tuple[Report, set[str]]] = {
    "ready": (Report(_FINE), set()),
    "suspended": (Report(_amiss("SecretsReady"), suspended=True), set()),
    "unstopped": (Report(suspended=True, retrying="no answer"), {"AppInstanceNotReady"}),
    "refused": (Report(refused=("InvalidSpec", "no")), {"AppInstanceStalled"}),
    "stalled": (Report(_FINE, stalled=_STALLED), {"AppInstanceStalled"}),
    "stalled-area": (Report(_amiss("CloudAccessReady"), stalled=_STALLED), {"AppInstanceStalled"}),
    "retrying": (Report(_FINE, retrying="again"), {"AppInstanceNotReady"}),
    "unseen": (Report(()), {"AppInstanceNotReady"}),
    "network": (Report(_amiss("NetworkPoliciesApplied")), {"AppInstanceNetworkPoliciesNotApplied"}),
    "cloud": (Report(_amiss("CloudAccessReady")), {"AppInstanceCloudAccessNotReady"}),
    "secrets": (Report(_amiss("SecretsReady")), {"AppInstanceSecretsNotReady"}),
    "migrations": (Report(_amiss("MigrationsApplied")), {"AppInstanceMigrationsNotApplied"}),
    "workloads": (Report(_amiss("WorkloadsAvailable")), {"AppInstanceWorkloadsNotAvailable"}),
    "ingress": (Report(_amiss("IngressReady")), {"AppInstanceIngressNotReady"}),
    "database": (Report(_amiss("DatabaseReady")), {"AppInstanceDatabaseNotReady"}),
    "reachable": (Report(_amiss("Reachable")), {"AppInstanceNotReachable"}),
    "jobs": (Report(_amiss(JOBS)), {"AppInstanceJobsFailed"}),
    "jobs-retrying": (
        Report(_amiss(JOBS), retrying="again"),
        {"AppInstanceJobsFailed", "AppInstanceNotReady"},
    ),
    "jobs-suspended": (Report(_amiss(JOBS), suspended=True), set()),
}


def _series() -> list[dict[str, str]]:
    metrics = Metrics()
    for name, (report, _) in _CASES.items():
        found = conditions(report, (), 1, _NOW, new=False)
        metrics.set_conditions("team", name, {item["type"]: item["status"] for item in found})
    page = b"".join(metrics.conditions.page()).decode()
    return [
        {
            "series": line.rpartition(" ")[0],
            "values": f"{int(float(line.rpartition(' ')[2]))}+0x120",
        }
        for line in page.splitlines()
        if not line.startswith("#")
    ]


def _others() -> list[dict[str, str]]:
    """Return metrics of another operator, which all fail, and of ours, which all go well."""
    return [
        {"series": f'{name}{{controller="{controller}"}}', "values": f"0+{rate}x120"}
        for controller, errors in (("externalsecret", 60), ("appinstance", 0))
        for name, rate in (
            ("controller_runtime_reconcile_errors_total", errors),
            ("controller_runtime_reconcile_total", 60),
        )
    ]


def _rings(alert: dict[str, Any], name: str) -> bool:
    return name in _CASES and alert["alert"] in _CASES[name][1]


def test_each_trouble_rings_once_and_a_suspended_instance_never(
    promtool: str, rules: dict[str, Any], tmp_path: Path
) -> None:
    wanted = []
    for alert in _alerts(rules):
        names = sorted(name for name in _CASES if _rings(alert, name))
        of_one = "$labels.name" in alert["annotations"]["summary"]
        if not of_one and alert["alert"] != "AppInstanceReconcileErrors":
            continue  # of the operator's own life, which these series do not show
        wanted.append(
            {
                "eval_time": "2h", "alertname": alert["alert"],
                "exp_alerts": [
                    {
                        "exp_labels": {**alert["labels"], "namespace": "team", "name": name},
                        "exp_annotations": {
                            key: text.replace("{{ $labels.namespace }}", "team").replace(
                                "{{ $labels.name }}", name
                            )
                            for key, text in alert["annotations"].items()
                        },
                    }
                    for name in names
                ],
            }
        )  # fmt: skip
    rung = {item["alertname"] for item in wanted if item["exp_alerts"]}
    assert rung == set().union(*(alerts for _, alerts in _CASES.values()))
    test = {
        "rule_files": ["rules.yaml"], "evaluation_interval": "1m",
        "tests": [
            {"interval": "1m", "input_series": [*_series(), *_others()], "alert_rule_test": wanted}
        ],
    }  # fmt: skip
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    told = _run(promtool, tmp_path, "test", "rules", "test.yaml")
    assert told.returncode == 0, told.stdout + told.stderr


def test_each_condition_that_can_be_amiss_has_an_alert(rules: dict[str, Any]) -> None:
    told = {
        alert["labels"]["condition"] for alert in _alerts(rules) if "condition" in alert["labels"]
    }
    assert told == {*AREAS, DATABASE, REACHABLE, JOBS}


def test_each_alert_has_a_runbook_and_each_runbook_an_alert(rules: dict[str, Any]) -> None:
    base = yaml.safe_load((REPO / "charts/appinstance-operator/values.yaml").read_text())
    address = base["metrics"]["rules"]["runbookUrl"]
    names = set()
    for alert in _alerts(rules):
        assert alert["annotations"]["runbook_url"] == f"{address}{alert['alert']}/"
        page = (RUNBOOKS / f"{alert['alert']}.md").read_text()
        assert page.startswith(f"# {alert['alert']}\n")
        assert f"Severity: {alert['labels']['severity']}." in page
        names.add(alert["alert"])
    index = (RUNBOOKS / "index.md").read_text()
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"index"}
    assert pages == names
    assert {name for name in names if f"[{name}]({name}.md)" in index} == names


def test_runbooks_may_be_kept_elsewhere(helm: Helm) -> None:
    text = helm.text(
        "appinstance-operator",
        _ALL,
        "--set",
        "metrics.rules.runbookUrl=https://wiki.example.com/r/",
    )
    assert "runbook_url: https://wiki.example.com/r/AppInstanceStalled/" in text
    assert "runbook_url: https://docs." not in text
