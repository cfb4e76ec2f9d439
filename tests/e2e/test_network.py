"""Enforcement, by trying: who reaches whom. What is allowed is tried beside what is not.

What is closed is tried on targets that are open: a listener outside of the cluster, a pod under no
policy, and the database and the stand-in for AWS, which admit by labels. A probe that should fail
is first seen to work from the same pod.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from e2e import support
from e2e.node_logs import NODE
from e2e.support import kubectl, pod, pod_ip, wait_for
from e2e.ways import await_open, open_among, reaches

from appinstance_local.platform import demo

pytestmark = pytest.mark.e2e

DATABASE = "mariadb.database.svc.cluster.local"


def _address_of(service: str, namespace: str) -> str:
    return kubectl("-n", namespace, "get", "svc", service, "-o", "jsonpath={.spec.clusterIP}")


@contextmanager
def _egress(instance: str, address: str, port: int) -> Iterator[None]:
    """Open egress of an instance's backend to one address and port, by its spec."""
    opening = {"spec": {"network": {"egress": [{"cidr": f"{address}/32", "ports": [port]}]}}}
    kubectl("-n", instance, "patch", "appi", instance, "--type=merge", "-p", json.dumps(opening))
    try:
        yield
    finally:
        removal = json.dumps([{"op": "remove", "path": "/spec/network"}])
        kubectl("-n", instance, "patch", "appi", instance, "--type=json", "-p", removal)


def test_a_stranger_reaches_no_part_of_an_instance(stranger: str) -> None:
    backend = pod_ip("acme", pod("acme", "backend", "acme"))
    frontend = pod_ip("acme", pod("acme", "frontend", "acme"))
    await_open(("stranger", stranger, _address_of("traefik", "traefik"), 443))
    closed = ((backend, 8000), (backend, 9090), (frontend, 8080))
    assert open_among(*(("stranger", stranger, *place) for place in closed)) == []


def test_the_stand_ins_admit_no_stranger_either(stranger: str) -> None:
    """As the database's security group would. That is the stand-ins' own policy, not an instance's.

    The tests of egress rely on it being by labels: what has an instance's labels is admitted.
    """
    closed = ((_address_of("mariadb", "database"), 3306), (_address_of("moto", "aws"), 5000))
    assert open_among(*(("stranger", stranger, *place) for place in closed)) == []


def test_the_edge_reaches_page_and_api(instances: None) -> None:
    demo.wait_until_served("acme")


def test_the_page_reaches_nothing_not_even_what_its_backend_may(
    stranger: str, outside: tuple[str, int]
) -> None:
    address, port = outside
    frontend, backend = pod("acme", "frontend", "acme"), pod("acme", "backend", "acme")
    # The probe works in this pod.
    await_open(("acme", frontend, "127.0.0.1", 8080), ("acme", backend, DATABASE, 3306))
    closed = (
        (address, port),
        (pod_ip("stranger", stranger), support.LISTENS),
        (_address_of("kubernetes", "default"), 443),
        (pod_ip("acme", backend), 8000),
        (_address_of("mariadb", "database"), 3306),
    )
    assert open_among(*(("acme", frontend, *place) for place in closed)) == []
    with _egress("acme", address, port):
        await_open(("acme", backend, address, port))
        assert not reaches("acme", frontend, address, port)


def test_one_backend_does_not_reach_another_instances(instances: None) -> None:
    one = pod("acme", "backend", "acme")
    other = pod("globex", "backend", "globex")
    await_open(("acme", one, DATABASE, 3306))
    there, here = pod_ip("globex", other), pod_ip("acme", one)
    assert open_among(("acme", one, there, 8000), ("globex", other, here, 8000)) == []


def test_a_backend_reaches_outside_only_what_its_spec_opens(
    stranger: str, outside: tuple[str, int]
) -> None:
    address, port = outside
    backend = pod("globex", "backend", "globex")
    await_open(("globex", backend, DATABASE, 3306))
    closed = ((address, port), (pod_ip("stranger", stranger), support.LISTENS))
    assert open_among(*(("globex", backend, *place) for place in closed)) == []
    with _egress("globex", address, port):
        # Nothing listens on the second, so it is refused by the host where the packet gets to it.
        await_open(("globex", backend, address, port), ("stranger", stranger, address, port + 1))
        assert not reaches("globex", backend, address, port + 1)
    wait_for("the opening to close", lambda: not reaches("globex", backend, address, port))


@pytest.fixture
def migration(instances: None) -> Iterator[str]:
    """A pod like the migration's of `acme`."""
    with support.migration_of("acme") as made:
        yield made


def test_a_migration_reaches_the_database_alone(
    migration: str, stranger: str, outside: tuple[str, int]
) -> None:
    # By its name, so DNS answers too.
    await_open(("acme", migration, DATABASE, 3306))
    closed = (
        outside,
        (pod_ip("stranger", stranger), support.LISTENS),
        (_address_of("moto", "aws"), 5000),
        (_address_of("kubernetes", "default"), 443),
        (pod_ip("acme", pod("acme", "backend", "acme")), 8000),
    )
    assert open_among(*(("acme", migration, *place) for place in closed)) == []


def test_nobody_reaches_a_migration(migration: str, stranger: str) -> None:
    program = "setsid python3 -m http.server 8000 -d /tmp >/tmp/log 2>&1 &"
    begun = support.run_in("acme", migration, "bash", "-c", program)
    assert begun.returncode == 0, begun.stderr
    listens = "exec 3<>/dev/tcp/127.0.0.1/8000"
    wait_for(
        "the listener",
        lambda: support.run_in("acme", migration, "bash", "-c", listens).returncode == 0,
    )
    address = pod_ip("acme", migration)
    backend = pod("acme", "backend", "acme")
    assert open_among(("stranger", stranger, address, 8000), ("acme", backend, address, 8000)) == []


def test_a_migrations_account_takes_no_role_and_knows_no_token(migration: str) -> None:
    mounted = support.run_in(
        "acme", migration, "bash", "-c", "ls -d /var/run/secrets/*/serviceaccount; env"
    )
    assert "DB_PASSWORD" in mounted.stdout
    assert "serviceaccount" not in mounted.stdout
    assert "AWS_ROLE_ARN" not in mounted.stdout


def test_the_network_of_a_pod_that_is_gone_at_once_is_taken_away(instances: None) -> None:
    """Its plugin asks for the pod with the kubelet's rights, which end with the pod.

    Where it may not ask, the kubelet tries again each second, for ever.
    """
    with support.migration_of("acme") as made:
        route = _ip_on_the_node("route", "show", pod_ip("acme", made)).split()
        device = route[route.index("dev") + 1]
        assert device in _ip_on_the_node("link")
    wait_for(f"{device} to go", lambda: device not in _ip_on_the_node("link"))


def _ip_on_the_node(*words: str) -> str:
    # Checked: a node that gives no answer has not lost its devices.
    command = ["docker", "exec", NODE, "ip", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
