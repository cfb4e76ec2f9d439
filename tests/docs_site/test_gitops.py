"""The health check for Argo CD, run as Argo CD runs it, on what the operator's status says."""

from __future__ import annotations

import re
from typing import Any

import lupa
import pytest
import yaml

from appinstance_local.paths import REPO
from appinstance_operator.reconcile.checks import AREAS, Check
from appinstance_operator.reconcile.conditions import Report, conditions

_PAGE = (REPO / "docs/guides/gitops.md").read_text()
_KEY = "resource.customizations.health.platform.appinstance.io_AppInstance"
_FINE = tuple(Check(area, "True", "Fine", "fine") for area in AREAS)
_FAILED = (*_FINE[:-1], Check(AREAS[-1], "False", "Refused", "refused"))
_WAITING = (*_FINE[:-1], Check(AREAS[-1], "False", "Pending", "not yet", waiting=True))


def _script() -> str:
    (block,) = [text for text in re.findall(r"```yaml\n(.*?)```", _PAGE, re.DOTALL) if _KEY in text]
    script: str = yaml.safe_load(block)["data"][_KEY]
    return script


def _health(body: dict[str, Any]) -> tuple[str, str]:
    runtime = lupa.LuaRuntime(unpack_returned_tuples=True)
    check = runtime.eval(f"function(obj) {_script()} end")
    answer = check(runtime.table_from(body, recursive=True))
    return answer["status"], answer["message"]


def _body(report: Report, *, observed: int = 2) -> dict[str, Any]:
    found = conditions(report, (), 2, "2026-11-28T00:00:00Z", new=True)
    return {
        "metadata": {"generation": 2},
        "status": {"observedGeneration": observed, "conditions": found},
    }


@pytest.mark.parametrize(
    ("report", "health"),
    [
        (Report(_FINE), "Healthy"),
        (Report(_WAITING), "Progressing"),
        (Report(_FAILED), "Degraded"),
        (Report(_FINE, stalled=("MigrationFailed", "it failed")), "Degraded"),
        (Report(refused=("InvalidSpec", "no")), "Degraded"),
        (Report(_FINE, suspended=True), "Suspended"),
    ],
)
def test_health_is_what_the_status_says(report: Report, health: str) -> None:
    status, message = _health(_body(report))
    assert status == health
    assert message


def test_a_status_of_an_older_spec_is_no_health() -> None:
    assert _health(_body(Report(_FINE), observed=1))[0] == "Progressing"


def test_before_the_operators_first_word_it_is_progressing() -> None:
    assert _health({"metadata": {"generation": 1}})[0] == "Progressing"
    (version,) = yaml.safe_load(
        (REPO / "charts/appinstance-operator/files/appinstances.crd.yaml").read_text()
    )["spec"]["versions"]
    default = version["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    assert _health({"metadata": {"generation": 1}, "status": default})[0] == "Progressing"
