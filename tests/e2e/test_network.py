"""Enforcement, by trying: who reaches whom. What is allowed is tried beside what is not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from e2e import support
from e2e.support import kubectl, pod, pod_ip, reaches

from appinstance_local.demo import through_edge

pytestmark = pytest.mark.e2e

DATABASE = "mariadb.database.svc.cluster.local"


def _address_of(service: str, namespace: str) -> str:
    return kubectl("-n", namespace, "get", "svc", service, "-o", "jsonpath={.spec.clusterIP}")


def test_a_stranger_reaches_neither_app_nor_database(stranger: str) -> None:
    backend = pod_ip("acme", pod("acme", "backend", "acme"))
    frontend = pod_ip("acme", pod("acme", "frontend", "acme"))
    assert reaches("stranger", stranger, _address_of("traefik", "traefik"), 443)
    assert not reaches("stranger", stranger, backend, 8000)
    assert not reaches("stranger", stranger, backend, 9090)
    assert not reaches("stranger", stranger, frontend, 8080)
    assert not reaches("stranger", stranger, _address_of("mariadb", "database"), 3306)
    assert not reaches("stranger", stranger, _address_of("moto", "aws"), 5000)


def test_the_edge_reaches_page_and_api(instances: None) -> None:
    assert through_edge("acme", "/").status_code == 200
    assert through_edge("acme", "/api/v1/users/me").status_code == 401


def test_the_page_reaches_neither_database_nor_backend(instances: None) -> None:
    frontend = pod("acme", "frontend", "acme")
    backend = pod("acme", "backend", "acme")
    assert reaches("acme", backend, DATABASE, 3306)
    assert not reaches("acme", frontend, _address_of("mariadb", "database"), 3306)
    assert not reaches("acme", frontend, pod_ip("acme", backend), 8000)
    assert not reaches("acme", frontend, _address_of("moto", "aws"), 5000)


def test_one_backend_does_not_reach_another_instances(instances: None) -> None:
    one = pod("acme", "backend", "acme")
    other = pod("globex", "backend", "globex")
    assert reaches("acme", one, DATABASE, 3306)
    assert not reaches("acme", one, pod_ip("globex", other), 8000)
    assert not reaches("globex", other, pod_ip("acme", one), 8000)


@pytest.fixture
def outside(instances: None) -> Iterator[tuple[str, int]]:
    """A listener on this host, which is outside of the cluster: address and port."""
    gateway = kubectl(
        "get",
        "nodes",
        "-o",
        "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}",
    )
    address = ".".join([*gateway.split(".")[:3], "1"])
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
        yield address, server.getsockname()[1]
        done.set()
        thread.join()


def test_a_backend_reaches_outside_only_what_its_spec_opens(
    stranger: str, outside: tuple[str, int]
) -> None:
    address, port = outside
    backend = pod("globex", "backend", "globex")
    assert reaches("stranger", stranger, address, port)
    assert not reaches("globex", backend, address, port)
    opening = {"spec": {"network": {"egress": [{"cidr": f"{address}/32", "ports": [port]}]}}}
    kubectl("-n", "globex", "patch", "appi", "globex", "--type=merge", "-p", json.dumps(opening))
    try:
        support.wait_for(
            "the opening to work", lambda: reaches("globex", backend, address, port) or None
        )
        assert not reaches("globex", backend, address, port + 1)
    finally:
        kubectl(
            "-n", "globex", "patch", "appi", "globex", "--type=json",
            "-p", '[{"op":"remove","path":"/spec/network"}]',
        )  # fmt: skip
    support.wait_for(
        "the opening to close", lambda: not reaches("globex", backend, address, port) or None
    )


def test_a_migration_reaches_the_database_alone(instances: None) -> None:
    policy = support.get("acme", "networkpolicy", "acme-migrate")
    assert policy is not None
    assert policy["spec"].get("ingress", []) == []
    ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
    assert sorted(ports) == [53, 53, 3306]
