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


def test_a_group_has_half_of_the_turns_and_those_behind_it_do_not_wait_for_it() -> None:
    woken: list[str] = []
    rollouts = Rollouts[str](4, woken.append, group=lambda key: key[0])
    assert [rollouts.enter(key) for key in ("a1", "a2", "a3", "b1")] == [True, True, False, True]
    rollouts.leave("b1")
    assert not woken, "a3 has to wait for a turn of its own group"
    rollouts.leave("a1")
    assert woken == ["a3"]


def test_who_began_before_this_process_counts_until_it_ends_or_is_given_up() -> None:
    asked: list[bool] = []

    def under_way() -> tuple[str, ...]:
        asked.append(True)
        return ("before", "broken")

    rollouts = Rollouts[str](3, lambda _key: None, under_way=under_way)
    assert asked == [], "a process that has nothing to roll does not ask"
    assert [rollouts.enter(key) for key in ("a", "b", "c")] == [True, False, False]
    assert asked == [True]
    assert rollouts.enter("before")
    rollouts.leave("before")
    assert rollouts.enter("b")
    rollouts.give_up("a")
    assert not rollouts.enter("c"), "one that was given its turn here keeps it"
    rollouts.give_up("broken")
    assert rollouts.enter("c")


def test_who_does_not_ask_any_more_keeps_nobody_behind_it_waiting() -> None:
    woken: list[str] = []
    rollouts = Rollouts[str](1, woken.append)
    rollouts.enter("a")
    rollouts.enter("b")
    rollouts.enter("c")
    rollouts.leave("a")
    assert woken == ["b"]
    rollouts.withdraw("b")
    assert woken == ["b", "c"]
    assert rollouts.enter("c")
    rollouts.withdraw("c")
    assert not rollouts.enter("b"), "who only does not wait keeps its turn"


def test_of_those_who_began_before_a_group_counts_for_half_of_the_turns_at_most() -> None:
    rollouts = Rollouts[str](
        4, lambda _key: None, group=lambda key: key[0], under_way=lambda: ("a1", "a2", "a3", "a4")
    )
    assert not rollouts.enter("a5")
    assert [rollouts.enter(key) for key in ("b1", "c1", "d1")] == [True, True, False]
