"""What an event of the API server wakes, and what it does not."""

from __future__ import annotations

from typing import Any

import kopf
import pytest

from appinstance_operator import handlers
from appinstance_operator.kube import APPINSTANCE, CHILDREN
from appinstance_operator.metrics import Metrics
from appinstance_operator.observe import SELECTOR, Cache, Key
from appinstance_operator.workqueue import WorkQueue

INSTANCE = "register.<locals>.on_instance"


class Wired:
    """The handlers with a cache and a queue; `send` is what kopf does with an event."""

    def __init__(self) -> None:
        self.registry = kopf.OperatorRegistry()
        self.cache = Cache()
        self.queue: WorkQueue[Key] = WorkQueue(Metrics())
        handlers.register(self.registry, self.cache, self.queue, CHILDREN)
        self._by_id = {item.id: item.fn for item in self.registry._watching._handlers}

    async def send(self, handler: str, type_: str | None, body: dict[str, Any]) -> list[Key]:
        """Deliver one event; return whom it woke."""
        await self._by_id[handler](event={"type": type_, "object": body})
        woken = list(self.queue._waiting)
        self.queue._waiting.clear()
        return woken


@pytest.fixture
def wired() -> Wired:
    return Wired()


def _instance(version: int) -> dict[str, Any]:
    meta = {"namespace": "team", "name": "shop", "uid": "u", "resourceVersion": str(version)}
    return {"metadata": meta, "spec": {}}


def _child(version: int, owner: str | None = "shop", uid: str = "c") -> dict[str, Any]:
    owners = [{"kind": "AppInstance", "name": owner}] if owner else []
    meta = {"namespace": "team", "name": "shop-backend", "uid": uid}
    return {"metadata": {**meta, "resourceVersion": str(version), "ownerReferences": owners}}


async def test_an_instance_wakes_itself_once_per_version(wired: Wired) -> None:
    assert await wired.send(INSTANCE, "ADDED", _instance(5)) == [("team", "shop")]
    assert await wired.send(INSTANCE, "MODIFIED", _instance(5)) == []
    assert await wired.send(INSTANCE, None, _instance(4)) == []
    assert await wired.send(INSTANCE, "MODIFIED", _instance(6)) == [("team", "shop")]


async def test_a_child_wakes_its_owner_when_it_changes_and_when_it_goes(wired: Wired) -> None:
    assert await wired.send("on-deployments", "ADDED", _child(7)) == [("team", "shop")]
    assert await wired.send("on-deployments", "MODIFIED", _child(7)) == []
    assert await wired.send("on-deployments", "DELETED", _child(8)) == [("team", "shop")]
    assert wired.cache.children(("team", "shop")) == {}


async def test_a_late_event_does_not_bring_a_deleted_child_back(wired: Wired) -> None:
    await wired.send("on-deployments", "ADDED", _child(7))
    await wired.send("on-deployments", "DELETED", _child(9))
    assert await wired.send("on-deployments", "MODIFIED", _child(8)) == []
    assert wired.cache.children(("team", "shop")) == {}


async def test_an_object_of_nobody_wakes_nobody(wired: Wired) -> None:
    assert await wired.send("on-deployments", "ADDED", _child(7, owner=None)) == []


def test_children_are_watched_by_our_label_alone_and_kopf_writes_nothing(wired: Wired) -> None:
    settings = kopf.OperatorSettings()
    handlers.configure(settings)
    assert settings.posting.enabled is False
    (narrow,) = settings.watching.label_selectors
    assert settings.watching.label_selectors[narrow] == SELECTOR

    def narrowed(plural: str) -> bool:
        return narrow.check(kopf.Resource("g", "v1", plural))

    assert all(narrowed(kind.plural) for kind in CHILDREN)
    assert not narrowed(APPINSTANCE.plural)


def test_every_kind_that_we_make_is_watched(wired: Wired) -> None:
    assert {f"on-{kind.plural}" for kind in CHILDREN} < set(wired._by_id)
