"""The watches of what instances own: whom an event wakes, and what follows a break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appinstance_operator.kube.cache import SELECTOR, Cache, Key
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.kinds import BY_KIND, Kind
from appinstance_operator.kube.watch import ChildWatch

SHOP: Key = ("team", "shop")
DEPLOYMENT = BY_KIND["Deployment"]


def _child(version: int, owner: str | None = "shop", name: str = "shop-backend") -> dict[str, Any]:
    owners = [{"kind": "AppInstance", "name": owner}] if owner else []
    meta = {"namespace": "team", "name": name, "uid": name, "resourceVersion": str(version)}
    return {"metadata": {**meta, "ownerReferences": owners}}


def _event(type_: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "object": body}


class Script:
    """A client that answers from a script and stops the watch when that is over."""

    def __init__(self, lists: list[Any], watches: list[list[Any]]) -> None:
        self.lists, self.watches = lists, watches
        self.asked: list[str] = []
        self.selectors: set[str] = set()
        self.cache, self.woken = Cache(), list[Key]()
        self.watch_ = ChildWatch(self, self.cache, self.woken.append, DEPLOYMENT)  # type: ignore[arg-type]
        self.watch_._stop_asked.wait = lambda *_: None  # type: ignore[assignment,method-assign]

    def list(self, kind: Kind, selector: str) -> Any:
        assert kind == DEPLOYMENT
        self.asked.append("list")
        self.selectors.add(selector)
        return {"items": self.lists.pop(0), "metadata": {"resourceVersion": "10"}}

    def watch(self, _kind: Kind, selector: str, version: str, _seconds: int) -> Iterator[Any]:
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
    events = [_event("MODIFIED", _child(7)), _event("MODIFIED", _child(7))]
    told = Script([[]], [[*events, _event("DELETED", _child(8))]]).run()
    assert told.woken == [SHOP, SHOP]
    assert told.cache.children(SHOP) == {}
    assert told.selectors == {SELECTOR}, "others' objects are not asked for"


def test_what_the_cache_holds_says_what_it_is() -> None:
    told = Script([[_child(7)]], [[]]).run()
    held = told.cache.children(SHOP)["Deployment", "shop-backend"]
    assert (held["kind"], held["apiVersion"]) == ("Deployment", "apps/v1")


def test_a_late_event_does_not_bring_a_deleted_child_back() -> None:
    events = [("ADDED", 7), ("DELETED", 9), ("MODIFIED", 8)]
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
