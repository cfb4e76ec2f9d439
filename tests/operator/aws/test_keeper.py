"""What the keeper knows of roles, when it asks IAM, and what a failure does to that."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from support.iam_roles import ROLE
from support.scripted_roles import KEY, OTHER, PENDING, READY, ROLES, THROTTLED, Bench, always

from appinstance_operator.api.errors import CloudAccessDenied, NotLeader
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.aws.keeper import BELIEVED_SECONDS, RoleState
from appinstance_operator.aws.roles import READS_PER_LOOK


def _changed(role: DesiredRole) -> DesiredRole:
    return dataclasses.replace(role, policy={"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_first_question_is_answered_at_once_and_found_out_behind_it(bench: Bench) -> None:
    assert bench.ensured() == PENDING
    assert bench.roles.calls == []
    bench.later(0)
    assert bench.roles.calls == ["ensure appi-backend", "ensure appi-secrets"]
    assert bench.woken == [KEY, KEY]
    assert bench.ensured() == READY


def test_new_roles_are_created_unseen_once(bench: Bench) -> None:
    bench.roles.failures["appi-backend"] = [THROTTLED]
    bench.keeper.ensured(KEY, "u", ROLES, new=True)
    bench.later(0)
    bench.keeper.ensured(KEY, "u", ROLES, new=True)
    bench.later(10)
    assert bench.roles.calls == [
        "create appi-backend",
        "create appi-secrets",
        "ensure appi-backend",
    ], "after a failure it may be there"


def test_an_instance_without_roles_is_ready(bench: Bench) -> None:
    assert bench.ensured(()) == READY
    bench.later(0)
    assert bench.roles.calls == []


def test_what_is_known_is_not_asked_again(bench: Bench) -> None:
    bench.settle()
    for _ in range(100):
        assert bench.ensured() == READY
        bench.later(5)
    assert bench.roles.calls == []
    assert bench.woken == []


def test_an_answer_is_believed_for_ten_minutes(bench: Bench) -> None:
    bench.settle()
    bench.later(BELIEVED_SECONDS * 0.89)
    bench.ensured()
    bench.later(0)
    assert bench.roles.calls == []
    bench.later(BELIEVED_SECONDS * 0.22)
    assert bench.ensured() == READY, "known while it is looked at again"
    bench.later(0)
    assert len(bench.roles.calls) == 2
    assert bench.woken == [], "nothing is new"
    assert bench.ensured() == READY


def test_another_wish_is_not_verified_by_the_one_before(bench: Bench) -> None:
    bench.settle()
    backend, secrets = ROLES
    wish = (_changed(backend), secrets)
    assert bench.ensured(wish) == PENDING
    bench.later(0)
    assert bench.roles.calls == ["ensure appi-backend"]
    assert bench.roles.there["appi-backend"] == wish[0]
    assert bench.ensured(wish) == READY


@pytest.mark.parametrize(
    "change",
    [
        {"trust": {}}, {"policy": {}}, {"boundary_arn": "arn:other"}, {"tags": {"a": "b"}},
        {"path": "/other/"}, {"policy_name": "other"}, {"max_session_seconds": 7200},
    ],
)  # fmt: skip
def test_every_part_of_a_wish_counts(bench: Bench, change: dict[str, object]) -> None:
    bench.settle()
    other = dataclasses.replace(ROLES[0], **change)  # type: ignore[arg-type]
    assert not bench.ensured((other, ROLES[1])).verified


# Failures


def test_a_failure_is_told_and_the_instance_woken(bench: Bench) -> None:
    bench.roles.failures["appi-secrets"] = always(THROTTLED)
    bench.ensured()
    bench.later(0)
    state = bench.ensured()
    assert state == RoleState(ready=False, pending=False, error=THROTTLED, verified=False)
    assert bench.woken.count(KEY) == 2


def test_what_was_seen_stays_known_when_a_later_look_fails(bench: Bench) -> None:
    bench.settle()
    bench.roles.failures["appi-backend"] = [THROTTLED]
    bench.now += BELIEVED_SECONDS * 1.2
    bench.ensured()
    bench.later(0)
    state = bench.ensured()
    assert state == RoleState(ready=False, pending=False, error=THROTTLED, verified=True)
    bench.later(10)
    assert bench.ensured() == READY


def test_a_hiccup_is_over_soon_however_many_roles_are_to_be_looked_at() -> None:
    bench = Bench(reads_per_second=READS_PER_LOOK)  # a look a second
    backend, others = ROLES[:1], range(1000)

    def ask_of(number: int) -> None:
        role = dataclasses.replace(ROLE, name=f"appi-other-{number}")
        bench.keeper.ensured(("team", f"other-{number}"), "u", [role], urgent=True)

    bench.keeper.ensured(KEY, "u", backend, urgent=True)
    for number in others:
        ask_of(number)
    bench.later(0)
    bench.roles.failures["appi-backend"] = [THROTTLED]
    bench.now += BELIEVED_SECONDS * 1.2
    bench.ensured(backend)
    bench.later(0)
    for number in others:
        ask_of(number)
    assert bench.ensured(backend).error == THROTTLED
    for _ in range(5):
        bench.later(1)
    assert bench.ensured(backend) == READY


def test_tries_back_off_and_a_success_starts_anew(bench: Bench) -> None:
    backend = ROLES[:1]
    bench.roles.failures["appi-backend"] = [THROTTLED] * 5
    times = []
    bench.ensured(backend)
    for _ in range(200):
        before = len(bench.roles.calls)
        bench.later(0.5)
        bench.ensured(backend)
        if len(bench.roles.calls) > before:
            times.append(bench.now)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) == 6
    for number, gap in enumerate(gaps):
        assert 2**number * 0.75 <= gap + 0.51, gaps
        assert gap <= 2**number * 1.25 + 1.01, gaps
    assert bench.ensured(backend) == READY
    bench.roles.failures["appi-backend"] = [THROTTLED]
    bench.now += BELIEVED_SECONDS * 1.2
    bench.ensured(backend)
    bench.later(0)
    bench.ensured(backend)
    bench.later(2)
    assert bench.ensured(backend) == READY


def test_a_back_off_is_not_cut_short_by_questions(bench: Bench) -> None:
    bench.roles.failures["appi-backend"] = always(THROTTLED)
    for _ in range(50):
        bench.ensured(ROLES[:1])
        bench.later(0)
    assert bench.roles.calls == ["ensure appi-backend"]


def test_one_instances_failures_hold_up_nobody(bench: Bench) -> None:
    for number in range(100):
        name = f"bad-{number}"
        bench.roles.failures[name] = always(CloudAccessDenied("no"))
        bench.keeper.ensured(("evil", name), "u", [dataclasses.replace(ROLE, name=name)], new=True)
    bench.keeper.ensured(OTHER, "u", ROLES, new=True)
    bench.keeper.run()
    first = bench.roles.calls[:4]
    assert {"create appi-backend", "create appi-secrets"} <= set(first), "tenants take turns"
    assert bench.keeper.ensured(OTHER, "u", ROLES) == READY


def test_a_broken_role_ends_as_an_error_and_the_next_one_goes_on(bench: Bench) -> None:
    bench.roles.failures["appi-backend"] = [KeyError("x")]
    bench.ensured()
    bench.later(0)
    state = bench.ensured()
    assert state.error is not None
    assert "the operator failed at IAM role appi-backend" in state.error.message
    assert "appi-secrets" in bench.roles.there


def test_a_lost_lease_is_no_failure_of_the_role(bench: Bench) -> None:
    bench.roles.failures["appi-backend"] = [NotLeader("lost")]
    bench.ensured()
    bench.later(0)
    assert bench.ensured() == PENDING
    assert bench.woken == [KEY], "of the other role"
    bench.later(10)
    assert bench.ensured() == READY
