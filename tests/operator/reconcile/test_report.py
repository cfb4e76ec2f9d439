"""When a report is written, and when it is left to the next look."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.spec import parse
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import Kube
from appinstance_operator.reconcile.checks import AREAS, Check
from appinstance_operator.reconcile.conditions import Report
from appinstance_operator.reconcile.report import PROGRESS_SECONDS, Reporter, merge_patch
from appinstance_operator.reconcile.status import Seen
from appinstance_operator.signals.metrics import Metrics

CASE = DESIRED / "golden" / "minimal"
SETTINGS = golden_settings(CASE)
BODY = golden_instance(CASE)
KEY = ("team", "shop")
OK = Check("NetworkPoliciesApplied", "True", "Applied", "closed")
ROLLS = Report(
    checks=(OK, Check("WorkloadsAvailable", "False", "RolloutInProgress", "0 of 2", waiting=True)),
)
READY = Report(checks=tuple(Check(area, "True", "Fine", "fine") for area in AREAS))
DENIED = Check("CloudAccessReady", "False", "AccessDenied", "no")


class Told:
    """A stand-in for the API server: it keeps what a merge patch of the status makes."""

    def __init__(self) -> None:
        meta = {
            **BODY["metadata"],
            "namespace": KEY[0],
            "name": KEY[1],
            "uid": "u",
            "resourceVersion": "0",
        }
        self.body: dict[str, Any] = {**BODY, "metadata": {**meta, "generation": 1}}
        self.writes = 0
        self.events: list[str] = []

    def merge(self, _kind: Any, *_key: str, sub: str) -> dict[str, Any]:
        *_where, patch = _key
        assert sub == "status"
        self.writes += 1
        status = {**self.body.get("status", {}), **cast("Any", patch)["status"]}
        version = str(self.writes)
        meta = {**self.body["metadata"], "resourceVersion": version}
        self.body = {**self.body, "metadata": meta, "status": status}
        return self.body

    def create(self, _kind: Any, event: dict[str, Any]) -> None:
        self.events.append(event["reason"])


class Wired:
    """A reporter in front of it; `woken` says what the queue would."""

    def __init__(self) -> None:
        self.told = Told()
        self.woken = True
        self.now = 1000.0
        self.due: float | None = None
        kube = cast("Kube", self.told)
        self.reporter = Reporter(
            kube, Cache(), SETTINGS, Metrics(), lambda _key: self.woken, lambda: self.now
        )

    def report(self, report: Report) -> int:
        """Report; return how many statuses have been written since the beginning."""
        seen = Seen(parse(self.told.body), {}, ())
        self.due = self.reporter.write_or_leave(KEY, self.told.body, seen, report)
        return self.told.writes


@pytest.fixture
def wired() -> Wired:
    return Wired()


def test_progress_is_left_to_a_look_that_follows_at_once_but_not_twice(wired: Wired) -> None:
    assert [wired.report(ROLLS) for _ in range(2)] == [0, 1]


def test_without_a_next_look_it_is_written(wired: Wired) -> None:
    wired.woken = False
    assert wired.report(ROLLS) == 1


def test_of_progress_a_word_is_written_every_two_seconds(wired: Wired) -> None:
    wired.woken = False
    half = Check("WorkloadsAvailable", "False", "RolloutInProgress", "1 of 2", waiting=True)
    more = Report(checks=(OK, half))
    assert (wired.report(ROLLS), wired.due) == (1, None)
    wired.now += 0.5
    assert (wired.report(more), wired.due) == (1, PROGRESS_SECONDS - 0.5), "to be looked at again"
    wired.now += PROGRESS_SECONDS - 0.5
    assert (wired.report(more), wired.due) == (2, None), "nothing is lost"
    wired.now += 0.5
    assert (wired.report(READY), wired.due) == (3, None), "and the end is told at once"


def test_a_new_start_is_told_at_once(wired: Wired) -> None:
    wired.woken = False
    wired.report(ROLLS)
    wired.report(READY)
    assert wired.report(ROLLS) == 3, "no longer ready"
    wired.reporter.forget(KEY)
    wired.told.body.pop("status")
    assert wired.report(ROLLS) == 4, "another one of the name"


@pytest.mark.parametrize(
    "report",
    [
        READY,
        Report(checks=(DENIED,), stalled=("AccessDenied", "no")),
        Report(checks=(OK,), retrying="the API server gave no answer"),
        Report(checks=(OK, DENIED)),
    ],
    ids=["ready", "stalled", "retrying", "blocked"],
)
def test_what_is_more_than_progress_is_written(wired: Wired, report: Report) -> None:
    assert wired.report(report) == 1


def test_that_it_is_no_longer_ready_is_written_at_once(wired: Wired) -> None:
    wired.report(READY)
    assert wired.report(ROLLS) == 2
    assert wired.told.events == ["ReconcileSucceeded", "Progressing"]


def test_a_warning_is_posted_once_and_again_only_after_it_was_over(wired: Wired) -> None:
    fine = READY.checks
    warned = Report(checks=(dataclasses.replace(fine[0], warning="IAM is slow"), *fine[1:]))
    for report in (READY, warned, warned, READY, warned):
        wired.report(report)
    assert wired.told.events == ["ReconcileSucceeded", "Degraded", "Degraded"]


def test_an_unchanged_report_is_not_written(wired: Wired) -> None:
    assert [wired.report(READY) for _ in range(3)] == [1, 1, 1]
    assert wired.told.events == ["ReconcileSucceeded"]


def test_an_instance_that_is_gone_is_forgotten(wired: Wired) -> None:
    wired.report(ROLLS)
    wired.reporter.forget(KEY)
    assert wired.reporter._left == set[Key]()


def test_a_merge_patch_says_what_changed_and_what_goes() -> None:
    before = {"a": 1, "b": {"c": 1, "d": 2}, "l": [1], "gone": 1}
    after = {"a": 1, "b": {"c": 1, "d": 3}, "l": [1, 2]}
    assert merge_patch(before, after) == {"b": {"d": 3}, "l": [1, 2], "gone": None}
    assert merge_patch(after, after) == {}
