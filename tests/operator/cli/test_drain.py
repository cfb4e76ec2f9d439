"""The drain refuses, or deletes and waits; it never reports success while something is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appinstance_operator.cli import drain
from appinstance_operator.cli.fleet import CommandError, Condition, Key, Seen, Snapshot


def _seen(name: str, *, deleting: bool = False, message: str = "") -> Seen:
    conditions = {"Stalled": Condition("True", "AccessDenied", message)} if message else {}
    return Seen(Key("tenants", name), name, 1, 1, deleting, conditions)


class _Fleet:
    """A cluster in memory: `on_change` is what the rest of the world does at each wait."""

    def __init__(self, *instances: Seen, on_change: Callable[[_Fleet], None] | None = None) -> None:
        self.instances = {seen.key: seen for seen in instances}
        self.deletes: list[Key] = []
        self.now = 0.0
        self._on_change = on_change

    def clock(self) -> float:
        return self.now

    def snapshot(self, only: Key | None = None) -> Snapshot:
        assert only is None
        return Snapshot(tuple(self.instances.values()), "7")

    def delete(self, seen: Seen) -> None:
        self.deletes.append(seen.key)
        self.instances[seen.key] = _seen(seen.key.name, deleting=True)

    def await_change(self, since: str, seconds: float, only: Key | None = None) -> None:
        assert since == "7"
        if self._on_change is None:
            self.now += seconds
        else:
            self._on_change(self)


def _finalize_one(fleet: _Fleet) -> None:
    fleet.instances.pop(min(key for key, seen in fleet.instances.items() if seen.deleting))


def test_refuse_passes_an_empty_cluster() -> None:
    assert drain.refuse(_Fleet()) == "no AppInstance is left"


def test_refuse_names_what_is_left_and_deletes_nothing() -> None:
    fleet = _Fleet(_seen("b"), _seen("a"))
    with pytest.raises(CommandError) as refused:
        drain.refuse(fleet)
    assert "2 AppInstances are left (tenants/a, tenants/b)" in str(refused.value)
    assert "kubectl delete appinstances" in str(refused.value)
    assert fleet.deletes == []


def test_refuse_stops_also_on_one_that_is_being_deleted() -> None:
    with pytest.raises(CommandError, match="1 AppInstance is left"):
        drain.refuse(_Fleet(_seen("a", deleting=True)))


def test_a_long_list_is_cut_in_the_sentence() -> None:
    with pytest.raises(CommandError, match="and 2 more"):
        drain.refuse(_Fleet(*[_seen(f"n{number:02}") for number in range(12)]))


def test_delete_returns_only_when_the_last_finalizer_is_gone() -> None:
    fleet = _Fleet(_seen("a"), _seen("b"), _seen("c", deleting=True), on_change=_finalize_one)
    assert drain.delete(fleet, 60, fleet.clock) == "3 AppInstances deleted"
    assert sorted(key.name for key in fleet.deletes) == ["a", "b"]
    assert fleet.instances == {}


def test_one_that_is_created_meanwhile_is_deleted_too() -> None:
    late = [_seen("late")]

    def change(fleet: _Fleet) -> None:
        if late:
            newcomer = late.pop()
            fleet.instances[newcomer.key] = newcomer
        else:
            _finalize_one(fleet)

    fleet = _Fleet(_seen("a"), on_change=change)
    drain.delete(fleet, 60, fleet.clock)
    assert [key.name for key in fleet.deletes] == ["a", "late"]


def test_delete_gives_up_with_the_cause_that_the_status_names() -> None:
    fleet = _Fleet(_seen("a", deleting=True, message="iam:DeleteRole was denied"))
    with pytest.raises(CommandError) as given_up:
        drain.delete(fleet, 100, fleet.clock)
    assert "1 AppInstance is still there after 100 s" in str(given_up.value)
    assert "tenants/a: iam:DeleteRole was denied" in str(given_up.value)


def test_delete_of_an_empty_cluster_is_done_at_once() -> None:
    assert drain.delete(_Fleet(), 60) == "0 AppInstances deleted"
