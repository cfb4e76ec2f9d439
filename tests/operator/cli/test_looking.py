"""`why`, `tree` and `logs` through a real kubectl and API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.apiserver import ApiServer
from support.golden_settings import DESIRED, golden_settings

from appinstance_local.paths import binary
from appinstance_operator.cli import causes, documents, judge
from appinstance_operator.cli import main as cli
from appinstance_operator.cli.command import ended

pytestmark = pytest.mark.integration

CASE = DESIRED / "golden" / "minimal"
NAMESPACE = "looking"


def _patch(server: ApiServer, kind: str, name: str, status: Any) -> None:
    server.kubectl(
        "patch", kind, name, "-n", NAMESPACE, "--subresource=status", "--type=merge",
        "-p", json.dumps({"status": status}),
    )  # fmt: skip


def _pod(owner: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    reference = {
        "apiVersion": owner["apiVersion"], "kind": owner["kind"],
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
    }  # fmt: skip
    container = {"name": "backend", "image": "x:1"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "acme-backend-1", "namespace": NAMESPACE, "labels": labels,
            "ownerReferences": [reference],
        },
        "spec": {"containers": [container]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def crashing(apiserver: ApiServer) -> str:
    """An AppInstance whose backend does not start, as an API server has it; its name."""
    body = yaml.safe_load((CASE / "appinstance.yaml").read_text())
    text = json.dumps(body).replace('"namespace": "acme"', f'"namespace": "{NAMESPACE}"')
    body = json.loads(text.replace("apps/acme/", f"apps/{NAMESPACE}/"))
    name: str = body["metadata"]["name"]
    apiserver.kubectl("create", "namespace", NAMESPACE)
    apiserver.kubectl("create", "-f", "-", stdin=json.dumps(body))
    words = ("get", "-n", NAMESPACE, "-o", "json")
    live = json.loads(apiserver.kubectl(*words, "appi", name).stdout)
    plan = documents.planned(judge.complete(live), golden_settings(CASE))
    apiserver.kubectl(
        "apply", "--server-side", "-f", "-", stdin=documents.to_yaml(list(plan.objects))
    )
    deployment = json.loads(apiserver.kubectl(*words, "deploy", f"{name}-backend").stdout)
    pod = _pod(deployment, deployment["spec"]["template"]["metadata"]["labels"])
    apiserver.kubectl("create", "-f", "-", stdin=json.dumps(pod))
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    state = {"name": "backend", "state": {"waiting": waiting}, "ready": False, "image": "x:1",
             "imageID": "", "restartCount": 0}  # fmt: skip
    _patch(apiserver, "pod", "acme-backend-1", {"phase": "Pending", "containerStatuses": [state]})
    times = {"lastTransitionTime": "2026-01-31T12:00:00Z", "status": "False"}
    conditions = [
        {"type": "Ready", "reason": "Progressing", "message": "backend 0/2", **times},
        {"type": "WorkloadsAvailable", "reason": "RolloutInProgress", "message": "0/2", **times},
    ]
    _patch(apiserver, "appi", name, {"observedGeneration": 1, "conditions": conditions})
    return name


@pytest.fixture
def ask(apiserver: ApiServer, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Any:
    """Return a function that runs a command: its exit code, stdout and stderr."""
    monkeypatch.setenv("KUBECTL", str(binary("kubectl")))

    def run(*words: str) -> tuple[int, str, str]:
        options = cli.parser().parse_args([*words, "--kubeconfig", str(apiserver.kubeconfig)])
        code = ended(options, options.run)
        told = capfd.readouterr()
        return code, told.out, told.err

    return run


def test_why_tells_the_chain_down_to_the_pod_and_the_next_step(crashing: str, ask: Any) -> None:
    code, out, err = ask("why", crashing, "-n", NAMESPACE)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith(f"AppInstance {crashing}: Progressing: backend 0/2")
    assert lines[1].startswith("└─ WorkloadsAvailable: RolloutInProgress")
    assert lines[2].startswith(f"   ├─ Deployment {crashing}-backend: 0 of 2 pods are ready")
    assert lines[3].startswith(
        "   │  └─ Pod acme-backend-1: backend: ImagePullBackOff: no such image"
    )
    assert lines[4].startswith(f"   └─ Deployment {crashing}-frontend: 0 of 2 pods are ready")
    assert lines[5:] == [f"next: {causes._TROUBLES['ImagePullBackOff']}"]


def test_why_is_for_programs_too(crashing: str, ask: Any) -> None:
    code, out, _ = ask("why", crashing, "-n", NAMESPACE, "-o", "json")
    answer = json.loads(out)
    assert (code, answer["ready"]) == (1, False)
    assert answer["cause"]["because"][0]["what"] == "WorkloadsAvailable"
    assert answer["next"]


def test_the_tree_has_all_that_it_owns_and_what_these_own(crashing: str, ask: Any) -> None:
    code, out, _ = ask("tree", crashing, "-n", NAMESPACE)
    assert code == 0
    assert out.startswith(f"AppInstance/{crashing}")
    for kind in (
        "NetworkPolicy",
        "ServiceAccount",
        "SecretStore",
        "ExternalSecret",
        "Ingress",
        "Job",
    ):
        assert f"─ {kind}/" in out
    before, _, after = out.partition(f"Deployment/{crashing}-backend  0/2 ready\n")
    assert before
    assert "└─ Pod/acme-backend-1  backend: ImagePullBackOff" in after.splitlines()[0]
    body = json.loads(ask("tree", crashing, "-n", NAMESPACE, "-o", "json")[1])
    assert body["kind"] == "AppInstance"
    assert len(body["owns"]) > 10


def test_logs_are_kubectls_own_of_the_pods_of_the_instance(
    crashing: str, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No kubelet here has logs: what kubectl is asked for is looked at, and its exit code.
    script = tmp_path / "kubectl"
    script.write_text(
        '#!/bin/sh\nif [ "$1" = logs ]; then echo "$@"; exit 1; fi\n'
        f'exec {binary("kubectl")} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(script))
    code, out, _ = ask("logs", crashing, "-n", NAMESPACE, "-c", "backend", "--follow", "--previous")
    assert code == 1
    selector = (
        f"app.kubernetes.io/instance={crashing},app.kubernetes.io/part-of=appinstance-platform,"
        "app.kubernetes.io/component=backend"
    )
    assert {"--follow", "--previous", "--tail=50", "-n", NAMESPACE, selector} <= set(out.split())


@pytest.mark.parametrize("component", ["worker-mail", "job-nightly-2"])
def test_logs_of_a_worker_or_a_job_are_asked_for_by_its_name(component: str) -> None:
    options = cli.parser().parse_args(["logs", "shop", "-c", component])
    assert options.component == component


@pytest.mark.parametrize("component", ["mail", "worker-", "worker-a,b=c", "job-Ä", "worker-x\n"])
def test_what_is_no_component_is_refused(component: str, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["logs", "shop", "-c", component])
    assert "is none of backend, frontend, migrate, or worker- or job-<its name>" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("command", ["why", "tree", "logs"])
def test_of_what_is_not_there_it_is_said_where_to_look(command: str, ask: Any) -> None:
    code, out, err = ask(command, "nobody", "-n", NAMESPACE)
    assert (code, out) == (2, "")
    assert "there is no AppInstance nobody here" in err


@pytest.mark.parametrize("word", ["", "a/b", "a\0b", "ä", "A" * 300])
def test_odd_names_end_with_a_sentence(word: str, ask: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("APPINSTANCE_DEBUG", "1")
    code, _, err = ask("why", "-n", NAMESPACE, word)
    assert code == 2
    assert err.startswith("error: ")
