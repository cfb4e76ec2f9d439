"""What an event of kopf's wakes, and what it does not."""

from __future__ import annotations

from typing import Any

import kopf
import pytest
from support.golden_settings import golden_values
from support.operator_world import GOLDEN

from appinstance_operator.api.settings import parse_settings
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.runtime import events as handlers

INSTANCE = "register.<locals>.on_instance"


class Wired:
    """The handlers with a cache and a queue; `send` is what kopf does with an event."""

    def __init__(self) -> None:
        self.registry = kopf.OperatorRegistry()
        self.cache = Cache()
        self.woken: list[Key] = []
        self.listed: list[bool] = []
        handlers.register(
            self.registry, self.cache, self.woken.append, lambda: self.listed.append(True)
        )
        # Any: kopf's handlers take a dozen arguments, of which ours use one.
        self._by_id: dict[str, Any] = {
            str(item.id): item.fn for item in self.registry._watching._handlers
        }

    async def send(self, handler: str, type_: str | None, body: dict[str, Any]) -> list[Key]:
        """Deliver one event; return whom it woke."""
        await self._by_id[handler](event={"type": type_, "object": body})
        woken, self.woken[:] = list(self.woken), []
        return woken


@pytest.fixture
def wired() -> Wired:
    return Wired()


def _instance(version: int) -> dict[str, Any]:
    meta = {"namespace": "team", "name": "shop", "uid": "u", "resourceVersion": str(version)}
    return {"metadata": meta, "spec": {}}


async def test_an_instance_wakes_itself_once_per_version(wired: Wired) -> None:
    assert await wired.send(INSTANCE, "ADDED", _instance(5)) == [("team", "shop")]
    assert await wired.send(INSTANCE, "MODIFIED", _instance(5)) == []
    assert await wired.send(INSTANCE, None, _instance(4)) == []
    assert await wired.send(INSTANCE, "MODIFIED", _instance(6)) == [("team", "shop")]


async def test_only_an_event_of_a_list_asks_for_a_comparison(wired: Wired) -> None:
    for type_ in ("ADDED", "MODIFIED", "DELETED"):
        await wired.send(INSTANCE, type_, _instance(5))
    assert wired.listed == []
    await wired.send(INSTANCE, None, _instance(5))
    assert wired.listed == [True]


async def test_an_instance_that_is_gone_wakes_itself_and_is_forgotten(wired: Wired) -> None:
    await wired.send(INSTANCE, "ADDED", _instance(5))
    assert await wired.send(INSTANCE, "DELETED", _instance(6)) == [("team", "shop")]
    assert wired.cache.instance(("team", "shop")) is None


def test_kept_to_namespaces_kopf_watches_those_alone() -> None:
    values = golden_values(GOLDEN)
    assert handlers.scope(parse_settings(values)) == {"clusterwide": True}
    kept = parse_settings({**values, "namespaces": ["one", "two"]})
    assert handlers.scope(kept) == {"namespaces": ["one", "two"]}


def test_kopf_watches_appinstances_alone_and_writes_nothing(wired: Wired) -> None:
    settings = kopf.OperatorSettings()
    handlers.configure(settings)
    assert settings.posting.enabled is False
    assert settings.watching.chunk_size == 200  # a large cluster's come page by page
    assert settings.queueing.idle_timeout == 1  # no longer is a body kept for nobody
    assert set(wired._by_id) == {INSTANCE}
