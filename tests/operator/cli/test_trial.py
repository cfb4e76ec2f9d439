"""`helm test` of the operator: a throw-away instance comes and goes, whatever comes of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from appinstance_operator.cli import main as cli
from appinstance_operator.cli import trial
from appinstance_operator.cli.fleet import CommandError, Condition, Key, Seen, Snapshot

_KEY = Key("trial", "trial")
_SUSPENDED = {"suspend": True}


def _seen(*conditions: tuple[str, str, str], observed: int = 1, deleting: bool = False) -> Seen:
    return Seen(
        _KEY, "u", 1, observed, deleting=deleting,
        conditions={
            kind: Condition(status, reason, f"because of {reason}")
            for kind, status, reason in conditions
        },
    )  # fmt: skip


class _Fleet:
    """A cluster with at most one AppInstance; `operator` says what becomes of it at each change."""

    def __init__(self, operator: Callable[[Seen], Seen | None]) -> None:
        self._operator = operator
        self.held: Seen | None = None
        self.asked: list[str] = []
        self.labels: Mapping[str, str] = {}
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def create(self, key: Key, spec: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        assert key == _KEY
        self.asked.append("create")
        self.labels = labels
        self.held = _seen(observed=0)

    def snapshot(self, only: Key | None = None) -> Snapshot:
        assert only == _KEY
        return Snapshot((self.held,) if self.held else (), "7")

    def delete(self, seen: Seen) -> None:
        assert seen.uid == "u"
        self.asked.append("delete")
        self.held = Seen(seen.key, "u", 1, seen.observed_generation, True, seen.conditions)

    def await_change(self, since: str, seconds: float, only: Key | None = None) -> None:
        assert (since, only) == ("7", _KEY)
        self.now += seconds
        if self.held:
            self.held = self._operator(self.held)


def _good(seen: Seen) -> Seen | None:
    return None if seen.deleting else _seen(("Ready", "False", "Suspended"))


def test_a_suspended_one_is_carried_out_when_the_operator_says_so() -> None:
    fleet = _Fleet(_good)
    told = trial.trial(fleet, _KEY, _SUSPENDED, 100, fleet.clock)
    assert told.endswith("the operator has seen it and said so in its status, and it is gone again")
    assert fleet.asked == ["create", "delete"]
    assert fleet.held is None
    assert fleet.labels == {"platform.appinstance.io/trial": "true"}


def test_what_the_crd_says_before_the_operator_does_not_count() -> None:
    fleet = _Fleet(lambda seen: None if seen.deleting else seen)
    with pytest.raises(CommandError, match="the operator has said nothing of AppInstance"):
        trial.trial(fleet, _KEY, _SUSPENDED, 100, fleet.clock)
    assert fleet.held is None, "it must be removed whatever came of it"


def test_a_spec_of_ones_own_has_to_be_ready() -> None:
    def operator(seen: Seen) -> Seen | None:
        return None if seen.deleting else _seen(("Ready", "True", "ReconcileSucceeded"))

    fleet = _Fleet(operator)
    assert "it was ready" in trial.trial(fleet, _KEY, {"host": "a"}, 100, fleet.clock)
    assert fleet.held is None


@pytest.mark.parametrize("spec", [_SUSPENDED, {"host": "a"}])
def test_one_that_stalls_fails_with_the_cause_and_is_removed(spec: dict[str, Any]) -> None:
    def operator(seen: Seen) -> Seen | None:
        return None if seen.deleting else _seen(("Stalled", "True", "NotAllowed"))

    fleet = _Fleet(operator)
    with pytest.raises(CommandError, match="is stalled: NotAllowed – because of NotAllowed"):
        trial.trial(fleet, _KEY, spec, 100, fleet.clock)
    assert fleet.held is None


def test_one_that_is_there_already_is_somebodys_and_stays() -> None:
    fleet = _Fleet(_good)
    fleet.held = _seen(("Ready", "True", "ReconcileSucceeded"))
    with pytest.raises(CommandError, match="there is an AppInstance trial/trial already"):
        trial.trial(fleet, _KEY, _SUSPENDED, 100, fleet.clock)
    assert fleet.asked == []


def test_one_that_does_not_go_is_a_failure() -> None:
    def operator(seen: Seen) -> Seen | None:
        return seen if seen.deleting else _seen(("Ready", "False", "Suspended"))

    fleet = _Fleet(operator)
    with pytest.raises(CommandError, match="does not go; its finalizer waits"):
        trial.trial(fleet, _KEY, _SUSPENDED, 100, fleet.clock)
    assert fleet.asked.count("delete") == 1


def test_one_that_somebody_deletes_meanwhile_is_a_failure() -> None:
    fleet = _Fleet(lambda _seen: None)
    with pytest.raises(CommandError, match="was deleted by somebody else meanwhile"):
        trial.trial(fleet, _KEY, _SUSPENDED, 100, fleet.clock)


@pytest.mark.parametrize(
    ("text", "says"), [("[]", "is not a JSON object"), ("{", "the spec is not JSON")]
)
def test_a_spec_that_is_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=says):
        trial._spec(text)


def test_the_command_takes_what_the_chart_gives() -> None:
    told = cli.parser().parse_args(["trial", "a/b", "--spec", '{"suspend": true}'])
    assert (told.run, told.instance, told.spec) == (trial.run, Key("a", "b"), {"suspend": True})
