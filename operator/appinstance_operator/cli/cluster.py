"""The commands that need a cluster: `run`, `diff`; and `operator-policy`, for setting up IAM."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appinstance_operator.api.settings import load_settings
from appinstance_operator.desired.boundary import boundary_policy
from appinstance_operator.runtime import permissions

from .documents import planned, read_resources, to_yaml

Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def _run(options: argparse.Namespace) -> int:
    from appinstance_operator.runtime.operator import run

    run(load_settings(options.settings), options.port)
    return 0


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
