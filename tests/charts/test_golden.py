"""What the charts render to, to the byte. `make golden` writes the files anew: read the diff."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration

_CASES = [
    (chart, f"{stem}-{case}")
    for chart, stem in (("appinstance-operator", "operator"), ("appinstance", "instance"))
    for case in ("minimal", "local", "production")
]


@pytest.mark.parametrize(("chart", "values"), _CASES, ids=[values for _, values in _CASES])
def test_render(
    helm: Helm,
    generate: ModuleType,
    golden: Callable[[str, str], None],
    chart: str,
    values: str,
) -> None:
    # The CRD has a comparison of its own; here it would bury everything else.
    more = ["--set", "crds.install=false"] if chart == "appinstance-operator" else []
    golden(f"{values}.yaml", generate.tidy(helm.text(chart, [values], *more)))


@pytest.mark.parametrize(("chart", "values"), _CASES, ids=[values for _, values in _CASES])
def test_lint(helm: Helm, chart: str, values: str) -> None:
    told = helm.lint(chart, values)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("chart", ["appinstance-operator", "appinstance"])
def test_lint_is_clean_on_the_chart_as_it_is(helm: Helm, chart: str) -> None:
    told = helm.lint(chart)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "[WARNING]" not in told.stdout


@pytest.mark.parametrize(("chart", "values"), _CASES, ids=[values for _, values in _CASES])
def test_objects_are_labelled_and_namespaced_as_helm_and_people_expect(
    helm: Helm, chart: str, values: str
) -> None:
    namespaced = {
        "AppInstance", "ConfigMap", "Deployment", "Job", "NetworkPolicy", "Pod",
        "PodDisruptionBudget", "PrometheusRule", "Role", "RoleBinding", "Service", "ServiceAccount",
        "ServiceMonitor",
    }  # fmt: skip
    objects = helm.objects(chart, [values])
    assert len({(item["kind"], item["metadata"]["name"]) for item in objects}) == len(objects)
    for item in objects:
        metadata = item["metadata"]
        assert ("namespace" in metadata) == (item["kind"] in namespaced), metadata["name"]
        if item["kind"] != "CustomResourceDefinition":
            assert metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm"
            # The database admits pods by this label; nothing of the charts may pass for one.
            assert "app.kubernetes.io/part-of" not in metadata["labels"]
