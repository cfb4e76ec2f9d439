"""Who is looked at again when an AppInstance says otherwise who calls whom, and what is agreed."""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_operator.api.access import NOBODY, Agreed
from appinstance_operator.kube.cache import Cache, Key

SHOP, BILLING, EVIL = ("acme", "shop"), ("payments", "billing"), ("evil", "shop")


def _named(*keys: Key) -> list[dict[str, str]]:
    return [{"namespace": namespace, "name": name} for namespace, name in keys]


class World:
    def __init__(self) -> None:
        self.cache = Cache()
        self.woken: list[Key] = []
        self.cache.made_way = self.woken.append
        self._version = 0

    def put(
        self, key: Key, *, callers: tuple[Key, ...] = (), called: tuple[Key, ...] = (),
        port: int | None = None, **meta: Any,
    ) -> list[Key]:  # fmt: skip
        """Take in an instance as it is now; return who was woken by it."""
        self._version += 1
        self.woken.clear()
        backend = {"image": "x:1"} | ({"port": port} if port else {})
        body = {
            "kind": "AppInstance",
            "metadata": {
                "namespace": key[0], "name": key[1], "uid": key[0],
                "resourceVersion": str(self._version), **meta,
            },
            "spec": {
                "host": f"{key[0]}.apps.example.com", "backend": backend,
                "access": {"from": _named(*callers), "to": _named(*called)},
            },
        }  # fmt: skip
        self.cache.put_instance(body)
        return self.woken


@pytest.fixture
def world() -> World:
    return World()


def test_one_side_alone_opens_nothing_and_wakes_nobody(world: World) -> None:
    assert world.put(SHOP, called=(BILLING,)) == []
    assert world.put(BILLING) == []
    assert world.cache.agreed(SHOP) == world.cache.agreed(BILLING) == NOBODY


def test_both_sides_open_it_and_whoever_spoke_first_is_woken(world: World) -> None:
    world.put(SHOP, called=(BILLING,))
    assert world.put(BILLING, callers=(SHOP,), port=8443) == [SHOP]
    assert world.cache.agreed(SHOP) == Agreed(called=((BILLING, 8443),))
    assert world.cache.agreed(BILLING) == Agreed(callers=(SHOP,))


def test_two_that_both_call_or_both_are_called_have_no_opening(world: World) -> None:
    world.put(SHOP, called=(BILLING,))
    world.put(BILLING, called=(SHOP,))
    assert world.cache.agreed(SHOP) == world.cache.agreed(BILLING) == NOBODY
    world.put(SHOP, callers=(BILLING,))
    world.put(BILLING, callers=(SHOP,))
    assert world.cache.agreed(SHOP) == world.cache.agreed(BILLING) == NOBODY


@pytest.mark.parametrize("way", ["withdrawn", "deleted", "going"])
def test_a_side_that_withdraws_closes_it_and_the_other_is_woken(world: World, way: str) -> None:
    world.put(SHOP, called=(BILLING,))
    world.put(BILLING, callers=(SHOP,))
    if way == "withdrawn":
        world.put(BILLING)
    elif way == "going":
        world.put(BILLING, callers=(SHOP,), deletionTimestamp="2026-01-01T00:00:00Z")
    else:
        world.woken.clear()
        world.cache.drop_instance(BILLING)
    assert world.woken == [SHOP]
    assert world.cache.agreed(SHOP) == NOBODY


def test_the_port_of_the_called_one_is_followed(world: World) -> None:
    world.put(BILLING, callers=(SHOP,))
    world.put(SHOP, called=(BILLING,))
    assert world.cache.agreed(SHOP).called == ((BILLING, 8000),)
    assert world.put(BILLING, callers=(SHOP,), port=8100) == [SHOP]
    assert world.cache.agreed(SHOP).called == ((BILLING, 8100),)


def test_nobody_wakes_another_by_naming_it(world: World) -> None:
    """Or a tenant could keep the operator busy with others' instances."""
    world.put(SHOP, called=(BILLING,))
    world.put(BILLING, callers=(SHOP,))
    for port in (8001, 8002):
        assert world.put(EVIL, callers=(SHOP, BILLING), called=(SHOP, BILLING), port=port) == []
    assert world.cache.agreed(EVIL) == NOBODY
    assert world.cache.agreed(SHOP).called == ((BILLING, 8000),)


def test_a_change_of_anything_else_wakes_nobody(world: World) -> None:
    world.put(SHOP, called=(BILLING,))
    world.put(BILLING, callers=(SHOP,))
    assert world.put(BILLING, callers=(SHOP,), labels={"team": "theirs"}) == []


def test_a_name_in_another_namespace_is_another_one(world: World) -> None:
    world.put(BILLING, callers=(SHOP,))
    assert world.put(EVIL, called=(BILLING,)) == []
    assert world.cache.agreed(EVIL) == world.cache.agreed(BILLING) == NOBODY


@pytest.mark.parametrize(
    "access", [None, [], "x", {"from": None}, {"from": "x"}, {"to": [{}]}, {"to": [None]}, {"x": 1}]
)
def test_what_an_older_crd_let_through_stops_nothing(world: World, access: Any) -> None:
    meta = {"namespace": "acme", "name": "odd", "uid": "odd", "resourceVersion": "1"}
    spec = {"host": "odd.apps.example.com", "backend": {"image": "x:1"}, "access": access}
    world.cache.put_instance({"kind": "AppInstance", "metadata": meta, "spec": spec})
    assert world.cache.agreed(("acme", "odd")) == NOBODY
