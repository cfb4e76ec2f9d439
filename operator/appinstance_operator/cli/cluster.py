"""The commands that need a cluster: `run`, `diff`; and `operator-policy`, for setting up IAM."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.settings import load_settings
from appinstance_operator.desired.boundary import boundary_policy
from appinstance_operator.runtime import permissions
from appinstance_operator.signals import logs

from .documents import planned, read_resources, to_yaml

_SHORTEST_LEASE = 3  # below, a request's time-out and a pause for breath end a term
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def _run(options: argparse.Namespace) -> int:
    from appinstance_operator.runtime.lease import Timing
    from appinstance_operator.runtime.operator import Candidacy, run

    settings, candidacy = load_settings(options.settings), None
    if not options.no_lease:
        namespace = options.lease_namespace or os.environ.get("POD_NAMESPACE")
        if not namespace:
            raise SettingsError(
                "the namespace of the operator's Lease is not known: set --lease-namespace or "
                "POD_NAMESPACE, or run a single process with --no-lease"
            )
        name = os.environ.get("POD_NAME") or socket.gethostname()
        candidacy = Candidacy(namespace, name, Timing(options.lease_duration))
    return run(settings, options.port, candidacy, options.log_level)


def _lease_seconds(text: str) -> int:
    seconds = int(text)
    if seconds < _SHORTEST_LEASE:
        raise argparse.ArgumentTypeError(f"{seconds} is too short; {_SHORTEST_LEASE} is the least")
    return seconds


def only_wanted(wanted: Any, live: Any) -> Any:
    """Return of a live value only what `wanted` speaks of, for a diff without others' fields."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        return {key: only_wanted(value, live[key]) for key, value in wanted.items() if key in live}
    if isinstance(wanted, list) and isinstance(live, list):
        paired = [only_wanted(one, other) for one, other in zip(wanted, live, strict=False)]
        return paired + live[len(wanted) :]
    return live


def _diff(options: argparse.Namespace) -> int:
    from appinstance_operator.kube.client import Kube
    from appinstance_operator.kube.kinds import BY_KIND

    kube, known, different = Kube(), load_settings(options.settings), False
    for body in read_resources(options.file):
        for manifest in planned(body, known).objects:
            meta = manifest["metadata"]
            where = f"{manifest['kind']}/{meta['namespace']}/{meta['name']}"
            live = kube.find(BY_KIND[manifest["kind"]], meta["namespace"], meta["name"])
            _drop_facts(manifest)
            shown = to_yaml([only_wanted(manifest, live)]) if live else ""
            lines = difflib.unified_diff(
                shown.splitlines(True), to_yaml([manifest]).splitlines(True),
                f"live {where}", f"wanted {where}",
            )  # fmt: skip
            for line in lines:
                different = True
                sys.stdout.write(line)
    return 1 if different else 0


def _drop_facts(manifest: dict[str, Any]) -> None:
    """Take out what only the running operator knows: the hash of the Secrets' content."""
    template = manifest.get("spec", {}).get("template", {})
    if isinstance(template, dict):
        template.get("metadata", {}).pop("annotations", None)


def _operator_policy(options: argparse.Namespace) -> int:
    policy = permissions.operator_policy(load_settings(options.settings))
    sys.stdout.write(json.dumps(policy, indent=2) + "\n")
    return 0


def _boundary_policy(options: argparse.Namespace) -> int:
    policy = boundary_policy(load_settings(options.settings))
    sys.stdout.write(json.dumps(policy, indent=2) + "\n")
    return 0


def add_commands(command: Command) -> None:
    """Add the commands to `appinstance`."""
    run = command("run", _run, "run the operator")
    run.add_argument("--port", type=int, default=8080, help="health and metrics (default 8080)")
    run.add_argument(
        "--lease-namespace", metavar="NS", help="where the Lease is (default: POD_NAMESPACE)"
    )
    run.add_argument(
        "--lease-duration", metavar="SECONDS", type=_lease_seconds, default=15,
        help="how long a silent leader is waited for (default 15)",
    )  # fmt: skip
    run.add_argument(
        "--no-lease", action="store_true", help="lead from the start: the only process there is"
    )
    run.add_argument(
        "--log-level", metavar="LEVEL", type=str.upper, choices=logs.LEVELS, default="INFO",
        help="debug, info, warning or error (default info)",
    )  # fmt: skip
    diff = command("diff", _diff, "show how the cluster differs from what should be (exit 1 if so)")
    diff.add_argument("-f", "--file", type=Path, required=True)
    policy = command("operator-policy", _operator_policy, "print the operator's own IAM policy")
    boundary = command(
        "boundary-policy",
        _boundary_policy,
        "print the permissions boundary of the instances' roles",
    )
    for added in (run, diff, policy, boundary):
        added.add_argument("--settings", type=Path, required=True)
