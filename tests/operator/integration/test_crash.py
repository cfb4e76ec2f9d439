"""Killed at each step of a reconcile and started again: it converges, and nothing is left twice."""

from __future__ import annotations

import pytest
from support.operator_world import World
from support.waiting import wait_for

from appinstance_operator.signals import faults

pytestmark = pytest.mark.integration

DELETION = {"role-without-policy-on-delete", "before-finalizer-removal"}
# Reached only once what comes before them has been answered by controllers.
GATED = {"after-migration", "after-workloads", "after-edge", "before-prune"}


def _died(world: World) -> bool:
    assert world.process
    return world.process.poll() == 137


@pytest.mark.parametrize("point", [p for p in faults.POINTS if p not in DELETION])
def test_killed_while_it_makes_an_instance(world: World, point: str) -> None:
    if point in GATED:
        world.start()
        world.apply()
        wait_for("the last secret", lambda: world.get("externalsecret", "shop-app"))
        if point != "after-migration":
            world.sync_secrets()
            world.finish_job(wait_for("the migration", world.jobs)[0])
            wait_for("the rollout", lambda: world.get("ingress", "shop"))
        world.stop()
        if point != "after-migration":
            # Something to do, which it must not have done before it was stopped.
            world.delete("service", "shop-backend")
        if point == "after-migration":
            world.sync_secrets()
    else:
        world.apply()
    world.start(APPINSTANCE_FAULTS_ENABLED="1", APPINSTANCE_FAULT=point)
    wait_for(f"death at {point}", lambda: _died(world))
    world.start()
    world.settle()
    assert len(world.roles()) == 2
    for role in world.roles():
        assert world.iam().list_role_policies(RoleName=role)["PolicyNames"] == ["appinstance"]
    assert len(world.jobs()) == 1


@pytest.mark.parametrize("point", sorted(DELETION))
def test_killed_while_it_removes_an_instance(world: World, point: str) -> None:
    world.apply()
    world.start()
    wait_for("roles", lambda: len(world.roles()) == 2)
    world.stop()
    world.delete("appi", "shop", wait=False)
    world.start(APPINSTANCE_FAULTS_ENABLED="1", APPINSTANCE_FAULT=point)
    wait_for(f"death at {point}", lambda: _died(world))
    assert world.get("appi", "shop"), "it is held until its roles are gone"
    gone = point == "before-finalizer-removal"
    assert (world.roles() == []) is gone
    world.start()
    wait_for("the end", lambda: world.is_gone("appi", "shop"))
    assert world.roles() == []
