"""A host is one instance's: the first that was given it, whatever the others' age."""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.reconcile.hosts import Hosts

VICTIM: Key = ("acme", "shop")
EVIL: Key = ("evil", "shop")
HOST = "shop.apps.example.com"


def _instance(key: Key, host: str, created: str, *, given: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "apiVersion": "platform.appinstance.io/v1alpha1",
        "kind": "AppInstance",
        "metadata": {
            "namespace": key[0], "name": key[1], "uid": key[0], "resourceVersion": created[:4],
            "creationTimestamp": f"{created}-01-01T00:00:00Z",
        },
        "spec": {"host": host},
    }  # fmt: skip
    return {**body, "status": {"host": given}} if given else body


class World:
    def __init__(self) -> None:
        self.cache = Cache()
        self.woken: list[Key] = []
        self.hosts = Hosts(self.cache, self.woken.append)

    def put(self, key: Key, host: str, created: str, *, given: str | None = None) -> None:
        self.cache.drop_instance(key)
        self.cache.put_instance(_instance(key, host, created, given=given))

    def gives(self, key: Key, host: str = HOST) -> bool:
        return self.hosts.give(host, key, key[0])


@pytest.fixture
def world() -> World:
    return World()


def test_the_oldest_that_names_it_gets_it_whoever_asks_first(world: World) -> None:
    world.put(VICTIM, HOST, "2024")
    world.put(EVIL, HOST, "2025")
    assert not world.gives(EVIL)
    assert world.gives(VICTIM)


def test_an_older_instance_can_not_take_a_host_by_renaming_itself_to_it(world: World) -> None:
    world.put(VICTIM, HOST, "2025")
    world.put(EVIL, "other.apps.example.com", "2024")
    assert world.gives(VICTIM)
    world.put(EVIL, HOST, "2024")
    assert not world.gives(EVIL)
    assert world.gives(VICTIM)


def test_nor_after_the_operator_was_restarted(world: World) -> None:
    world.put(VICTIM, HOST, "2025", given=HOST)
    world.put(EVIL, HOST, "2024")
    assert not world.gives(EVIL)
    assert world.gives(VICTIM)


def test_a_host_of_an_instance_that_is_gone_passes_on_and_who_waits_is_woken(world: World) -> None:
    world.put(VICTIM, HOST, "2024")
    world.put(EVIL, HOST, "2025")
    assert world.gives(VICTIM)
    assert not world.gives(EVIL)
    world.cache.drop_instance(VICTIM)
    world.hosts.keep_only(VICTIM, None)
    assert world.woken == [EVIL]
    assert world.gives(EVIL)


def test_a_host_passes_on_when_its_holder_serves_another_one(world: World) -> None:
    world.put(VICTIM, HOST, "2024")
    world.put(EVIL, HOST, "2025")
    assert world.gives(VICTIM)
    world.put(VICTIM, "new.apps.example.com", "2024", given=HOST)
    assert world.gives(VICTIM, "new.apps.example.com")
    world.hosts.keep_only(VICTIM, "new.apps.example.com")
    assert world.woken == [EVIL]
    assert world.gives(EVIL)


def test_one_made_anew_under_the_same_name_is_another_one(world: World) -> None:
    world.put(VICTIM, HOST, "2024")
    world.put(EVIL, HOST, "2025")
    assert world.gives(VICTIM)
    assert not world.hosts.give(HOST, VICTIM, "another-uid")


def test_who_gets_a_host_because_another_one_asked_is_woken(world: World) -> None:
    """The holder is gone, and a younger one happens to be looked at before that is noticed."""
    third: Key = ("third", "shop")
    world.put(VICTIM, HOST, "2024")
    assert world.gives(VICTIM)
    world.put(EVIL, HOST, "2025")
    world.put(third, HOST, "2026")
    world.cache.drop_instance(VICTIM)
    assert not world.gives(third)
    assert world.woken == [EVIL]
    world.hosts.keep_only(VICTIM, None)
    assert world.gives(EVIL)
    assert not world.gives(third)
    assert world.woken == [EVIL], "who was refused while somebody has it is woken in vain"
