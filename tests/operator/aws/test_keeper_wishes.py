"""What the keeper does no more, what it removes, and at what pace it looks."""

from __future__ import annotations

import dataclasses

import pytest
from support.iam_roles import ROLE, TAGS
from support.scripted_roles import DOOMED, KEY, OTHER, PENDING, READY, ROLES, THROTTLED, Bench

from appinstance_operator.aws.keeper import BELIEVED_SECONDS, DoomedRole
from appinstance_operator.aws.roles import READS_PER_LOOK


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_nothing_is_done_for_who_does_not_ask_again(bench: Bench) -> None:
    bench.roles.failures = {role.name: [THROTTLED] for role in ROLES}
    bench.ensured()
    bench.later(0)
    bench.later(10_000)
    assert len(bench.roles.calls) == 2
    bench.ensured()
    bench.later(0)
    assert bench.ensured() == READY


def test_a_role_that_is_not_asked_for_any_more_is_not_made(bench: Bench) -> None:
    bench.ensured()
    bench.ensured(ROLES[1:])
    bench.later(0)
    assert bench.roles.calls == ["ensure appi-secrets"]


def test_what_is_forgotten_is_not_done(bench: Bench) -> None:
    bench.ensured()
    bench.removed()
    bench.keeper.forget(KEY)
    bench.later(10)
    assert bench.roles.calls == []


def test_what_is_forgotten_is_found_out_anew(bench: Bench) -> None:
    bench.settle()
    bench.keeper.forget(OTHER)
    assert bench.ensured() == READY
    bench.keeper.forget(KEY)
    assert bench.ensured() == PENDING


def test_an_instance_of_the_same_name_is_another_one(bench: Bench) -> None:
    """Deleted and made again before anybody looked: its roles went with the one before."""
    bench.settle()
    bench.roles.there.clear()
    assert bench.ensured(uid="another") == PENDING
    bench.later(0)
    assert bench.ensured(uid="another") == READY
    assert set(bench.roles.there) == {role.name for role in ROLES}


def test_a_removal_for_the_one_before_does_not_meet_the_next_one(bench: Bench) -> None:
    bench.settle()
    bench.roles.failures = {role.name: [THROTTLED] for role in ROLES}
    bench.removed()
    bench.later(0)
    bench.removed()
    bench.ensured(uid="another")
    bench.later(10)
    assert bench.ensured(uid="another") == READY
    assert [call for call in bench.roles.calls if call.startswith("delete")] == [
        "delete appi-backend",
        "delete appi-secrets",
    ], "each once, before the other one came"


# Removal


def test_roles_are_removed_and_stay_known_as_gone(bench: Bench) -> None:
    bench.settle()
    assert bench.removed() == PENDING
    bench.later(0)
    assert bench.roles.there == {}
    assert bench.woken == [KEY, KEY]
    for _ in range(20):
        bench.keeper.forget(KEY)
        assert bench.removed() == READY
        bench.later(1)
    assert len(bench.roles.calls) == 2


def test_a_failed_removal_is_told_and_tried_again(bench: Bench) -> None:
    bench.settle()
    bench.roles.failures["appi-backend"] = [THROTTLED] * 3
    for _ in range(40):
        bench.removed()
        bench.keeper.forget(KEY)
        bench.removed()
        bench.later(0.5)
    assert bench.removed() == READY
    assert bench.roles.calls.count("delete appi-backend") == 4
    assert bench.roles.calls.count("delete appi-secrets") == 1


def test_a_role_that_is_wanted_again_is_made_again(bench: Bench) -> None:
    bench.settle()
    bench.removed()
    bench.later(0)
    assert bench.ensured() == PENDING
    bench.later(0)
    assert bench.ensured() == READY
    assert set(bench.roles.there) == {role.name for role in ROLES}


def test_a_removal_beside_roles_that_stay(bench: Bench) -> None:
    bench.settle()
    for _ in range(3):
        assert bench.ensured(ROLES[1:]) == READY
        bench.keeper.removed(KEY, "u", DOOMED[:1])
        bench.later(1)
    assert bench.keeper.removed(KEY, "u", DOOMED[:1]) == READY
    assert bench.roles.calls == ["delete appi-backend"]
    assert set(bench.roles.there) == {"appi-secrets"}


def test_nothing_is_kept_of_what_is_gone(bench: Bench) -> None:
    for number in range(50):
        key = ("team", f"shop-{number}")
        doomed = [DoomedRole(f"role-{number}", (TAGS,))]
        bench.keeper.ensured(key, "u", [dataclasses.replace(ROLE, name=f"role-{number}")])
        bench.later(1)
        bench.keeper.removed(key, "u", doomed)
        bench.later(1)
        bench.keeper.forget(key)
    bench.later(BELIEVED_SECONDS * 2)
    bench.ensured(())
    assert bench.keeper._instances == {}
    assert bench.keeper._expiry == []
    assert len(bench.keeper._turns) == 0


# Pace


def test_looks_after_a_start_are_spread_and_creations_are_not_held_up() -> None:
    bench = Bench(reads_per_second=10.0)
    for number in range(100):
        role = dataclasses.replace(ROLE, name=f"role-{number}")
        bench.keeper.ensured(("team", f"shop-{number}"), "u", [role])
    for _ in range(100):
        bench.now += 0.1
        bench.keeper.run()
    looks = len(bench.roles.calls)
    assert 0.9 * 100 <= looks * READS_PER_LOOK <= 100 + READS_PER_LOOK
    bench.keeper.ensured(KEY, "u", ROLES, new=True)
    bench.keeper.run()
    assert bench.roles.calls[looks:] == ["create appi-backend", "create appi-secrets"]
    one = dataclasses.replace(ROLE, name="role-99")
    bench.keeper.ensured(("team", "shop-99"), "u", [one], urgent=True)
    bench.keeper.removed(("team", "shop-98"), "u", [DoomedRole("role-98", (TAGS,))])
    bench.keeper.run()
    assert bench.roles.calls[looks + 2 :] == ["ensure role-99", "delete role-98"]


def test_a_changed_wish_and_a_second_try_do_not_wait_for_looks() -> None:
    bench = Bench(reads_per_second=1e-3)
    bench.keeper.ensured(KEY, "u", ROLES, new=True)
    bench.later(0)
    bench.keeper.ensured(OTHER, "u", [dataclasses.replace(ROLE, name="look")])
    bench.later(0)
    assert "ensure look" in bench.roles.calls, "which takes the only look of the next hour"
    changed = tuple(dataclasses.replace(role, boundary_arn="arn:other") for role in ROLES)
    bench.roles.failures["appi-backend"] = [THROTTLED]
    bench.ensured(changed)
    bench.later(0)
    assert bench.roles.there["appi-secrets"] == changed[1]
    bench.ensured(changed)
    bench.later(10)
    assert bench.ensured(changed) == READY


def test_a_later_look_at_what_was_seen_keeps_the_pace() -> None:
    bench = Bench(reads_per_second=1e-3)
    bench.keeper.ensured(KEY, "u", ROLES, new=True)
    bench.later(0)
    bench.keeper.ensured(KEY, "u", ROLES)
    bench.roles.calls.clear()
    bench.now += BELIEVED_SECONDS * 1.2
    for _ in range(3):
        bench.keeper.ensured(KEY, "u", ROLES, urgent=True)
        bench.later(1)
    assert bench.roles.calls == ["ensure appi-backend"]
