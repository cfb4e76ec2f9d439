"""Turns to roll: bounded, in order, and kept until the pods run."""

from __future__ import annotations

from appinstance_operator.reconcile.rollouts import Rollouts


def test_no_more_than_the_bound_roll_and_the_next_is_woken_in_order() -> None:
    woken: list[str] = []
    rollouts = Rollouts[str](2, woken.append)
    assert [rollouts.enter(key) for key in "abcd"] == [True, True, False, False]
    assert rollouts.enter("a"), "a turn is kept"
    assert rollouts.waiting == 2
    rollouts.leave("a")
    assert woken == ["c"]
    assert not rollouts.enter("d"), "c is first"
    assert rollouts.enter("c")
    assert rollouts.waiting == 1


def test_a_turn_that_is_never_given_back_holds_the_fleet() -> None:
    rollouts = Rollouts[str](1, lambda _key: None)
    assert rollouts.enter("broken")
    assert not any(rollouts.enter(key) for key in "abc")


def test_who_no_longer_waits_lets_the_next_in() -> None:
    woken: list[str] = []
    rollouts = Rollouts[str](1, woken.append)
    rollouts.enter("a")
    rollouts.enter("b")
    rollouts.enter("c")
    rollouts.leave("b")
    rollouts.leave("a")
    assert woken[-1] == "c"
    assert rollouts.enter("c")


def test_leaving_without_having_come_wakes_nobody() -> None:
    woken: list[str] = []
    rollouts = Rollouts[str](1, woken.append)
    rollouts.leave("a")
    assert woken == []
