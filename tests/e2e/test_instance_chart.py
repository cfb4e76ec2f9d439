"""charts/appinstance on the cluster: `helm install`, `helm test`, `helm uninstall`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from e2e import support
from e2e.support import get, helm, names, wait_for

from appinstance_local import demo, seed
from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO

pytestmark = pytest.mark.e2e

CHART = REPO / "charts" / "appinstance"
NAME = "initech"


@pytest.fixture(scope="module")
def release(instances: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An instance installed with Helm; yields the file with its values."""
    demo.ensure_namespace(NAME)
    seed.seed_instance(NAME, NAME)
    values = tmp_path_factory.mktemp("chart") / "values.yaml"
    test = {"image": "appinstance/operator:dev", "timeoutSeconds": 120}
    values.write_text(yaml.safe_dump({**support.manifest(NAME, NAME)["spec"], "test": test}))
    helm("upgrade", "--install", NAME, str(CHART), "-n", NAME, "--values", str(values))
    yield values
    helm("uninstall", NAME, "-n", NAME, "--ignore-not-found", "--wait", "--timeout", "90s")
    support.kubectl("delete", "namespace", NAME, "--wait=false")


def test_helm_test_waits_until_the_instance_is_ready(release: Path) -> None:
    told = helm("test", NAME, "-n", NAME, "--timeout", "150s")
    assert "Succeeded" in told
    assert support.condition(NAME, NAME, "Ready")["status"] == "True"


def test_helm_test_fails_and_says_why_for_an_instance_that_is_not_ready(release: Path) -> None:
    chart = ("upgrade", NAME, str(CHART), "-n", NAME, "--values", str(release))
    helm(*chart, "--set", "suspend=true", "--set", "test.timeoutSeconds=5")
    wait_for(
        "the operator's word",
        lambda: support.condition(NAME, NAME, "Ready").get("reason") == "Suspended",
    )
    with pytest.raises(LocalError, match="uspend"):
        helm("test", NAME, "-n", NAME, "--timeout", "150s", "--logs")
    helm(*chart)
    support.wait_until_ready(NAME, NAME)


def test_helm_uninstall_takes_the_instance_and_its_roles_away(release: Path) -> None:
    assert support.roles(f"-{NAME}-{NAME}-")
    helm("uninstall", NAME, "-n", NAME, "--wait", "--timeout", "90s")
    wait_for("the instance to go", lambda: get(NAME, "appi", NAME) is None)
    assert support.roles(f"-{NAME}-{NAME}-") == []
    kinds = "deploy,svc,ing,netpol,sa,cm,job,externalsecret,secretstore,secret,pod"
    selector = f"app.kubernetes.io/instance={NAME}"
    wait_for("the cluster to collect", lambda: names(NAME, kinds, selector) == [])
