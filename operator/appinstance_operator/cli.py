"""`appinstance`: the operator's command line. `render` and `validate` need no cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from . import model, plan, resource, settings
from .errors import InvalidSpec, SettingsError


def read_resources(path: Path) -> list[dict[str, Any]]:
    """Return the AppInstances in a YAML file (`-` is standard input).

    Raises InvalidSpec when the file cannot be read or holds something else.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text()
        documents = [item for item in yaml.safe_load_all(text) if item]
    except OSError as error:
        raise InvalidSpec(f"cannot read {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise InvalidSpec(f"{path} is not YAML: {error}") from None
    for item in documents:
        if not isinstance(item, dict) or item.get("kind") != resource.KIND:
            raise InvalidSpec(f"{path} holds something that is not an {resource.KIND}")
    return documents


def planned(body: dict[str, Any], known: settings.Settings) -> model.Plan:
    """Return the plan for a raw resource; InvalidSpec says what is wrong with it."""
    instance = resource.parse(body)
    plan.check(instance, known)
    return plan.plan(instance, known)


def to_yaml(objects: list[Any]) -> str:
    """Return the objects as YAML documents, the same bytes for the same objects."""
    return yaml.safe_dump_all(objects, sort_keys=True, explicit_start=True, width=100)


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
        made = planned(body, known)
        documents: list[Any] = list(made.objects)
        if options.roles:
            documents += [role_document(role) for role in made.roles]
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
    from . import cli_cluster

    cli_cluster.add_commands(command)
    return parser


def main() -> None:
    """Run one command; exit 2 with a sentence when something has to be changed first."""
    options = _parser().parse_args()
    try:
        sys.exit(options.run(options))
    except (InvalidSpec, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
