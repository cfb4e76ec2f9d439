"""The watch of Secrets: metadata alone, a list after every break, nothing of a value kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from appinstance_operator.api.errors import OperatorError
from appinstance_operator.kube.cache import DATA_HASH, Cache, Key, secret_hashes
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.kinds import SECRET, Kind
from appinstance_operator.kube.watch import ChildSink, Watch

SHOP: Key = ("team", "shop")


def _meta(version: int, hash_: str = "one", name: str = "shop-app") -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "team",
            "name": name,
            "uid": name,
            "resourceVersion": str(version),
            "labels": {"app.kubernetes.io/instance": "shop"},
            "annotations": {DATA_HASH: hash_},
        }
    }


class FakeKube:
    """Answers lists and watches from a script; a watch that runs out stops the thread."""

    def __init__(self, lists: list[Any], watches: list[list[Any]]) -> None:
        self.lists, self.watches = lists, watches
        self.metadata_only: list[bool] = []
        self.versions: list[str] = []
        self.ended = threading.Event()

    def pages(self, kind: Kind, _selector: str, _namespace: str | None) -> Iterator[Any]:
        self.metadata_only.append(kind.metadata_only)
        items = self.lists.pop(0)
        if isinstance(items, OperatorError):
            raise items
        yield {"items": items, "metadata": {"resourceVersion": "10"}}

    def watch(
        self, kind: Kind, _selector: str, version: str, _seconds: int, _namespace: str | None
    ) -> Iterator[Any]:
        self.metadata_only.append(kind.metadata_only)
        self.versions.append(version)
        if not self.watches:
            self.ended.set()
            raise ApiError(410, "the script is over")
        yield from self.watches.pop(0)


def _run(kube: FakeKube) -> tuple[Cache, list[Key]]:
    cache, woken = Cache(), list[Key]()
    thread = Watch(kube, SECRET, ChildSink(cache, SECRET), woken.append)  # type: ignore[arg-type]
    thread._stop_asked.wait = lambda *_: None  # type: ignore[assignment,method-assign]
    kube.ended.set = lambda: thread.stop()  # type: ignore[method-assign]
    thread.run()
    return cache, woken


def test_values_never_get_into_the_cache() -> None:
    body = {**_meta(5), "data": {"password": "cGxhbnRlZA=="}, "stringData": {"x": "planted"}}
    kept = Watch(None, SECRET, ChildSink(Cache(), SECRET), lambda _key: None).cached(body)  # type: ignore[arg-type]
    assert kept.keys() == {"kind", "apiVersion", "metadata"}


def test_list_then_watch_wakes_for_news_only() -> None:
    events = [
        {"type": "MODIFIED", "object": _meta(11)},
        {"type": "MODIFIED", "object": _meta(11)},
        {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "30"}}},
        {"type": "MODIFIED", "object": _meta(31, "two")},
    ]
    kube = FakeKube([[_meta(5)]], [events])
    cache, woken = _run(kube)
    assert set(kube.metadata_only) == {True}, "no request may ask for values"
    assert woken == [SHOP, SHOP, SHOP]
    assert kube.versions == ["10", "31"], "the next watch goes on where this one ended"
    assert secret_hashes(cache.children(SHOP)) == {"shop-app": "two"}


def test_a_secret_that_went_during_a_break_is_seen_in_the_next_list() -> None:
    expired = [{"type": "ERROR", "object": {"code": 410, "message": "too old"}}]
    kube = FakeKube([[_meta(5), _meta(6, name="shop-database")], [_meta(5)]], [expired])
    cache, woken = _run(kube)
    assert secret_hashes(cache.children(SHOP)) == {"shop-app": "one"}
    assert woken == [SHOP, SHOP], "once for each list"


def test_a_failing_list_is_tried_again() -> None:
    kube = FakeKube([ApiError(500, "etcd is away"), [_meta(5)]], [])
    cache, _ = _run(kube)
    assert kube.lists == []
    assert secret_hashes(cache.children(SHOP)) == {"shop-app": "one"}
