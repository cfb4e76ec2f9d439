"""Two instances in two namespaces, and a stranger; made once for all tests on the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from e2e import support

from appinstance_local import cluster, demo
from appinstance_local.paths import REPO


@pytest.fixture(scope="session")
def instances() -> None:
    """`acme/acme` from the sample with a page, and `globex/globex`; both ready."""
    if not cluster.is_up():
        pytest.fail("no cluster is up: run `make test-e2e`, which brings it up")
    demo.ensure_namespace("acme")
    demo.seed.seed_instance("acme", "acme")
    support.kubectl("apply", "-f", str(demo.SAMPLE))
    support.create("globex", "globex")
    for name in ("acme", "globex"):
        support.wait_until_ready(name, name)
        demo.wait_until_served(name, page=name == "acme")


@pytest.fixture(scope="session")
def stranger(instances: None) -> Iterator[str]:
    """A pod of nobody's, in a namespace of its own, under no policy."""
    demo.ensure_namespace("stranger")
    support.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(support.STRANGER))
    support.kubectl(
        "-n", "stranger", "wait", "--for=condition=Ready", "pod/stranger", "--timeout=60s"
    )
    yield "stranger"
    support.kubectl("delete", "namespace", "stranger", "--wait=false")


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept."""
    folder = REPO / "artifacts" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
