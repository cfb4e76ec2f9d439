"""The operator's own commands: `run`; `operator-policy`, `boundary-policy` for setting up IAM."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from appinstance_operator.api.errors import SettingsError

from . import output

if TYPE_CHECKING:
    from appinstance_operator.api.settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
"""Those of signals/logs.py, which loads what only the operator has."""
_SHORTEST_LEASE = 3  # below, a request's time-out and a pause for breath end a term
Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def _settings(options: argparse.Namespace) -> Settings:
    """Return the settings of a file that a person has; `run` takes nothing for granted."""
    from .given import told_settings

    return told_settings(options.settings)


def _run(options: argparse.Namespace) -> int:
    from appinstance_operator.api.settings import load_settings
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


def _operator_policy(options: argparse.Namespace) -> int:
    from appinstance_operator.runtime import permissions

    output.to_json(permissions.operator_policy(_settings(options)))
    return 0


def _boundary_policy(options: argparse.Namespace) -> int:
    from appinstance_operator.desired.boundary import boundary_policy

    output.to_json(boundary_policy(_settings(options)))
    return 0


def _provisioner_policy(options: argparse.Namespace) -> int:
    from appinstance_operator.runtime.provisioner_rights import provisioner_policy

    output.to_json(provisioner_policy(_settings(options)))
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
        "--log-level", metavar="LEVEL", type=str.upper, choices=LEVELS, default="INFO",
        help="debug, info, warning or error (default info)",
    )  # fmt: skip
    # A crash of the operator belongs into its log as it is.
    run.set_defaults(raises=True)
    policy = command("operator-policy", _operator_policy, "print the operator's own IAM policy")
    boundary = command(
        "boundary-policy",
        _boundary_policy,
        "print the permissions boundary of the instances' roles",
    )
    provisioner = command(
        "provisioner-policy", _provisioner_policy, "print the IAM policy of the provisioner"
    )
    run.add_argument("--settings", type=Path, required=True)
    for added in (policy, boundary, provisioner):
        added.add_argument(
            "--settings", type=Path, required=True,
            help="the platform's settings, or the operator's Helm values",
        )  # fmt: skip
