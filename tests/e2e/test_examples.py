"""examples/app-minimal as an AppInstance: its app, its worker and its nightly job really run.

What is closed is tried beside what is open. A second job fails each minute, so that Kubernetes' own
CronJob controller has a run fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from e2e import others, support
from e2e.support import get, kubectl, names, pod, pod_ip, wait_for
from e2e.ways import Way, await_open, open_among

from appinstance_local import engine
from appinstance_local.platform import app_images, cluster
from appinstance_local.platform.demo import through_edge

pytestmark = pytest.mark.e2e

NAME = "minimal"
EXAMPLE = app_images.EXAMPLES / "app-minimal"
BROKEN = {
    "name": "broken", "schedule": "* * * * *", "backoffLimit": 0,
    "command": ["python3", "-c", "raise SystemExit(3)"],
}  # fmt: skip
DATABASE = "mariadb.database.svc.cluster.local"


@pytest.fixture(scope="module")
def minimal(instances: None) -> Iterator[str]:
    """The example with its own image; ready. It is what its file says, but for host and image.

    Its namespace has a quota, default limits and a closed network of its own, as others' have.
    """
    docker = engine.ensure()
    image = app_images.build_example(docker, cluster.choose_mode(docker), EXAMPLE.name)
    cluster.load_images(docker, [image])
    body = yaml.safe_load((EXAMPLE / "appinstance.yaml").read_text())
    assert body["metadata"] == {"name": NAME, "namespace": NAME}
    body["spec"]["host"] = f"{NAME}.apps.localhost"
    body["spec"]["backend"]["image"] = image
    body["spec"]["jobs"].append(BROKEN)
    support.ensure_namespace(NAME)
    others.rules_in(NAME)
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(body))
    support.wait_until_ready(NAME, NAME)
    yield NAME
    kubectl("-n", NAME, "delete", "appi", NAME, "--wait", support.PATIENTLY)
    kubectl("delete", "namespace", NAME, "--wait=false")


def _logs(selector: str) -> str:
    return kubectl("-n", NAME, "logs", "-l", f"app.kubernetes.io/component={selector}")


def test_the_app_answers_through_the_edge(minimal: str) -> None:
    answer = wait_for(
        "the edge",
        lambda: a if (a := through_edge(NAME, "/api/hello")).status_code == 200 else None,
    )
    assert answer.json() == {"hello": f"https://{NAME}.apps.localhost"}


def test_the_worker_works_and_nobody_reaches_it_or_is_reached(minimal: str, stranger: str) -> None:
    worker = pod(NAME, "worker-letters", NAME)
    wait_for("the worker's words", lambda: "worked" in _logs("worker-letters"))
    address = pod_ip(NAME, worker)
    backend = pod("acme", "backend", "acme")
    await_open(("acme", backend, DATABASE, 3306))
    closed: list[Way] = [
        (NAME, worker, DATABASE, 3306),
        (NAME, worker, pod_ip(NAME, pod(NAME, "backend", NAME)), 8000),
        ("stranger", stranger, address, 9090),
        ("acme", backend, address, 8000),
    ]
    assert open_among(*closed) == []


def test_an_app_without_database_and_bucket_reaches_neither_nor_anything_else(
    minimal: str, stranger: str, outside: tuple[str, int]
) -> None:
    aws = ("moto.aws.svc.cluster.local", 5000)
    other, bare = pod("acme", "backend", "acme"), pod(NAME, "backend", NAME)
    # They are there, and let instances in.
    await_open(("acme", other, DATABASE, 3306), ("acme", other, *aws))
    closed: list[Way] = [
        (NAME, bare, DATABASE, 3306),
        (NAME, bare, *aws),
        (NAME, bare, *outside),
        (NAME, bare, "kubernetes.default.svc.cluster.local", 443),
        (NAME, bare, pod_ip("stranger", stranger), support.LISTENS),
        (NAME, bare, pod_ip("acme", other), 8000),
    ]
    assert open_among(*closed) == []
    _has_no_secret_and_no_token(bare)


def _has_no_secret_and_no_token(name: str) -> None:
    told = support.run_in(NAME, name, "sh", "-c", "env; ls /var/run/secrets")
    assert "PATH=" in told.stdout, told.stderr
    for word in ("DB_", "AWS_", "MEDIA_", "kubernetes.io"):
        assert word not in told.stdout


def test_the_worker_has_no_secret_and_no_token(minimal: str) -> None:
    _has_no_secret_and_no_token(pod(NAME, "worker-letters", NAME))


def test_a_run_of_the_nightly_job_can_be_made_by_hand_and_succeeds(minimal: str) -> None:
    job = f"{NAME}-job-nightly"
    kubectl("-n", NAME, "create", "job", f"--from=cronjob/{job}", "by-hand")
    kubectl("-n", NAME, "wait", "--for=condition=Complete", "job/by-hand", support.PATIENTLY)
    assert "tidied up" in kubectl("-n", NAME, "logs", "job/by-hand")


def _status_with_a_failed_run() -> dict[str, Any] | None:
    status = (get(NAME, "appi", NAME) or {}).get("status", {})
    # The run that it names goes when the next one has failed.
    told = [run["run"] for run in status.get("failedRuns", ())]
    return dict(status) if told and set(told) <= set(names(NAME, "jobs")) else None


def test_a_run_that_failed_is_told_and_takes_readiness_nothing(minimal: str) -> None:
    # One status, as the next run begins at any moment.
    status = wait_for("a failed run", _status_with_a_failed_run)
    (run,) = status["failedRuns"]
    assert run["job"] == "broken"
    conditions = {item["type"]: item for item in status["conditions"]}
    assert f"read `kubectl logs job/{run['run']}`" in conditions["JobsSucceeded"]["message"]
    assert conditions["Ready"]["status"] == "True"


def test_suspended_the_worker_is_gone_and_the_app_still_answers(minimal: str) -> None:
    def suspend(value: bool) -> None:
        patch = json.dumps({"spec": {"suspend": value}})
        kubectl("-n", NAME, "patch", "appi", NAME, "--type=merge", "-p", patch)

    selector = "app.kubernetes.io/component=worker-letters"
    suspend(True)
    # Not "not all workers and jobs are stopped yet".
    told = "suspended: workers and jobs are stopped"
    wait_for("the word", lambda: told in support.condition(NAME, NAME, "Ready")["message"])
    stopped = get(NAME, "deployment", f"{NAME}-worker-letters") or {}
    assert stopped["spec"]["replicas"] == 0
    assert (get(NAME, "cronjob", f"{NAME}-job-nightly") or {})["spec"]["suspend"] is True
    wait_for("the worker to stop", lambda: names(NAME, "pods", selector) == [])
    assert through_edge(NAME, "/api/hello").status_code == 200
    suspend(False)
    support.wait_until_ready(NAME, NAME)
    assert names(NAME, "pods", selector)
