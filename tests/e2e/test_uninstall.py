"""`helm uninstall` of the operator, its hook as a real pod: refused first, then nothing is stuck.

Runs after everything else (conftest.py), as it takes all instances away; the operator is installed
again at the end, so that the cluster is as it was for whoever works on it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e import others, support
from e2e.support import RELEASE, SYSTEM, get, helm, kubectl, names, wait_for

from appinstance_local.errors import LocalError
from appinstance_local.platform import demo

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def installed_again() -> Iterator[None]:
    """Put the operator back whatever happens here."""
    yield
    demo.install_operator()


def _set_mode(mode: str) -> None:
    helm(
        "upgrade", RELEASE, str(demo.CHART), "-n", SYSTEM, "--reuse-values",
        "--set", f"uninstall.mode={mode}", "--wait", "--timeout", "300s",
    )  # fmt: skip


def test_refused_while_instances_are_left_and_all_goes_on(instances: None) -> None:
    _set_mode("refuse")
    with pytest.raises(LocalError) as caught:
        helm("uninstall", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "300s")
    for instance in ("acme/acme", "globex/globex"):
        assert instance in str(caught.value) or instance in _drain_log()
    assert names(SYSTEM, "deploy") == [RELEASE]
    kubectl("-n", "globex", "delete", "service", "globex-backend")
    wait_for("the operator to still work", lambda: get("globex", "service", "globex-backend"))
    support.wait_until_ready("globex", "globex")
    # Helm takes the release for half gone now; this is the way back that the sentence names.
    helm("rollback", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "300s")


def _drain_log() -> str:
    return kubectl("-n", SYSTEM, "logs", f"job/{RELEASE}-drain")


def test_with_mode_delete_nothing_is_left_or_stuck(instances: None) -> None:
    assert support.roles(demo.NAME)
    _set_mode("delete")
    helm("uninstall", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "280s")
    assert kubectl("get", "appi", "-A", "-o", "name").split() == []
    assert support.roles(demo.NAME) == []
    ours = ("deploy,job,pod,sa", "app.kubernetes.io/name=appinstance-operator")
    wait_for("the operator's pod to end", lambda: names(SYSTEM, *ours) == [])
    # The CRD stays, so that an upgrade that went wrong loses no instance.
    assert kubectl("get", "crd", "appinstances.platform.appinstance.io", "-o", "name")
    kubectl("delete", "namespace", "globex", "--timeout=300s")


def test_what_is_others_is_as_it_was(neighbours: dict[str, str]) -> None:
    """After all that the tests did, and with the operator gone."""
    assert others.identities() == neighbours
    assert others.touched() == []
