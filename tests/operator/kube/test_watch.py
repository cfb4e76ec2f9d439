"""The watches of what instances own: whom an event wakes, and what follows a break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from appinstance_operator.kube.cache import SELECTOR, Cache, Key
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.kinds import BY_KIND, NAMESPACE, Kind
from appinstance_operator.kube.watch import ChildSink, NamespaceSink, Watch

SHOP: Key = ("team", "shop")
DEPLOYMENT = BY_KIND["Deployment"]


def _child(version: int, owner: str | None = "shop", name: str = "shop-backend") -> dict[str, Any]:
    owners = [{"kind": "AppInstance", "name": owner}] if owner else []
    meta = {"namespace": "team", "name": name, "uid": name, "resourceVersion": str(version)}
    labels = {"app.kubernetes.io/managed-by": "appinstance-operator"}
    return {"metadata": {**meta, "labels": labels, "ownerReferences": owners}}


def _event(type_: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "object": body}


class Script:
    """A client that answers from a script and stops the watch when that is over."""

    def __init__(self, lists: list[Any], watches: list[list[Any]]) -> None:
        self.lists, self.watches = lists, watches
        self.asked: list[str] = []
        self.selectors: set[str] = set()
        self.cache, self.woken = Cache(), list[Key]()
        self.watch_ = Watch(self, DEPLOYMENT, ChildSink(self.cache, DEPLOYMENT), self.woken.append)  # type: ignore[arg-type]
        self.pauses: list[float] = []
        self.watch_._stop_asked.wait = self.pauses.append  # type: ignore[assignment,method-assign]

    def pages(self, kind: Kind, selector: str, namespace: str | None) -> Iterator[Any]:
        assert kind == DEPLOYMENT
        self.asked.append("list")
        self.selectors.add(selector)
        answer = self.lists.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield {"items": answer, "metadata": {"resourceVersion": "10"}}

    def watch(
        self, _kind: Kind, selector: str, version: str, _seconds: int, namespace: str | None
    ) -> Iterator[Any]:
        self.asked.append(version)
        self.selectors.add(selector)
        for item in self.watches.pop(0):
            if isinstance(item, Exception):
                raise item
            yield item
        if not self.watches:
            self.watch_.stop()

    def run(self) -> Script:
        """Run the watch to the end of the script."""
        self.watch_.run()
        return self


def test_a_child_wakes_its_owner_when_it_changes_and_when_it_goes() -> None:
    events = [_event("MODIFIED", _child(17)), _event("MODIFIED", _child(17))]
    told = Script([[]], [[*events, _event("DELETED", _child(18))]]).run()
    assert told.woken == [SHOP, SHOP]
    assert told.cache.children(SHOP) == {}
    assert told.selectors == {SELECTOR}, "others' objects are not asked for"


def test_what_the_cache_holds_says_what_it_is() -> None:
    told = Script([[_child(7)]], [[]]).run()
    held = told.cache.children(SHOP)["Deployment", "shop-backend"]
    assert (held["kind"], held["apiVersion"]) == ("Deployment", "apps/v1")


def test_a_late_event_does_not_bring_a_deleted_child_back() -> None:
    events = [("ADDED", 17), ("DELETED", 19), ("MODIFIED", 18)]
    told = Script([[]], [[_event(type_, _child(version)) for type_, version in events]]).run()
    assert told.woken == [SHOP, SHOP]
    assert told.cache.children(SHOP) == {}


def test_an_object_of_nobody_wakes_nobody() -> None:
    told = Script([[]], [[_event("ADDED", _child(7, owner=None))]]).run()
    assert told.woken == []


def test_a_filled_watch_starts_where_the_list_was() -> None:
    told = Script([[_child(7)]], [[]])
    assert told.watch_.fill() == {SHOP}
    told.run()
    assert told.asked == ["list", "10"], "the first list is not repeated"
    assert told.woken == [], "filling is the caller's business"


def test_a_watch_that_ends_or_breaks_off_goes_on_where_it_was() -> None:
    bookmark = _event("BOOKMARK", {"metadata": {"resourceVersion": "30"}})
    broken = ApiError(0, "the watch broke off")
    told = Script([[]], [[bookmark], [_event("ADDED", _child(31)), broken], []]).run()
    assert told.asked == ["list", "10", "30", "31"]


def test_an_expired_version_means_a_new_list_in_which_what_went_is_missing() -> None:
    expired = _event("ERROR", {"code": 410, "message": "too old"})
    lists = [[_child(5), _child(6, name="shop-frontend")], [_child(5)]]
    told = Script(lists, [[expired], []]).run()
    assert told.asked == ["list", "10", "list", "10"]
    assert set(told.cache.children(SHOP)) == {("Deployment", "shop-backend")}


def test_an_event_that_cannot_be_read_does_not_end_the_watch() -> None:
    told = Script([[], [_child(7)]], [[{"type": "ADDED", "object": {}}], []]).run()
    assert told.asked == ["list", "10", "list", "10"]
    assert told.woken == [SHOP]


def test_a_pause_is_short_again_after_a_watch_that_worked() -> None:
    broken, refused = ApiError(0, "the watch broke off"), ApiError(503, "busy")
    outage: list[list[Any]] = [[refused]] * 8
    worked = [_event("BOOKMARK", {"metadata": {"resourceVersion": "30"}}), broken]
    script = Script([[]], [*outage, worked, worked, []]).run()
    assert max(script.pauses[:8]) <= 30, "never blind for longer"
    assert min(script.pauses[5:8]) > 15
    assert max(script.pauses[8:10]) < 2
    assert script.asked.count("list") == 1, "no version was lost"


def test_a_watch_that_ends_at_once_with_nothing_is_not_asked_for_without_a_pause() -> None:
    script = Script([[]], [[], [], [], []]).run()
    assert script.pauses[1] > script.pauses[0] > 0


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 504])
def test_a_refused_version_means_a_new_list(status: int) -> None:
    script = Script([[], []], [[ApiError(status, "no")], []]).run()
    assert script.asked == ["list", "10", "list", "10"]


@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_server_that_is_away_or_busy_is_not_asked_for_a_list_as_well(status: int) -> None:
    script = Script([[]], [[ApiError(status, "later")], []]).run()
    assert script.asked == ["list", "10", "10"]


def test_a_list_that_fails_is_tried_again() -> None:
    script = Script([ApiError(0, "away"), [_child(7)]], [[]]).run()
    assert script.asked == ["list", "list", "10"]
    assert script.woken == [SHOP]


class Paged:
    """A client that gives a list in pages, and asks in between what is held already."""

    def __init__(self, pages: list[list[dict[str, Any]]]) -> None:
        self.cache = Cache()
        self._pages = pages
        self.held: list[int] = []
        self.asked: list[str | None] = []

    def pages(self, _kind: Kind, _selector: str, namespace: str | None) -> Iterator[Any]:
        self.asked.append(namespace)
        for page in self._pages:
            self.held.append(len(self.cache.children(SHOP)))
            yield {"items": page, "metadata": {"resourceVersion": "10"}}

    def watch_of(self, namespace: str | None) -> Watch:
        """Return a watch of one namespace or of all."""
        sink = ChildSink(self.cache, DEPLOYMENT)
        return Watch(self, DEPLOYMENT, sink, lambda _key: None, namespace)  # type: ignore[arg-type]


def test_a_list_is_taken_in_page_by_page() -> None:
    paged = Paged([[_child(5, name="one")], [_child(6, name="two")]])
    assert paged.watch_of(None).fill() == {SHOP}
    assert paged.held == [0, 1]
    assert len(paged.cache.children(SHOP)) == 2


def test_a_watch_of_one_namespace_says_nothing_of_the_others() -> None:
    paged = Paged([[]])
    paged.cache.put_child({**_child(5), "kind": "Deployment"})
    paged.watch_of("elsewhere").fill()
    assert len(paged.cache.children(SHOP)) == 1
    paged.watch_of("team").fill()
    assert len(paged.cache.children(SHOP)) == 0
    assert paged.asked == ["elsewhere", "team"]


def test_the_age_of_a_watch_is_since_it_last_heard_something() -> None:
    now = [100.0]
    paged = Paged([[]])
    sink = ChildSink(paged.cache, DEPLOYMENT)
    watch = Watch(paged, DEPLOYMENT, sink, lambda _key: None, None, lambda: now[0])  # type: ignore[arg-type]
    now[0] = 150.0
    assert watch.age == 50.0
    watch.fill()
    assert watch.age == 0.0


def test_labels_of_namespaces_wake_who_lives_there() -> None:
    cache, woken = Cache(), list[Key]()
    instance = {"metadata": {"namespace": "team", "name": "shop", "resourceVersion": "1"}}
    cache.put_instance(instance)
    sink = NamespaceSink(cache)
    labelled = {"metadata": {"name": "team", "labels": {"gates": "on"}}}
    bare = {"metadata": {"name": "bare"}}
    woken += sink.replace([labelled, bare], lambda: 1, "")
    assert woken == [SHOP]
    assert cache.namespace_labels("team") == {"gates": "on"}
    assert list(sink.put(labelled)) == [], "no news"
    sink.replace([bare], lambda: 2, "")
    assert cache.namespace_labels("team") == {}
    sink.drop(bare, "")
    assert cache.namespaces() == ()


def test_a_namespace_is_known_by_its_metadata_alone() -> None:
    assert NAMESPACE.metadata_only
