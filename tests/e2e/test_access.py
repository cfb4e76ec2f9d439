"""Calls between AppInstances, by trying: what both sides say is open, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from e2e import support
from e2e.support import kubectl, pod, pod_ip, wait_for
from e2e.ways import await_open, reaches

pytestmark = pytest.mark.e2e

ACME, GLOBEX = {"namespace": "acme", "name": "acme"}, {"namespace": "globex", "name": "globex"}
URL = "globex-backend.globex.svc"


def _say(instance: str, access: dict[str, list[dict[str, str]]] | None) -> None:
    patch = json.dumps({"spec": {"access": access}})
    kubectl("-n", instance, "patch", "appi", instance, "--type=merge", "-p", patch)


def _await_word(reason: str | None) -> None:
    """Wait for acme's status, which is written behind the policies."""
    wait_for(
        f"the word {reason}",
        lambda: support.condition("acme", "acme", "AccessAgreed").get("reason") == reason,
    )


@pytest.fixture(scope="module")
def calling(instances: None) -> Iterator[str]:
    """The backend of acme, which may call globex's until the last test; its name."""
    caller = pod("acme", "backend", "acme")
    try:
        _say("acme", {"to": [GLOBEX]})
        _await_word("NotAgreed")
        assert not reaches("acme", caller, URL, 8000), "one side alone opens nothing"
        _say("globex", {"from": [ACME]})
        await_open(("acme", caller, URL, 8000))
        _await_word("Agreed")
        yield caller
    finally:
        _say("globex", None)
        _say("acme", None)
        _await_word(None)


def test_a_call_goes_one_way_from_backend_to_backend(calling: str) -> None:
    called = pod("globex", "backend", "globex")
    assert not reaches("acme", calling, pod_ip("globex", called), 9090), "health is not called"
    assert not reaches("globex", called, pod_ip("acme", calling), 8000), "nor the caller"
    page = pod("acme", "frontend", "acme")
    assert not reaches("acme", page, pod_ip("globex", called), 8000), "nor by the caller's page"


def test_it_answers_at_the_name_that_the_status_says(calling: str) -> None:
    (opening,) = json.loads(kubectl("-n", "acme", "get", "appi", "acme", "-o", "json"))["status"][
        "access"
    ]["to"]
    program = (
        "import json, urllib.request; "
        f"print(json.dumps(urllib.request.urlopen('{opening['url']}/healthz').status))"
    )
    assert support.python_in("acme", calling, program) == 200


def test_it_ends_with_one_sides_word(calling: str) -> None:
    _say("globex", None)
    wait_for("the end", lambda: not reaches("acme", calling, URL, 8000))
    _await_word("NotAgreed")
