"""Whose turn it is at IAM: what is waited for first, tenants in turn, looks at a measured pace."""

from __future__ import annotations

import pytest

from appinstance_operator.aws.turns import Ident, Turns


def role(name: str, namespace: str = "team") -> Ident:
    return ((namespace, "shop"), name)


def turns(looks_per_second: float = 1.0, max_looks: int = 2) -> Turns:
    return Turns(looks_per_second, max_looks)


def taken(order: Turns, now: float = 0.0) -> list[str]:
    """Take and finish until nothing is left at this time; return the names."""
    names = []
    while (ident := order.take(now)) is not None:
        names.append(ident[1])
        order.done(ident[1])
    return names


def test_what_is_waited_for_comes_before_looks() -> None:
    order = turns()
    order.put(role("look"), urgent=False)
    order.put(role("awaited"), urgent=True)
    assert taken(order) == ["awaited", "look"]
    assert len(order) == 0


def test_namespaces_take_turns() -> None:
    order = turns()
    for number in range(4):
        order.put(role(f"many-{number}", "many"), urgent=True)
    order.put(role("few-0", "few"), urgent=True)
    order.put(role("few-1", "few"), urgent=True)
    assert taken(order) == ["many-0", "few-0", "many-1", "few-1", "many-2", "many-3"]


def test_looks_keep_their_pace_and_catch_nothing_up() -> None:
    order = turns(looks_per_second=2.0)
    for number in range(4):
        order.put(role(f"r{number}"), urgent=False)
    assert taken(order, 0.0) == ["r0"]
    assert order.delay(0.0) == 0.5
    assert taken(order, 0.4) == []
    assert taken(order, 0.5) == ["r1"]
    assert taken(order, 100.0) == ["r2"], "what was missed is not made up for in a burst"
    assert taken(order, 100.5) == ["r3"]


def test_what_is_waited_for_knows_no_pace() -> None:
    order = turns(looks_per_second=0.01)
    for number in range(4):
        order.put(role(f"r{number}"), urgent=True)
    assert len(taken(order)) == 4


def test_looks_take_their_share_of_the_threads_alone() -> None:
    order = turns(max_looks=2)
    for number in range(3):
        order.put(role(f"look-{number}"), urgent=False)
    assert order.take(0.0) == role("look-0")
    assert order.take(1.0) == role("look-1")
    assert order.delay(1.0) is None, "only an end of one of them brings a turn"
    assert order.take(2.0) is None
    order.put(role("awaited"), urgent=True)
    assert order.take(2.0) == role("awaited")
    order.done("look-0")
    assert order.take(2.0) == role("look-2")


def test_a_look_that_failed_comes_before_the_others_at_every_second_turn() -> None:
    order = turns()
    for number in range(4):
        order.put(role(f"look-{number}"), urgent=False)
        order.put(role(f"failed-{number}"), urgent=False, at=1.0)
    names = [name for second in range(8) for name in taken(order, float(second))]
    assert names[:5] == ["look-0", "failed-0", "look-1", "failed-1", "look-2"]
    assert names[-1] == "failed-3", "and none is left out"
    assert len(order) == 0


@pytest.mark.parametrize("urgent", [True, False])
def test_no_role_is_in_work_twice(urgent: bool) -> None:
    order = turns()
    order.put(role("r"), urgent=urgent)
    assert order.take(0.0) == role("r")
    order.put(role("r"), urgent=urgent)
    order.put(role("r", "other"), urgent=urgent)
    order.put(role("free"), urgent=urgent)
    assert order.take(1.0) == role("free")
    assert order.take(2.0) is None
    order.done("r")
    assert order.take(3.0) is not None
    assert order.take(4.0) is None
    order.done("r")
    assert order.take(5.0) is not None


@pytest.mark.parametrize("urgent", [True, False])
def test_no_role_waits_twice(urgent: bool) -> None:
    order = turns(looks_per_second=1e9)
    for _ in range(100):
        order.put(role("r"), urgent=urgent)
        order.put(role("later"), urgent=urgent, at=50.0)
    assert len(order) == 2
    assert taken(order, 10.0) == ["r"]
    assert taken(order, 60.0) == ["later"]
    assert taken(order, 1000.0) == []


def test_a_time_is_waited_for() -> None:
    order = turns()
    order.put(role("r"), urgent=True, at=5.0)
    assert order.waits(role("r"))
    assert order.take(4.9) is None
    assert order.delay(4.0) == 1.0
    assert taken(order, 5.0) == ["r"]
    assert not order.waits(role("r"))


def test_a_later_word_counts() -> None:
    order = turns()
    order.put(role("r"), urgent=True, at=5.0)
    order.put(role("r"), urgent=True, at=9.0)
    assert taken(order, 6.0) == []
    assert order.delay(6.0) == 3.0
    assert taken(order, 9.0) == ["r"]
    order.put(role("r"), urgent=False)
    order.put(role("r"), urgent=True)
    assert len(order) == 1
    assert taken(order, 9.0) == ["r"]


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize("at", [None, 5.0])
def test_what_is_dropped_has_no_turn(urgent: bool, at: float | None) -> None:
    order = turns()
    order.put(role("r"), urgent=urgent, at=at)
    order.drop(role("r"))
    assert not order.waits(role("r"))
    assert taken(order, 10.0) == []
    order.put(role("r"), urgent=urgent, at=at)
    order.drop(role("r"))
    assert order.delay(0.0) is None


def test_an_empty_order_waits_for_nothing() -> None:
    assert turns().take(0.0) is None
    assert turns().delay(0.0) is None
