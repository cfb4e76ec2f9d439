"""`appinstance wait-ready <namespace>/<name>`: what `helm test` of an AppInstance runs.

A test pod cannot call the app itself: the instance's policies admit only the edge, and a test that
is let through would prove that a stranger is too. So the test asks the one object that knows, with
an account that may read exactly this object. The operator sets `Ready` only when the pods serve and
the edge has an address.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from .fleet import CommandError, Fleet, Key, Seen, exit_code

_WATCH_SECONDS = 30.0


def wait_ready(
    fleet: Fleet, key: Key, seconds: float, clock: Callable[[], float] = time.monotonic
) -> str:
    """Return a sentence as soon as the AppInstance is ready for the spec as it is now.

    Raise `CommandError` when it is stalled, suspended, absent, or not ready after `seconds`. A
    `Ready=True` that speaks of an older generation does not count.
    """
    end = clock() + seconds
    while True:
        now = fleet.snapshot(key)
        if not now.instances:
            raise CommandError(f"there is no AppInstance {key}; install it first")
        seen = now.instances[0]
        if seen.current and seen.is_true("Ready"):
            return f"AppInstance {key} is ready"
        if seen.current and seen.is_true("Stalled"):
            raise CommandError(f"AppInstance {key} is stalled: {why(seen, 'Stalled')}")
        if seen.current and reason(seen) == "Suspended":
            raise CommandError(f"AppInstance {key} is suspended; set suspend to false")
        left = end - clock()
        if left <= 0:
            raise CommandError(
                f"AppInstance {key} is not ready after {seconds:.0f} s: {why(seen, 'Ready')}"
            )
        fleet.await_change(now.version, min(left, _WATCH_SECONDS), key)


def reason(seen: Seen) -> str:
    """Return the reason of being ready or not, empty where nothing is said yet."""
    ready = seen.conditions.get("Ready")
    return "" if ready is None else ready.reason


def why(seen: Seen, kind: str) -> str:
    """Return what a condition says."""
    condition = seen.conditions.get(kind)
    if condition is None:
        return "it has no status yet, so see whether the operator runs"
    return f"{condition.reason} – {condition.message}" if condition.message else condition.reason


def key_of(text: str) -> Key:
    """Return the key that an argument names."""
    try:
        return Key.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `wait-ready` to the parser of `main.py`."""
    parser = commands.add_parser("wait-ready", help="wait until one AppInstance is ready")
    parser.add_argument("instance", type=key_of, metavar="NAMESPACE/NAME")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command, say in a sentence how it went, and return the exit code."""
    # Imported late: the client takes a second to load, which the offline commands should not wait.
    from .fleet_client import KubernetesFleet

    return exit_code(
        lambda: wait_ready(
            KubernetesFleet.from_environment(), arguments.instance, arguments.timeout
        )
    )
