"""`appinstance trial <namespace>/<name>`: what `helm test` of the operator runs.

It makes a throw-away AppInstance, waits until the operator has carried it out, and removes it
again, whatever came of it. A suspended one asks for nothing outside of the cluster and is carried
out once the operator says so: that tries the CRD, the admission policies, the leading replica, its
rights and its status. With a spec of one's own the whole way is tried, until it is ready.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .fleet import CommandError, Fleet, Key, exit_code
from .wait import key_of, reason, wait_ready, why

_WATCH_SECONDS = 30.0
_MARK = "platform.appinstance.io/trial"


class Maker(Fleet, Protocol):
    """A fleet in which one more can be made."""

    def create(self, key: Key, spec: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        """Make an AppInstance; `CommandError` says why there is none."""


def trial(
    fleet: Maker,
    key: Key,
    spec: Mapping[str, Any],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Return a sentence once the throw-away instance was carried out and is gone again.

    Raise `CommandError` when it was refused, stalled, not carried out in `seconds`, or does not go.
    One of the name that is there already is somebody's: it is left alone.
    """
    if fleet.snapshot(key).instances:
        raise CommandError(
            f"there is an AppInstance {key} already, and it is left alone; delete it if it is of "
            "an earlier trial, or set test.name"
        )
    end = clock() + seconds
    fleet.create(key, spec, {_MARK: "true"})
    try:
        if spec.get("suspend"):
            _await_suspended(fleet, key, end, clock)
            said = "the operator has seen it and said so in its status"
        else:
            wait_ready(fleet, key, seconds, clock)
            said = "it was ready"
    except CommandError:
        _remove(fleet, key, clock() + seconds, clock)
        raise
    _remove(fleet, key, clock() + seconds, clock)
    return f"AppInstance {key} was made, {said}, and it is gone again"


def _await_suspended(fleet: Fleet, key: Key, end: float, clock: Callable[[], float]) -> None:
    while True:
        now = fleet.snapshot(key)
        if not now.instances:
            raise CommandError(f"AppInstance {key} was deleted by somebody else meanwhile")
        seen = now.instances[0]
        if seen.current and seen.is_true("Stalled"):
            raise CommandError(f"AppInstance {key} is stalled: {why(seen, 'Stalled')}")
        if seen.current and reason(seen) == "Suspended":
            return
        left = end - clock()
        if left <= 0:
            raise CommandError(
                f"the operator has said nothing of AppInstance {key}; see whether it runs, leads "
                "(metric appinstance_leader) and watches that namespace (settings.namespaces)"
            )
        fleet.await_change(now.version, min(left, _WATCH_SECONDS), key)


def _remove(fleet: Fleet, key: Key, end: float, clock: Callable[[], float]) -> None:
    while True:
        now = fleet.snapshot(key)
        if not now.instances:
            return
        seen = now.instances[0]
        if not seen.deleting:
            fleet.delete(seen)
        left = end - clock()
        if left <= 0:
            raise CommandError(
                f"AppInstance {key} does not go; its finalizer waits, see its status"
            )
        fleet.await_change(now.version, min(left, _WATCH_SECONDS), key)


def _spec(text: str) -> dict[str, Any]:
    try:
        spec = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the spec is not JSON: {error}") from error
    if not isinstance(spec, dict):
        raise argparse.ArgumentTypeError("the spec is not a JSON object")
    return spec


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `trial` to the parser of `main.py`."""
    parser = commands.add_parser(
        "trial", help="make a throw-away AppInstance, wait for the operator, and remove it"
    )
    parser.add_argument("instance", type=key_of, metavar="NAMESPACE/NAME")
    parser.add_argument("--spec", type=_spec, required=True, metavar="JSON")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command, say in a sentence how it went, and return the exit code."""
    # Imported late: the client takes a second to load, which the offline commands should not wait.
    from .fleet_client import KubernetesFleet

    return exit_code(
        lambda: trial(
            KubernetesFleet.from_environment(),
            arguments.instance,
            arguments.spec,
            arguments.timeout,
        )
    )
