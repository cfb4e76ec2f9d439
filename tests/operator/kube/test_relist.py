"""All AppInstances are compared when kopf has listed them, and now and then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.kinds import APPINSTANCE, Kind
from appinstance_operator.kube.relist import Relist

SHOP: Key = ("team", "shop")


def _instance(version: int, name: str = "shop", namespace: str = "team") -> dict[str, Any]:
    meta = {"namespace": namespace, "name": name, "uid": name, "resourceVersion": str(version)}
    return {"metadata": meta, "spec": {}}


class Lists:
    """A client with lists of a script, the last one for ever; `done` is set when that is given."""

    def __init__(self, *lists: Any) -> None:
        self.lists = list(lists)
        self.asked: list[str | None] = []
        self.done = threading.Event()

    def pages(self, kind: Kind, selector: str, namespace: str | None) -> Iterator[Any]:
        assert (kind, selector) == (APPINSTANCE, "")
        self.asked.append(namespace)
        answer = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if len(self.lists) == 1 and answer is self.lists[0]:
            self.done.set()
        if isinstance(answer, Exception):
            raise answer
        for page in answer:
            yield {"items": page, "metadata": {"resourceVersion": "10"}}


def _relist(kube: Lists, cache: Cache, **options: Any) -> tuple[Relist, list[Key]]:
    woken: list[Key] = []
    return Relist(kube, cache, woken.append, gather=0.0, **options), woken  # type: ignore[arg-type]


def test_the_first_comparison_fills_the_cache() -> None:
    cache = Cache()
    relist, _ = _relist(Lists([[_instance(5)], [_instance(6, "two")]]), cache)
    assert relist.fill() == {SHOP, ("team", "two")}
    held = cache.instance(SHOP)
    assert held
    assert held["kind"] == "AppInstance", "as a watch would have it"


def test_an_instance_that_went_during_a_break_is_noticed_when_it_is_asked() -> None:
    cache, kube = Cache(), Lists([[]])
    cache.put_instance(_instance(5))
    relist, woken = _relist(kube, cache)
    relist.start()
    relist.ask()
    assert kube.done.wait(60)
    relist.stop()
    relist.join(60)
    assert woken == [SHOP]
    assert cache.keys() == ()


def test_without_being_asked_it_compares_now_and_then_and_outlives_errors() -> None:
    cache, kube = Cache(), Lists([[_instance(5)]], [[]])
    relist, woken = _relist(kube, cache, every=0.05)
    relist.start()
    assert kube.done.wait(60)
    relist.stop()
    relist.join(60)
    assert woken == [SHOP, SHOP], "it came, and it went"


def test_a_failed_comparison_is_repeated(monkeypatch: Any) -> None:
    monkeypatch.setattr("appinstance_operator.kube.relist._AGAIN_SECONDS", 0.01)
    cache, kube = Cache(), Lists(ApiError(500, "no"), [[_instance(5)]])
    relist, woken = _relist(kube, cache)
    relist.start()
    relist.ask()
    assert kube.done.wait(60)
    relist.stop()
    relist.join(60)
    assert woken == [SHOP]


def test_kept_to_namespaces_each_is_asked_for_by_itself() -> None:
    cache = Cache()
    cache.put_instance(_instance(5, namespace="one"))
    cache.put_instance(_instance(5, namespace="two"))
    kube = Lists([[_instance(5, namespace="one")]], [[]])
    relist, _ = _relist(kube, cache, namespaces=("one", "two"))
    assert relist.fill() == {("two", "shop")}
    assert kube.asked == ["one", "two"]
