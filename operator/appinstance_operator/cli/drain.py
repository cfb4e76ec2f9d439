"""`appinstance drain`: nothing stays stuck on a finalizer when the operator is uninstalled.

An AppInstance is held by a finalizer until the operator has removed what lies outside of the
cluster. Where the operator goes first, nobody lifts it: the resource, its namespace and the CRD can
then not be deleted. So the chart's `pre-delete` hook runs this while the operator is still there:

- `refuse` (the default) stops the uninstall with one sentence that names what is left;
- `delete` deletes every AppInstance and returns when the last one is gone.

An operator that is kept to namespaces is uninstalled with those alone in mind.

Deleting is not the default because it takes running applications away, which is more than most
people mean by "uninstall the operator".
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from .fleet import CommandError, Fleet, Key, Seen, exit_code

MODES = ("refuse", "delete")
_NAMED = 10
_WATCH_SECONDS = 30.0


def refuse(fleet: Fleet) -> str:
    """Return a sentence when no AppInstance is left; raise `CommandError` naming those that are."""
    left = fleet.snapshot().instances
    if left:
        raise CommandError(
            f"not uninstalled: {_count(left)} left ({_names(left)}); delete them "
            # By the group: another's kind may have the same plural.
            "(kubectl delete appinstances.platform.appinstance.io --all --all-namespaces) and "
            "uninstall again, or go back with helm rollback; after that, helm upgrade … "
            "--reuse-values --set uninstall.mode=delete lets the uninstall delete them"
        )
    return "no AppInstance is left"


def delete(fleet: Fleet, seconds: float, clock: Callable[[], float] = time.monotonic) -> str:
    """Delete all AppInstances, wait until they are gone, and return a sentence with their count.

    Raise `CommandError` when some are still there after `seconds`. One that is created meanwhile
    is deleted too: it would be stuck just the same.
    """
    end = clock() + seconds
    asked: set[Key] = set()
    while True:
        now = fleet.snapshot()
        if not now.instances:
            return f"{len(asked)} AppInstance{'' if len(asked) == 1 else 's'} deleted"
        for seen in now.instances:
            asked.add(seen.key)
            if not seen.deleting:
                fleet.delete(seen)
        left = end - clock()
        if left <= 0:
            raise CommandError(
                f"{_count(now.instances)} still there after {seconds:.0f} s "
                f"({_names(now.instances, why=True)}); the operator must be running for them to "
                "go, so see its log and their status, and uninstall again"
            )
        fleet.await_change(now.version, min(left, _WATCH_SECONDS))


def _count(instances: Sequence[Seen]) -> str:
    return "1 AppInstance is" if len(instances) == 1 else f"{len(instances)} AppInstances are"


def _names(instances: Sequence[Seen], *, why: bool = False) -> str:
    ordered = sorted(instances, key=lambda seen: seen.key)
    names = [_described(seen) if why else str(seen.key) for seen in ordered[:_NAMED]]
    more = len(ordered) - _NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _described(seen: Seen) -> str:
    for kind in ("Stalled", "Ready"):
        condition = seen.conditions.get(kind)
        if condition is not None and (kind == "Ready" or condition.status == "True"):
            return f"{seen.key}: {condition.message or condition.reason}"
    return str(seen.key)


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `drain` to the parser of `main.py`."""
    parser = commands.add_parser(
        "drain", help="before an uninstall: refuse while AppInstances are left, or delete them"
    )
    parser.add_argument("--mode", choices=MODES, default="refuse")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    parser.add_argument(
        "--namespaces", type=lambda text: tuple(filter(None, text.split(","))), default=(),
        metavar="A,B", help="only there, as the operator that is uninstalled (default: everywhere)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command, say in a sentence how it went, and return the exit code."""
    # Imported late: the client takes a second to load, which the offline commands should not wait.
    from .fleet_client import KubernetesFleet

    def work() -> str:
        fleet = KubernetesFleet.from_environment(arguments.namespaces)
        return refuse(fleet) if arguments.mode == "refuse" else delete(fleet, arguments.timeout)

    return exit_code(work)
