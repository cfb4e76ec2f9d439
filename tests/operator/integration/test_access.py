"""Calls between AppInstances on a real API server: what one says opens nothing of the other."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
from support.operator_world import World
from support.waiting import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def other(world: World) -> Iterator[World]:
    """Another tenant's namespace, under the same operator."""
    made = dataclasses.replace(world, namespace=f"{world.namespace}-other")
    assert world.admin.create_namespace(made.namespace).status == 201
    yield made
    world.stop()
    made.let_go()


def _mentions(world: World, name: str, namespace: str) -> bool:
    """Return whether a backend's policy says anything of a namespace."""
    policy = wait_for("the policy", lambda: world.get("networkpolicy", f"{name}-backend"))
    return f'"kubernetes.io/metadata.name": "{namespace}"' in json.dumps(policy["spec"])


def test_an_opening_comes_with_the_second_word_and_goes_with_the_first(
    world: World, other: World
) -> None:
    world.start()
    there = {"name": "billing", "namespace": other.namespace}
    here = {"name": "shop", "namespace": world.namespace}
    world.apply("shop", access={"to": [there]})
    world.wait_condition("AccessAgreed", "NotAgreed")
    other.apply("billing", frontend=None)
    assert not _mentions(other, "billing", world.namespace)
    assert not _mentions(world, "shop", other.namespace)

    other.apply("billing", frontend=None, access={"from": [here]})
    world.wait_condition("AccessAgreed", "Agreed")
    other.wait_condition("AccessAgreed", "Agreed", "billing")
    assert _mentions(world, "shop", other.namespace)
    assert _mentions(other, "billing", world.namespace)
    url = f"http://billing-backend.{other.namespace}.svc:8000"
    assert world.get("appi", "shop")["status"]["access"]["to"] == [{**there, "url": url}]

    # The one who is called takes it back, and nobody touches the caller.
    other.apply("billing", frontend=None)
    world.wait_condition("AccessAgreed", "NotAgreed")
    assert not _mentions(world, "shop", other.namespace)
    wait_for("both to close", lambda: not _mentions(other, "billing", world.namespace))
