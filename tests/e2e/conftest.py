"""Two instances in two namespaces, and a stranger; made once for all tests on the cluster.

All modules share one cluster, so three of them have a place in the order; the others have none.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import yaml
from e2e import chain, node_logs, others, support, ways
from e2e.support import kubectl

from appinstance_local.paths import REPO
from appinstance_local.platform import cluster, demo, seed

_LAST = (
    # Looks for secrets in the logs, events and states that all the others leave behind.
    "test_secrets_stay_secret",
    # Takes all instances away.
    "test_uninstall",
    # Takes the operator away, and puts Terraform's in its place.
    "test_chain",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules that need what the others left, or take it away, behind all the others."""
    items.sort(key=lambda item: _LAST.index(item.path.stem) + 1 if item.path.stem in _LAST else 0)


@pytest.fixture(scope="session", autouse=True)
def begun(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[chain.Chain, Future[None]] | None]:
    """Begin with Terraform's first stage, which is mostly waiting, if the chain is to run."""
    if not any(item.path.stem == "test_chain" for item in request.session.items):
        yield None
        return
    if not cluster.is_up():
        pytest.fail("no cluster is up: run `make test-e2e`, which brings it up")
    with chain.begun(tmp_path_factory.mktemp("chain")) as made:
        yield made


_NOT_SHOWN = """\
that AWS judges a policy as our evaluator does, and a token's signature at all
policies of keys and entries, of sessions and of endpoints: nothing judges them here
that load balancer, certificate and web ACL are as the Ingress says: Traefik stands there
that a pod gets its security group, and what a group lets through: no VPC is here
that RDS, CloudTrail, Config and alarms do anything: the stand-in keeps their books alone
that EKS lets Terraform in (the cluster's own credential stands for its token); nodes, add-ons"""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say after the chain what it could not show."""
    passed = terminalreporter.stats.get("passed", ())
    if any("test_chain.py" in report.nodeid for report in passed):
        terminalreporter.section("What the chain without AWS cannot show")
        terminalreporter.write_line(_NOT_SHOWN)


@pytest.fixture(scope="session", autouse=True)
def _kept_logs() -> Iterator[None]:
    """Keep the logs of all pods, for test_secrets_stay_secret."""
    if not cluster.is_up():
        yield
        return
    with node_logs.kept():
        yield


@pytest.fixture(scope="session")
def neighbours() -> Iterator[dict[str, str]]:
    """What others have on the cluster: the uid of each."""
    if not cluster.is_up():
        pytest.fail("no cluster is up: run `make test-e2e`, which brings it up")
    others.bring()
    yield others.identities()
    others.take_away()


@pytest.fixture(scope="session")
def instances(neighbours: dict[str, str]) -> None:
    """`acme/acme` from the sample with a page, and `globex/globex`; both ready.

    The platform makes the databases of both.
    """
    support.ensure_namespace("acme")
    for name in ("acme", "globex"):
        demo.refuse_given_database(name, name)
    seed.seed_app("acme", "acme")
    support.kubectl("apply", "-f", str(demo.SAMPLE))
    support.create("globex", "globex", database={"provision": True})
    for name in ("acme", "globex"):
        support.wait_until_ready(name, name)
        demo.wait_until_served(name, page=name == "acme")


@pytest.fixture(scope="session")
def stranger(instances: None) -> Iterator[str]:
    """A pod of nobody's, in a namespace of its own, under no policy; it listens on LISTENS."""
    support.ensure_namespace("stranger")
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(support.STRANGER))
    kubectl("-n", "stranger", "wait", "--for=condition=Ready", "pod/stranger", support.PATIENTLY)
    yield "stranger"
    kubectl("delete", "namespace", "stranger", "--wait=false")


@pytest.fixture
def outside(stranger: str) -> Iterator[tuple[str, int]]:
    """A listener on this host, which is outside of the cluster, and open: address and port."""
    node = kubectl(
        "get", "nodes",
        "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}",
    )  # fmt: skip
    address = ".".join([*node.split(".")[:3], "1"])
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                try:
                    server.accept()[0].close()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            port = server.getsockname()[1]
            ways.await_open(("stranger", stranger, address, port))
            yield address, port
        finally:
            done.set()
            thread.join()


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept."""
    folder = REPO / "artifacts" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
