"""A world for each test: its own namespace, and an operator process that is stopped at the end."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer
from support.apiserver import ApiServer
from support.operator_world import World

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """IAM for all tests: its address."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def world(apiserver: ApiServer, moto: str) -> Iterator[World]:
    """A world whose operator is not started yet; what is left of instances is let go at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = World(apiserver, moto, port, f"w{next(_numbers)}")
    apiserver.kubectl("create", "namespace", made.namespace)
    yield made
    made.stop()
    for name in made.kubectl("get", "appi", "-o", "jsonpath={.items[*].metadata.name}").split():
        nothing = json.dumps({"metadata": {"finalizers": None}})
        made.kubectl("patch", "appi", name, "--type=merge", "-p", nothing)
        made.kubectl("delete", "appi", name, "--ignore-not-found")
