"""A host is one instance's: the first that was given it, whatever the others' age."""

from __future__ import annotations

from typing import Any

import pytest
from support.stage import Stage

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
    world.hosts.keep_only(VICTIM, ())
    assert world.woken == [EVIL]
    assert world.gives(EVIL)


def test_a_host_passes_on_when_its_holder_serves_another_one(world: World) -> None:
    world.put(VICTIM, HOST, "2024")
    world.put(EVIL, HOST, "2025")
    assert world.gives(VICTIM)
    world.put(VICTIM, "new.apps.example.com", "2024", given=HOST)
    assert world.gives(VICTIM, "new.apps.example.com")
    world.hosts.keep_only(VICTIM, ["new.apps.example.com"])
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
    world.hosts.keep_only(VICTIM, ())
    assert world.gives(EVIL)
    assert not world.gives(third)
    assert world.woken == [EVIL], "who was refused while somebody has it is woken in vain"


# Further hosts

OWN, THEIRS, FREE = "acme.apps.example.com", "evil.apps.example.com", "free.apps.example.com"


def _hosts(stage: Stage, namespace: str, name: str = "shop") -> list[str]:
    ingress = stage.cluster.get("Ingress", namespace, name)
    return [rule["host"] for rule in ingress["spec"]["rules"]] if ingress else []


@pytest.fixture
def two(stage: Stage) -> Stage:
    """Two tenants, each with a host and a further one."""
    stage.apply("shop", "acme", host=OWN, hosts=[HOST])
    stage.apply("shop", "evil", host=THEIRS)
    stage.settle()
    assert _hosts(stage, "acme") == [OWN, HOST]
    return stage


def test_each_further_host_is_served_over_tls_and_told_to_the_backend(two: Stage) -> None:
    ingress = two.cluster.get("Ingress", "acme", "shop")
    assert ingress
    assert ingress["spec"]["tls"] == [{"hosts": [OWN, HOST]}]
    one, other = (rule["http"] for rule in ingress["spec"]["rules"])
    assert one == other
    variables = two.template()["spec"]["containers"][0]["env"]
    told = {item["name"]: item.get("value") for item in variables}
    assert told["APP_PUBLIC_URL"] == f"https://{OWN}"
    assert told["APP_OTHER_HOSTS"] == HOST
    assert two.status()["url"] == f"https://{OWN}"
    assert two.status()["hosts"] == [HOST]
    assert "hosts" not in two.status("shop", "evil")


@pytest.mark.parametrize("further", [True, False], ids=["as a further one", "as the first"])
def test_a_further_host_is_nobody_elses(two: Stage, further: bool) -> None:
    change = {"hosts": [HOST, FREE]} if further else {"host": HOST}
    two.apply("shop", "evil", **change)
    two.settle()
    assert _hosts(two, "acme") == [OWN, HOST]
    # What it has it goes on with, and what is free of the rest it gets.
    assert _hosts(two, "evil") == ([THEIRS, FREE] if further else [THEIRS])
    stalled = two.condition("Stalled", "shop", "evil")
    assert (stalled["reason"], stalled["message"]) == (
        "HostTaken", f"host {HOST} is taken; choose another one",
    )  # fmt: skip
    assert two.ready() == "True"


def test_an_older_instance_takes_no_further_host_also_after_a_restart(two: Stage) -> None:
    two.apply("shop", "evil", hosts=[OWN, HOST])
    two.restart()
    two.settle()
    assert _hosts(two, "acme") == [OWN, HOST]
    assert _hosts(two, "evil") == [THEIRS]
    message = two.condition("Stalled", "shop", "evil")["message"]
    assert message == "; ".join(f"host {host} is taken; choose another one" for host in (OWN, HOST))


@pytest.mark.parametrize("way", ["dropped", "deleted"])
def test_a_further_host_that_is_given_back_passes_on_and_who_waits_is_woken(
    two: Stage, way: str
) -> None:
    two.apply("shop", "evil", hosts=[HOST])
    two.settle()
    if way == "dropped":
        two.apply("shop", "acme", hosts=None)
    else:
        two.cluster.delete("user", ("AppInstance", "acme", "shop"))
    two.settle()
    assert _hosts(two, "evil") == [THEIRS, HOST]
    assert two.condition("Stalled", "shop", "evil") == {}
    assert two.condition("Ready", "shop", "evil")["status"] == "True"


def test_one_without_a_first_host_has_no_further_one_either(two: Stage) -> None:
    two.apply("late", "evil", host=OWN, hosts=[FREE])
    two.settle()
    assert _hosts(two, "evil", "late") == []
    two.apply("shop", "evil", hosts=[FREE])
    two.settle()
    assert _hosts(two, "evil") == [THEIRS, FREE]


def test_first_and_further_may_change_places(two: Stage) -> None:
    two.apply("shop", "acme", host=HOST, hosts=[OWN])
    two.settle()
    assert _hosts(two, "acme") == [HOST, OWN]
    assert two.ready() == "True"


def test_hosts_are_kept_while_the_spec_is_refused(two: Stage) -> None:
    two.apply("shop", "acme", media={"prefix": "evil/"})
    two.settle()
    two.apply("shop", "evil", hosts=[HOST])
    two.settle()
    assert _hosts(two, "acme") == [OWN, HOST]
    assert _hosts(two, "evil") == [THEIRS]
