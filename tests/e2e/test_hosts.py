"""A further host of an instance, through the edge and under its certificate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from e2e import support
from e2e.support import kubectl, wait_for

from appinstance_local.platform.demo import through_edge

pytestmark = pytest.mark.e2e

FURTHER = "acme-too"


def _name(hosts: list[str] | None) -> None:
    patch = json.dumps({"spec": {"hosts": hosts}})
    kubectl("-n", "acme", "patch", "appi", "acme", "--type=merge", "-p", patch)


def _status() -> dict[str, Any]:
    return dict((support.get("acme", "appi", "acme") or {})["status"])


def _await_answer(path: str, code: int) -> None:
    wait_for(f"{code} of {path}", lambda: through_edge(FURTHER, path).status_code == code)


def test_a_further_host_is_the_same_app_and_ends_with_its_name(instances: None) -> None:
    _await_answer("/", 404)  # nobody has it yet
    _name([f"{FURTHER}.apps.localhost"])
    try:
        _await_answer("/", 200)
        # The backend's pods are replaced, as they are told of the host.
        _await_answer("/api/v1/users/me", 401)
        assert through_edge("acme", "/").status_code == 200
        hosts = wait_for("the status", lambda: _status().get("hosts"))
        assert hosts == [f"{FURTHER}.apps.localhost"]
        assert _status()["url"] == "https://acme.apps.localhost"
    finally:
        _name(None)
    _await_answer("/", 404)
    support.wait_until_ready("acme", "acme")
