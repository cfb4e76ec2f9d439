"""The election against a fake API, step by step, each candidate on a clock of its own."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from appinstance_operator.api.errors import NotLeader
from appinstance_operator.kube.transport import ApiError
from appinstance_operator.runtime.lease import Lease, Timing, new_identity, running_clock


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeApi:
    """One Lease with versions. `away` refuses all; `on_write` runs between asking and answering."""

    body: dict[str, Any] | None = None
    away: bool = False
    on_write: Callable[[], None] = field(default=lambda: None)
    writes: int = 0

    def _check(self) -> None:
        if self.away:
            raise ApiError(0, "no answer")

    def get(self) -> dict[str, Any] | None:
        self._check()
        return copy.deepcopy(self.body)

    def create(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        self._check()
        if self.body is not None:
            raise ApiError(409, "it is there")
        return self._keep({"metadata": {}, "spec": spec}, "1")

    def update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._check()
        if self.body is None:
            raise ApiError(404, "not found")
        version = self.body["metadata"]["resourceVersion"]
        if body["metadata"]["resourceVersion"] != version:
            raise ApiError(409, "the object has been modified")
        return self._keep(body, str(int(version) + 1))

    def _keep(self, body: Mapping[str, Any], version: str) -> dict[str, Any]:
        self.writes += 1
        self.body = copy.deepcopy(dict(body))
        self.body["metadata"]["resourceVersion"] = version
        self.on_write()
        return copy.deepcopy(self.body)

    @property
    def spec(self) -> dict[str, Any]:
        assert self.body
        spec: dict[str, Any] = self.body["spec"]
        return spec


class Candidate:
    """A Lease that no thread drives; what it calls back is noted."""

    def __init__(self, api: FakeApi, name: str, clock: Clock, timing: Timing | None = None) -> None:
        self.clock = clock
        self.calls: list[str] = []
        self.lease = Lease(
            api, name, timing or Timing(),
            on_acquired=lambda: self.calls.append("acquired"),
            on_lost=lambda: self.calls.append("lost"), clock=clock,
        )  # fmt: skip

    def step(self, after: float = 0.0) -> float:
        """Let time pass and try once, as its event loop runs."""
        self.clock.now += after
        self.lease.beat()
        return self.lease.step()

    @property
    def leads(self) -> bool:
        return self.calls == ["acquired"] and self.lease.held


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_one_creates_the_lease_and_leads(api: FakeApi, clock: Clock) -> None:
    one = Candidate(api, "one", clock)
    with pytest.raises(NotLeader):
        one.lease.fence()
    assert one.step() == pytest.approx(2.0)
    assert one.leads
    one.lease.fence()
    assert api.spec["holderIdentity"] == "one"
    assert (api.spec["leaseDurationSeconds"], api.spec["leaseTransitions"]) == (15, 0)


def test_the_second_one_waits_and_may_write_nothing(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    written = api.writes
    for _ in range(30):
        assert two.step(0.5) <= 0.6, "it looks often"
        if clock.now % 2 == 0:
            one.step()
    assert api.writes == written + 7, "a standby only looks"
    assert two.calls == []
    with pytest.raises(NotLeader):
        two.lease.fence()
    assert one.leads


def test_a_renewal_is_one_request_and_keeps_when_it_was_acquired(
    api: FakeApi, clock: Clock
) -> None:
    one = Candidate(api, "one", clock)
    one.step()
    first, version = dict(api.spec), api.body
    api.get = lambda: pytest.fail("it knows the version")  # type: ignore[method-assign]
    one.step(2.0)
    assert version != api.body
    assert api.spec["acquireTime"] == first["acquireTime"]
    assert api.spec["renewTime"] > first["renewTime"]
    assert api.spec["leaseTransitions"] == 0


def test_a_silent_leader_is_followed_after_the_whole_duration_and_not_before(
    api: FakeApi, clock: Clock
) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    two.step(14.9)
    assert two.calls == []
    two.step(0.2)
    assert two.leads
    assert (api.spec["holderIdentity"], api.spec["leaseTransitions"]) == ("two", 1)
    assert not one.lease.held
    one.step()
    assert one.calls == ["acquired", "lost"]


def test_a_leader_without_answers_stops_a_third_of_the_duration_before_others_may_start(
    api: FakeApi, clock: Clock
) -> None:
    one = Candidate(api, "one", clock)
    one.step()
    api.away = True
    for _ in range(19):
        one.step(0.5)
        assert one.leads
    clock.now = 10.0
    with pytest.raises(NotLeader):
        one.lease.fence()
    one.step(0.2)
    assert one.calls == ["acquired", "lost"]
    api.away = False
    one.step(1.0)
    assert not one.lease.held, "it never comes back; a fresh process does"


def test_a_failure_that_passes_in_time_loses_nothing(api: FakeApi, clock: Clock) -> None:
    one = Candidate(api, "one", clock)
    one.step()
    api.away = True
    one.step(2.0)
    one.step(2.0)
    api.away = False
    one.step(2.0)
    clock.now += 9.0
    assert one.leads, "counted from the last renewal"


def test_the_deadline_counts_from_before_the_request_was_sent(api: FakeApi, clock: Clock) -> None:
    one = Candidate(api, "one", clock)
    one.step()

    def slow() -> None:
        clock.now += 4.0

    api.on_write = slow
    one.step(2.0)  # sent at 2, answered at 6
    clock.now = 11.9
    assert one.lease.held
    clock.now = 12.1
    assert not one.lease.held


def test_the_fence_holds_after_a_pause_before_anybody_has_said_so(
    api: FakeApi, clock: Clock
) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", Clock())
    one.step()
    two.step()
    two.step(15.1)
    assert two.leads
    clock.now += 15.2  # stopped; the first thing that goes on is a write
    with pytest.raises(NotLeader):
        one.lease.fence()
    assert one.calls == ["acquired"], "and it did not need to be told"
    one.lease.step()
    assert one.calls == ["acquired", "lost"]


def test_a_pause_while_acquiring_leads_only_after_looking_again(api: FakeApi, clock: Clock) -> None:
    one = Candidate(api, "one", clock)

    def stopped() -> None:
        clock.now += 60.0

    api.on_write = stopped
    one.step()
    assert one.calls == []
    api.on_write = lambda: None
    one.step()
    assert one.leads
    assert api.spec["leaseTransitions"] == 0, "its own still"


def test_of_two_that_try_at_once_one_is_refused(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    api.body = {"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": ""}}
    stale = copy.deepcopy(api.body)
    one.step()
    real, api.get = api.get, lambda: stale  # type: ignore[method-assign]
    two.step()
    api.get = real  # type: ignore[method-assign]
    assert one.leads
    assert two.calls == []
    two.step(0.5)
    assert two.calls == []


def test_a_leader_that_finds_another_name_has_lost_at_once(api: FakeApi, clock: Clock) -> None:
    one = Candidate(api, "one", clock)
    one.step()
    assert api.body
    api.body["spec"]["holderIdentity"] = "somebody"
    api.body["metadata"]["resourceVersion"] = "9"
    one.step(2.0)
    assert one.calls == ["acquired", "lost"]
    assert not one.lease.held
    assert api.spec["holderIdentity"] == "somebody"


def test_others_may_label_the_lease(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    assert api.body
    api.body["metadata"] |= {"labels": {"team": "x"}, "resourceVersion": "5"}
    two.step(8.0)
    one.step()
    assert one.leads
    assert api.body["metadata"]["labels"] == {"team": "x"}
    two.step(7.5)
    assert two.calls == [], "the renewal counts"


def test_a_label_is_no_sign_of_life(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    assert api.body
    for version in range(5, 10):
        api.body["metadata"] |= {"labels": {"n": str(version)}, "resourceVersion": str(version)}
        two.step(3.1)
    assert two.leads


@pytest.mark.parametrize("skew", [-86_400.0, 86_400.0])
def test_clocks_that_differ_by_a_day_do_no_harm(api: FakeApi, clock: Clock, skew: float) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", Clock(skew))
    one.step()
    assert api.body
    api.body["spec"] |= {"renewTime": "1970-01-01T00:00:00.000000Z"}
    for _ in range(20):
        two.step(1.0)
        one.step(1.0)
    assert one.leads
    assert two.calls == []
    for _ in range(16):
        two.step(1.0)
    assert two.leads


def test_the_holders_own_duration_counts(api: FakeApi, clock: Clock) -> None:
    one = Candidate(api, "one", clock, Timing(60))
    two = Candidate(api, "two", clock, Timing(15))
    one.step()
    two.step()
    two.step(59.0)
    assert two.calls == []
    two.step(1.5)
    assert two.leads


def test_released_it_is_taken_at_once(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    one.lease.stop(release=True)
    assert (api.spec["holderIdentity"], api.spec["leaseDurationSeconds"]) == ("", 1)
    with pytest.raises(NotLeader):
        one.lease.fence()
    assert one.calls == ["acquired"], "an orderly end is no loss"
    two.step(0.5)
    assert two.leads
    assert api.spec["leaseTransitions"] == 1


def test_stopped_without_release_it_has_to_run_out(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    one.lease.stop(release=False)
    with pytest.raises(NotLeader):
        one.lease.fence()
    two.step(14.0)
    assert two.calls == []
    two.step(1.5)
    assert two.leads


def test_a_standby_releases_nothing(api: FakeApi, clock: Clock) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    two.lease.stop(release=True)
    assert api.spec["holderIdentity"] == "one"


def test_a_lease_deleted_under_its_holder_is_not_taken_before_its_time(
    api: FakeApi, clock: Clock
) -> None:
    one, two = Candidate(api, "one", clock), Candidate(api, "two", clock)
    one.step()
    two.step()
    api.body = None
    two.step(1.0)
    assert (two.calls, api.body) == ([], None)
    one.step(1.0)
    assert one.leads, "its holder makes it anew"
    api.body = None
    two.step(16.0)
    assert two.leads


def test_a_stuck_event_loop_loses_the_lease_and_a_busy_one_does_not(
    api: FakeApi, clock: Clock
) -> None:
    one = Candidate(api, "one", clock)
    one.step()
    while clock.now < 14.0:  # busy: no beat, and still renewed
        clock.now += 2.0
        one.lease.step()
    assert one.leads
    while clock.now < 28.0:
        clock.now += 2.0
        one.lease.step()
    assert one.calls == ["acquired", "lost"]


def test_a_lease_without_content_is_free(api: FakeApi, clock: Clock) -> None:
    api.body = {"metadata": {"resourceVersion": "3"}}
    one = Candidate(api, "one", clock)
    one.step()
    assert one.leads


def test_the_thread_acquires_renews_and_releases(api: FakeApi) -> None:
    acquired = threading.Event()
    lease = Lease(api, "one", Timing(15), acquired.set, lambda: None)
    lease.start()
    assert acquired.wait(20)
    lease.fence()
    lease.stop(release=True)
    assert api.spec["holderIdentity"] == ""
    assert not lease.held


def test_a_request_that_is_under_way_at_the_end_opens_the_fence_no_more(api: FakeApi) -> None:
    asked, answer = threading.Event(), threading.Event()

    def hang() -> None:
        asked.set()
        answer.wait(20)

    api.on_write = hang
    lease = Lease(api, "one", Timing(3), lambda: None, lambda: None)
    lease.start()
    assert asked.wait(20)
    lease.stop(release=True)  # in vain: it would cross the request
    assert api.spec["holderIdentity"] == "one"
    answer.set()
    lease._thread.join(20)
    assert not lease.held


def test_the_clock_runs_and_identities_differ() -> None:
    before = running_clock()
    time.sleep(0.01)
    assert running_clock() > before
    assert new_identity("pod-a") != new_identity("pod-a")
    assert new_identity("pod-a").startswith("pod-a_")


def test_timing_follows_client_go() -> None:
    timing = Timing()
    assert (timing.duration, timing.renew_deadline, timing.retry) == (15, 10.0, 2.0)
