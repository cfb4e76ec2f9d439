"""`appinstance diff` through a real kubectl and API server: answers, and kubectl's exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.apiserver import ApiServer
from support.golden_settings import DESIRED, golden_values

from appinstance_local.paths import binary
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents, judge
from appinstance_operator.cli import main as cli
from appinstance_operator.cli.command import ended

pytestmark = pytest.mark.integration

CASE = DESIRED / "golden" / "minimal"
NAMESPACE = "differing"


def _body() -> dict[str, Any]:
    body: dict[str, Any] = yaml.safe_load((CASE / "appinstance.yaml").read_text())
    text = json.dumps(body).replace(
        f'"namespace": "{body["metadata"]["namespace"]}"', f'"namespace": "{NAMESPACE}"'
    )
    text = text.replace(f"apps/{body['metadata']['namespace']}/", f"apps/{NAMESPACE}/")
    found: dict[str, Any] = json.loads(text)
    found["metadata"].pop("uid", None)
    return found


@pytest.fixture
def diff(apiserver: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Return a function that runs the command for a body: its exit code, stdout and stderr."""
    monkeypatch.setenv("KUBECTL", str(binary("kubectl")))
    known = tmp_path / "settings.yaml"
    known.write_text(yaml.safe_dump(golden_values(CASE)))

    def run(body: Any, kubeconfig: Path = apiserver.kubeconfig) -> tuple[int, str, str]:
        file = tmp_path / "x.yaml"
        file.write_text(json.dumps(body))
        options = cli.parser().parse_args(
            ["diff", "-f", str(file), "--settings", str(known), "--kubeconfig", str(kubeconfig)]
        )
        code = ended(options, options.run)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def applied(apiserver: ApiServer) -> Any:
    """All objects of the golden case, as an API server stores them."""
    apiserver.kubectl("create", "namespace", NAMESPACE, check=False)
    plan = documents.planned(judge.complete(_body()), parse_settings(golden_values(CASE)))
    words = ("apply", "--server-side", "--field-manager=appinstance-operator", "-f", "-")
    apiserver.kubectl(*words, stdin=documents.to_yaml(list(plan.objects)))
    return plan


def test_it_ends_with_0_where_nothing_differs_and_1_where_something_does(
    diff: Any, applied: Any, apiserver: ApiServer
) -> None:
    code, out, err = diff(_body())
    assert (code, out, err) == (0, "", "")
    body = _body()
    body["spec"]["backend"]["image"] = "registry.example.com/shop:9.9.9"
    code, out, _ = diff(body)
    assert code == 1
    assert "+        image: registry.example.com/shop:9.9.9" in out.replace(
        "+      - ", "+        "
    )
    apiserver.kubectl("delete", "service", "-n", NAMESPACE, f"{body['metadata']['name']}-backend")
    code, out, _ = diff(_body())
    assert code == 1
    assert "--- /dev/null" in out
    assert "+kind: Service" in out


def test_it_ends_with_more_than_1_where_it_cannot_be_told(diff: Any, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.kubeconfig"
    for kubeconfig, body, sentence in (
        (nowhere, _body(), "nowhere.kubeconfig"),
        (None, {**_body(), "spec": {}}, "spec.host: is missing"),
    ):
        code, out, err = diff(body, kubeconfig) if kubeconfig else diff(body)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert sentence in err


def test_without_kubectl_it_says_what_is_missing(diff: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("KUBECTL", "no-kubectl")
    code, _, err = diff(_body())
    assert code == 2
    assert "no-kubectl is not on PATH" in err
