"""Two operators and one Lease: one works, the other takes over, a former leader writes nothing."""

from __future__ import annotations

import datetime
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.apiserver import audit_events
from support.operator_world import World
from support.ports import free_port
from support.waiting import WAIT_SECONDS, wait_for

pytestmark = pytest.mark.integration

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


def _with_account(world: World, name: str, lease_seconds: int) -> World:
    """Return an operator with an account of its own, by which the audit log tells it apart."""
    world.kubectl("create", "serviceaccount", name)
    world.kubectl(
        "create", "clusterrolebinding", f"{world.namespace}-{name}", "--clusterrole=cluster-admin",
        f"--serviceaccount={world.namespace}:{name}",
    )  # fmt: skip
    token = world.kubectl("create", "token", name).strip()
    kubeconfig = world.server.kubeconfig_for(token, f"{world.namespace}-{name}")
    return replace(
        world, port=free_port(), process=None, kubeconfig=kubeconfig, lease_seconds=lease_seconds
    )


@pytest.fixture
def pair(world: World, request: pytest.FixtureRequest) -> Iterator[tuple[World, World]]:
    """Two operators of one world, `one` and `two`, not started yet."""
    seconds = getattr(request, "param", world.lease_seconds)
    one, two = (_with_account(world, name, seconds) for name in ("one", "two"))
    yield one, two
    for operator in (one, two):
        operator.stop()


def _start_both(one: World, two: World) -> None:
    one.start()
    wait_for("the first to lead", one.leads)
    two.start()


def _write_times(world: World, name: str) -> list[float]:
    """Return when each successful write of an account reached the API server (Unix time)."""
    user = f"system:serviceaccount:{world.namespace}:{name}"
    times = []
    for event in audit_events(world.server, user):
        code = event.get("responseStatus", {}).get("code", 0)
        if event["verb"] in WRITES and code < 300:
            received = datetime.datetime.fromisoformat(event["requestReceivedTimestamp"])
            times.append(received.timestamp())
    return times


def test_one_works_and_the_other_is_ready_and_writes_nothing(pair: tuple[World, World]) -> None:
    one, two = pair
    _start_both(one, two)
    one.apply()
    one.settle()
    assert two.metric("appinstance_leader") == 0
    assert two.metric("controller_runtime_reconcile_total") == 0
    assert two.writes() == {}
    assert _write_times(one, "two") == []
    assert len(_write_times(one, "one")) > 10
    assert len(one.roles()) == 2, "one role for the backend, one for the secrets"
    assert len(one.jobs()) == 1, "one migration"


@pytest.mark.parametrize("pair", [15], indirect=True)
def test_after_a_kill_the_other_carries_on(pair: tuple[World, World]) -> None:
    """With the duration that production has. Its figure is told, not judged: machines differ."""
    one, two = pair
    _start_both(one, two)
    one.apply()
    # It dies in the middle: roles are made, secrets are not there yet.
    wait_for("the roles", lambda: len(one.roles()) == 2)
    one.stop()
    killed = time.monotonic()
    two.apply("late")
    wait_for("the new instance", lambda: two.get("secretstore", "late"))
    sys.stdout.write(
        f"\nkilled → the other makes a new instance: {time.monotonic() - killed:.1f} s\n"
    )
    two.settle()
    two.settle("late")
    assert len(two.roles()) == 4
    assert two.get("lease", "appinstance-operator")["spec"]["leaseTransitions"] == 1


@pytest.mark.parametrize("pair", [120], indirect=True)
def test_an_orderly_end_is_followed_at_once(pair: tuple[World, World]) -> None:
    """The Lease would last for two minutes: only its release lets the other in."""
    one, two = pair
    _start_both(one, two)
    one.apply()
    wait_for("the roles", lambda: len(one.roles()) == 2)
    one.signal(signal.SIGTERM)
    ended = time.monotonic()
    two.apply("late")
    wait_for("the other to lead", two.leads)
    sys.stdout.write(f"\nSIGTERM → the other leads: {time.monotonic() - ended:.1f} s\n")
    assert one.exit_code() == 0
    two.settle()
    two.settle("late")
    two.kubectl("delete", "appi", "shop", "late", f"--timeout={WAIT_SECONDS:.0f}s")
    assert two.roles() == []


@pytest.mark.parametrize("pair", [10], indirect=True)
def test_a_leader_that_was_stopped_writes_nothing_more(pair: tuple[World, World]) -> None:
    one, two = pair
    _start_both(one, two)
    one.apply()
    one.settle()
    one.wait_reconciled(0)
    one.signal(signal.SIGSTOP)
    one.delete("service", "shop-backend")
    wait_for("the other to lead", two.leads)
    # What the first had sent before it was stopped has come long ago.
    followed = time.time()
    wait_for("its repair", lambda: two.get("service", "shop-backend"))
    two.apply(host=f"other-{two.namespace}.apps.localhost")
    wait_for(
        "its change",
        lambda: two.get("ingress", "shop")["spec"]["rules"][0]["host"].startswith("other-"),
    )
    # Nobody is left who repairs, and the first has work: it sees this when it goes on.
    two.stop()
    one.delete("service", "shop-backend")
    one.signal(signal.SIGCONT)
    assert one.exit_code() == 1
    assert one.get("service", "shop-backend") == {}
    assert one.get("ingress", "shop")["spec"]["rules"][0]["host"].startswith("other-")
    assert [at for at in _write_times(one, "one") if at > followed] == []
    one.start()
    wait_for("the repair", lambda: one.get("service", "shop-backend"))


def test_a_rolling_restart_loses_no_event(pair: tuple[World, World]) -> None:
    one, two = pair
    one.start()
    names = [f"shop-{number}" for number in range(6)]
    for number, name in enumerate(names):
        one.apply(name)
        if number == 1:  # as the Deployment does: the new one is ready before the old one ends
            two.start()
            one.signal(signal.SIGTERM)
        if number == 3:
            assert one.exit_code() == 0
            one.start()
            two.signal(signal.SIGTERM)
    assert two.exit_code() == 0
    wait_for("all roles", lambda: len(one.roles()) == 2 * len(names))
    for name in names:
        one.settle(name)
    # One that was settled under an earlier leader is still followed.
    one.delete("service", "shop-0-backend")
    wait_for("the repair", lambda: one.get("service", "shop-0-backend"))
    assert len(one.jobs()) == len(names)
