"""The keeper's threads: IAM hangs, and nobody but who waits for that very role notices."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from support.iam_roles import ROLE, TAGS
from support.scripted_roles import WAIT_SECONDS, ScriptedRoles

from appinstance_operator.api.errors import CloudUnavailable
from appinstance_operator.aws.keeper import DoomedRole, RoleKeeper, RoleState

WORKERS = 4
READY = RoleState(ready=True, pending=False, error=None, verified=True)


class Busy:
    """A keeper with its threads, and a way to wait for news of an instance."""

    def __init__(self) -> None:
        self.roles = ScriptedRoles()
        self._news = threading.Condition()
        self.woken: list[tuple[str, str]] = []
        self.keeper = RoleKeeper(self.roles, self._wake, workers=WORKERS, reads_per_second=1e6)
        self.keeper.start()

    def _wake(self, key: tuple[str, str]) -> None:
        with self._news:
            self.woken.append(key)
            self._news.notify_all()

    def ensure(self, name: str, *, new: bool = True) -> RoleState:
        role = dataclasses.replace(ROLE, name=name)
        return self.keeper.ensured((name, "shop"), "u", [role], new=new)

    def until(self, question: Callable[[], RoleState], wanted: RoleState = READY) -> None:
        """Ask as a reconcile does: once, and again at each news."""
        with self._news:
            assert self._news.wait_for(lambda: question() == wanted, WAIT_SECONDS)


@pytest.fixture
def busy() -> Iterator[Busy]:
    bench = Busy()
    yield bench
    for event in bench.roles.hangs.values():
        event.set()
    assert bench.keeper.stop(WAIT_SECONDS)


def test_a_question_never_waits_for_iam(busy: Busy) -> None:
    for number in range(WORKERS * 3):
        busy.roles.hang(f"stuck-{number}")
    start = time.monotonic()
    for number in range(WORKERS * 3):
        assert busy.ensure(f"stuck-{number}").pending
    for number in range(WORKERS):
        assert busy.roles.arrived[f"stuck-{number}"].wait(WAIT_SECONDS)
    # All threads hang by now.
    for number in range(WORKERS * 3):
        assert busy.ensure(f"stuck-{number}").pending
        doomed = [DoomedRole("other", (TAGS,))]
        assert busy.keeper.removed(("other", "shop"), "u", doomed).pending
        busy.keeper.forget(("other", "shop"))
    assert time.monotonic() - start < WAIT_SECONDS / 2
    assert len(busy.roles.in_work) == WORKERS
    for event in busy.roles.hangs.values():
        event.set()
    for number in range(WORKERS * 3):
        busy.until(lambda number=number: busy.ensure(f"stuck-{number}"))  # type: ignore[misc]
    assert busy.roles.most_at_once == WORKERS


def test_looks_that_hang_leave_threads_for_what_is_waited_for(busy: Busy) -> None:
    for number in range(WORKERS):
        busy.roles.hang(f"stuck-{number}")
        busy.ensure(f"stuck-{number}", new=False)
    for number in range(WORKERS // 2):
        assert busy.roles.arrived[f"stuck-{number}"].wait(WAIT_SECONDS)
    busy.until(lambda: busy.ensure("free"))
    assert len(busy.roles.in_work) == WORKERS // 2


def test_one_role_that_hangs_holds_up_no_other(busy: Busy) -> None:
    busy.roles.hang("stuck")
    busy.ensure("stuck")
    for number in range(20):
        busy.until(lambda number=number: busy.ensure(f"free-{number}"))  # type: ignore[misc]
    assert busy.ensure("stuck").pending


def test_what_hangs_for_an_instance_of_before_does_not_answer_for_the_next(busy: Busy) -> None:
    release = busy.roles.hang("role")
    role = [dataclasses.replace(ROLE, name="role")]
    key = ("role", "shop")
    busy.keeper.ensured(key, "before", role, new=True)
    assert busy.roles.arrived["role"].wait(WAIT_SECONDS)
    assert busy.keeper.ensured(key, "next", role, new=True).pending
    assert busy.roles.calls == ["create role"], "not twice at once"
    del busy.roles.hangs["role"]
    release.set()
    busy.until(lambda: busy.keeper.ensured(key, "next", role))
    assert busy.roles.calls == ["create role", "create role"]


def test_a_question_about_a_role_in_work_does_not_ask_twice(busy: Busy) -> None:
    release = busy.roles.hang("role")
    busy.ensure("role")
    assert busy.roles.arrived["role"].wait(WAIT_SECONDS)
    for _ in range(5):
        assert busy.ensure("role").pending
    assert len(busy.keeper._turns) == 0
    release.set()
    busy.until(lambda: busy.ensure("role"))
    assert busy.roles.calls == ["create role"]


def test_an_answer_that_nobody_asks_for_any_more_wakes_nobody(busy: Busy) -> None:
    release = busy.roles.hang("role")
    busy.ensure("role")
    assert busy.roles.arrived["role"].wait(WAIT_SECONDS)
    busy.keeper.forget(("role", "shop"))
    role = [dataclasses.replace(ROLE, name="role")]
    busy.keeper.ensured(("other", "shop"), "u", role, new=True)
    release.set()
    busy.until(lambda: busy.keeper.ensured(("other", "shop"), "u", role))
    assert busy.woken == [("other", "shop")]


def test_a_removal_waits_for_a_creation_that_hangs(busy: Busy) -> None:
    release = busy.roles.hang("role")
    key, doomed = ("role", "shop"), [DoomedRole("role", (TAGS,))]
    busy.ensure("role")
    assert busy.roles.arrived["role"].wait(WAIT_SECONDS)
    assert busy.keeper.removed(key, "u", doomed).pending
    release.set()
    busy.until(lambda: busy.keeper.removed(key, "u", doomed))
    assert busy.roles.calls == ["create role", "delete role"]
    assert busy.roles.there == {}


def test_a_failed_try_is_done_again_by_itself_once_it_is_asked_for(busy: Busy) -> None:
    busy.roles.failures["role"] = [CloudUnavailable("throttled")]
    busy.until(lambda: busy.ensure("role"))
    assert len(busy.roles.calls) == 2


def test_stopped_threads_end() -> None:
    before = threading.active_count()
    bench = Busy()
    assert threading.active_count() == before + WORKERS
    bench.keeper.stop()
    for thread in threading.enumerate():
        if thread.name.startswith("iam-"):
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()
    bench.ensure("role")
    assert bench.roles.calls == []


def test_stopping_says_whether_something_is_still_being_done(busy: Busy) -> None:
    busy.roles.hang("stuck")
    busy.ensure("stuck")
    assert busy.roles.arrived["stuck"].wait(WAIT_SECONDS)
    assert busy.keeper.stop(0.05) is False
    busy.roles.hangs["stuck"].set()
    assert busy.keeper.stop(WAIT_SECONDS) is True
