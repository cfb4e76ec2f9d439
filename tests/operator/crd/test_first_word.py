"""What an AppInstance says before an operator has looked at it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml
from support.apiserver import ApiServer

from appinstance_local.paths import REPO

pytestmark = pytest.mark.integration

MINIMAL = REPO / "tests" / "operator" / "desired" / "golden" / "minimal" / "appinstance.yaml"


@pytest.fixture
def unseen(apiserver: ApiServer) -> Iterator[tuple[ApiServer, str, str]]:
    """An instance in an API server where no operator runs."""
    body = yaml.safe_load(MINIMAL.read_text())
    namespace, name = "unseen", body["metadata"]["name"]
    body["metadata"]["namespace"] = namespace
    apiserver.kubectl("create", "namespace", namespace)
    apiserver.kubectl("create", "-f", "-", stdin=json.dumps(body))
    yield apiserver, namespace, name
    apiserver.kubectl("delete", "appi", "-n", namespace, name)


def test_it_is_not_ready_and_says_what_it_waits_for(unseen: tuple[ApiServer, str, str]) -> None:
    server, namespace, name = unseen
    _, row = server.kubectl("get", "appi", "-n", namespace, name, "-o", "wide").stdout.splitlines()
    assert row.split()[:3] == [name, "Unknown", "Progressing"]
    assert "waiting for the operator to look at it" in row
    waited = server.kubectl(
        "wait", "appi", "-n", namespace, name, "--for=condition=Ready", "--timeout=1s", check=False
    )
    assert waited.returncode, "a wait must not end before an operator has looked"
