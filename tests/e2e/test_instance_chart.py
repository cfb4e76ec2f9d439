"""charts/appinstance on the cluster: `helm install`, `helm test`, `helm uninstall`.

Its instance has what the others have not: files, paths, a worker and a job that use something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e import support
from e2e.support import get, helm, kubectl, names, pod, pod_ip, wait_for
from e2e.ways import Way, await_open, open_among

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.platform import seed
from appinstance_local.platform.demo import through_edge

pytestmark = pytest.mark.e2e

CHART = REPO / "charts" / "appinstance"
NAME = "initech"
KEY = "/app/keys/signing"
# Ends at once when it is told to, as a shell that waits does and a `sleep` alone does not.
WAITS = ["bash", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"]
PARTS: dict[str, Any] = {
    "paths": [{"path": "/api/v1/users", "to": "backend"}],
    "workers": [{"name": "rows", "command": WAITS, "uses": ["database"]}],
    "jobs": [{"name": "albums", "command": WAITS, "uses": ["media"], "schedule": "0 0 1 1 *"}],
}


@pytest.fixture(scope="module")
def release(instances: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An instance installed with Helm; yields the file with its values."""
    support.ensure_namespace(NAME)
    seed.seed_instance(NAME, NAME)
    values = tmp_path_factory.mktemp("chart") / "values.yaml"
    test = {"image": "appinstance/operator:dev", "timeoutSeconds": 240}
    spec = {**support.manifest(NAME, NAME)["spec"], **PARTS}
    reference = {"key": f"apps/{NAME}/{NAME}/app", "property": "secretKey"}
    spec["backend"]["files"] = [{"path": KEY, "remoteRef": reference}]
    values.write_text(yaml.safe_dump({**spec, "test": test}))
    helm("upgrade", "--install", NAME, str(CHART), "-n", NAME, "--values", str(values))
    yield values
    helm("uninstall", NAME, "-n", NAME, "--ignore-not-found", "--wait", "--timeout", "300s")
    support.kubectl("delete", "namespace", NAME, "--wait=false")


def test_helm_test_waits_until_the_instance_is_ready(release: Path) -> None:
    told = helm("test", NAME, "-n", NAME, "--timeout", "300s")
    assert "Succeeded" in told
    assert support.condition(NAME, NAME, "Ready")["status"] == "True"


def test_a_file_holds_its_entry_and_is_for_the_app_to_read_alone(release: Path) -> None:
    program = f"""
import hashlib, json, os, stat
held = os.stat({KEY!r})
print(json.dumps([
    hashlib.sha256(open({KEY!r}, "rb").read()).hexdigest(), stat.S_IMODE(held.st_mode) & 0o007,
    os.access({KEY!r}, os.W_OK),
]))
"""
    entry = seed.get_secret(f"apps/{NAME}/{NAME}/app")
    assert entry
    wanted = hashlib.sha256(entry["secretKey"].encode()).hexdigest()
    assert support.python_in(NAME, pod(NAME, "backend", NAME), program) == [wanted, 0, False]


def test_the_edge_serves_the_paths_that_are_named_and_no_others(release: Path) -> None:
    wait_for("the path", lambda: through_edge(NAME, "/api/v1/users/me").status_code == 401)
    assert through_edge(NAME, "/api/v1/auth/methods").status_code == 404
    assert through_edge("globex", "/api/v1/auth/methods").status_code == 200, "which is there"


def test_worker_and_job_reach_what_they_use_and_nobody_reaches_them(
    release: Path, stranger: str, outside: tuple[str, int]
) -> None:
    kubectl("-n", NAME, "create", "job", f"--from=cronjob/{NAME}-job-albums", "by-hand")
    worker, job = pod(NAME, "worker-rows", NAME), pod(NAME, "job-albums", NAME)
    backend = pod(NAME, "backend", NAME)
    database, media = ("mariadb.database.svc.cluster.local", 3306), (
        "moto.aws.svc.cluster.local", 5000,
    )  # fmt: skip
    await_open((NAME, worker, *database), (NAME, job, *media))
    to_worker, to_job = (pod_ip(NAME, worker), 8000), (pod_ip(NAME, job), 8000)
    serves = (pod_ip(NAME, backend), 8000)
    closed: list[Way] = [
        (NAME, worker, *media), (NAME, worker, *outside), (NAME, worker, *serves),
        (NAME, job, *database), (NAME, job, *outside), (NAME, job, *to_worker),
        (NAME, backend, *to_worker), (NAME, backend, *to_job),
        ("stranger", stranger, *to_worker), ("stranger", stranger, *to_job),
    ]  # fmt: skip
    assert open_among(*closed) == []


def test_helm_test_fails_and_says_why_for_an_instance_that_is_not_ready(release: Path) -> None:
    chart = ("upgrade", NAME, str(CHART), "-n", NAME, "--values", str(release))
    helm(*chart, "--set", "suspend=true", "--set", "test.timeoutSeconds=5")
    wait_for(
        "the operator's word",
        lambda: support.condition(NAME, NAME, "Ready").get("reason") == "Suspended",
    )
    with pytest.raises(LocalError, match="uspend"):
        helm("test", NAME, "-n", NAME, "--timeout", "300s", "--logs")
    helm(*chart)
    support.wait_until_ready(NAME, NAME)


def test_helm_uninstall_takes_the_instance_and_its_roles_away(release: Path) -> None:
    assert support.roles(f"-{NAME}-{NAME}-")
    helm("uninstall", NAME, "-n", NAME, "--wait", "--timeout", "300s")
    wait_for("the instance to go", lambda: get(NAME, "appi", NAME) is None)
    assert support.roles(f"-{NAME}-{NAME}-") == []
    kinds = "deploy,svc,ing,netpol,sa,cm,job,externalsecret,secretstore,secret,pod"
    selector = f"app.kubernetes.io/instance={NAME}"
    wait_for("the cluster to collect", lambda: names(NAME, kinds, selector) == [])
