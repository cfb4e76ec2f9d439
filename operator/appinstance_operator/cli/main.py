"""`appinstance`: the operator's command line. `render` and `validate` need no cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appinstance_operator.api import model, settings
from appinstance_operator.api.errors import InvalidSpec, NotAllowed, SettingsError

from .documents import planned, read_resources, to_yaml


def role_document(role: model.DesiredRole) -> dict[str, Any]:
    """Return a role in the shape of `aws iam get-role`, for a person or an auditor to read."""
    return {
        "kind": "IAMRole",
        "metadata": {"name": role.name, "path": role.path, "tags": dict(role.tags)},
        "permissionsBoundary": role.boundary_arn,
        "assumeRolePolicyDocument": dict(role.trust),
        "policyDocument": dict(role.policy),
    }


def _render(options: argparse.Namespace) -> int:
    known = settings.load_settings(options.settings)
    for body in read_resources(options.file):
        whole = planned(body, known)
        documents: list[Any] = list(whole.objects)
        if options.roles:
            documents += [role_document(role) for role in whole.roles]
        sys.stdout.write(to_yaml(documents))
    return 0


def _validate(options: argparse.Namespace) -> int:
    known = settings.load_settings(options.settings)
    for body in read_resources(options.file):
        planned(body, known)
        meta = body["metadata"]
        print(f"{meta.get('namespace', 'default')}/{meta['name']} is valid under these settings")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="appinstance", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    for name, run, text in (
        ("render", _render, "print the objects that an AppInstance becomes, offline"),
        ("validate", _validate, "check an AppInstance against the platform's settings, offline"),
    ):
        added = command(name, run, text)
        added.add_argument("-f", "--file", type=Path, required=True)
        added.add_argument("--settings", type=Path, required=True)
        if name == "render":
            added.add_argument("--roles", action="store_true", help="print the IAM roles too")

    # These need a cluster's client; imported late, so that `render` stays quick.
    from . import cluster as cli_cluster
    from . import drain, wait

    cli_cluster.add_commands(command)
    drain.add_command(commands)
    wait.add_command(commands)
    return parser


def main() -> None:
    """Run one command; exit 2 with a sentence when something has to be changed first."""
    options = _parser().parse_args()
    try:
        sys.exit(options.run(options))
    except (InvalidSpec, NotAllowed, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
