"""`helm test` passes only for an instance that is ready for the spec as it is now."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pytest

from appinstance_operator.cli import wait
from appinstance_operator.cli.fleet import CommandError, Condition, Key, Seen, Snapshot

_KEY = Key("tenants", "acme")


def _seen(*conditions: tuple[str, str, str], generation: int = 2, observed: int = 2) -> Seen:
    return Seen(
        _KEY, "u", generation, observed, deleting=False,
        conditions={
            kind: Condition(status, reason, f"because of {reason}")
            for kind, status, reason in conditions
        },
    )  # fmt: skip


class _Fleet:
    """Answers with one state after the other; the last one stays."""

    def __init__(self, states: Sequence[Seen | None]) -> None:
        self._states = list(states)
        self.now = 0.0
        self.waits = 0

    def clock(self) -> float:
        return self.now

    def snapshot(self, only: Key | None = None) -> Snapshot:
        assert only == _KEY
        state = self._states[0]
        return Snapshot(() if state is None else (state,), "7")

    def delete(self, seen: Seen) -> None:
        raise AssertionError("waiting must not delete")

    def await_change(self, since: str, seconds: float, only: Key | None = None) -> None:
        assert (since, only) == ("7", _KEY)
        self.waits += 1
        if len(self._states) > 1:
            self._states.pop(0)
        else:
            self.now += seconds


_READY = ("Ready", "True", "ReconcileSucceeded")
_PROGRESSING = ("Ready", "False", "Progressing")


def _wait(*states: Seen | None) -> tuple[str, int]:
    fleet = _Fleet(states)
    return wait.wait_ready(fleet, _KEY, 100, fleet.clock), fleet.waits


def test_a_ready_instance_passes_at_once() -> None:
    assert _wait(_seen(_READY)) == ("AppInstance tenants/acme is ready", 0)


def test_it_waits_through_no_status_and_progress() -> None:
    assert _wait(_seen(observed=0), _seen(_PROGRESSING), _seen(_READY))[1] == 2


def test_ready_for_an_older_spec_does_not_count() -> None:
    with pytest.raises(CommandError, match="not ready after 100 s"):
        _wait(_seen(_READY, observed=1))


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (None, "there is no AppInstance tenants/acme"),
        (
            _seen(_PROGRESSING, ("Stalled", "True", "InvalidSpec")),
            "is stalled: InvalidSpec – because of InvalidSpec",
        ),
        (_seen(("Ready", "False", "Suspended")), "is suspended; set suspend to false"),
        (_seen(_PROGRESSING), "not ready after 100 s: Progressing – because of Progressing"),
        (_seen(observed=0), "no status yet, so see whether the operator runs"),
    ],
)
def test_it_fails_with_the_cause(state: Seen | None, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        _wait(state)


def test_stalled_for_an_older_spec_is_waited_out() -> None:
    stalled = _seen(("Stalled", "True", "InvalidSpec"), observed=1)
    assert _wait(stalled, _seen(_READY))[1] == 1


@pytest.mark.parametrize("text", ["acme", "/acme", "tenants/", "a/b/c"])
def test_the_argument_must_name_a_namespace_and_a_name(text: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    wait.add_command(parser.add_subparsers())
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parser.parse_args(["wait-ready", text])
