"""Two operators at once: they do each other no harm, and the one that is left takes over.

The chart runs one replica with `Recreate` (docs/adr/0010), but a node that is lost and comes back
can run an old pod beside the new one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.operator_world import World, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def second(world: World) -> Iterator[World]:
    """The same world with another operator in it, not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made = replace(world, port=free.getsockname()[1], process=None)
    yield made
    made.stop()


def test_two_at_once_converge_and_fall_silent(world: World, second: World) -> None:
    world.start()
    second.start()
    world.apply()
    world.settle()
    assert len(world.roles()) == 2, "one role for the backend, one for the secrets"
    assert len(world.jobs()) == 1, "one migration"
    for operator in (world, second):
        operator.wait_reconciled(0)
    before = (world.writes(), second.writes())
    looks = [operator.metric("controller_runtime_reconcile_total") for operator in (world, second)]
    # Wakes both; neither has anything to do, so they do not write against each other.
    world.kubectl("label", "deployment", "shop-backend", "team=theirs")
    for operator, looked in zip((world, second), looks, strict=True):
        operator.wait_reconciled(looked)
    assert (world.writes(), second.writes()) == before


def test_the_second_takes_over_when_the_first_dies(world: World, second: World) -> None:
    world.start()
    world.apply()
    second.start()
    # The first dies in the middle: roles are made, secrets are not there yet.
    wait_for("the roles", lambda: len(world.roles()) == 2)
    world.stop()
    world.settle()
    world.kubectl("delete", "service", "shop-backend")
    wait_for("the repair", lambda: world.get("service", "shop-backend"))
    world.kubectl("delete", "appi", "shop", "--timeout=30s")
    assert world.roles() == []
