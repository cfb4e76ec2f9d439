"""`appinstance validate` and `render`: what one can know without a cluster."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appinstance_operator.api import model
from appinstance_operator.api.errors import InvalidSpec

from . import documents, judge, output

if TYPE_CHECKING:
    from appinstance_operator.api.settings import Settings

    from .command import Commands


def role_document(role: model.DesiredRole) -> dict[str, Any]:
    """Return a role in the shape of `aws iam get-role`, for a person or an auditor to read."""
    return {
        "kind": "IAMRole",
        "metadata": {"name": role.name, "path": role.path, "tags": dict(role.tags)},
        "permissionsBoundary": role.boundary_arn,
        "assumeRolePolicyDocument": dict(role.trust),
        "policyDocument": dict(role.policy),
    }


def read_all(paths: list[Path]) -> list[Any]:
    """Return the AppInstances of all files; others are named. Raises InvalidSpec."""
    found: list[Any] = []
    for path in paths:
        bodies, notes = documents.read_documents(path)
        ours = [item for item in bodies if documents.is_ours(item)]
        if not bodies:
            raise InvalidSpec(f"{path} holds no AppInstance; `appinstance init` writes one")
        if not ours:
            raise InvalidSpec(f"{path} holds something that is not an AppInstance, and none")
        for other in (item for item in bodies if not documents.is_ours(item)):
            kind = other.get("kind") if isinstance(other, dict) else None
            notes.append(f"{path}: not judged, as it is no AppInstance: {kind or 'a document'}")
        for note in notes:
            output.complain(note, "note")
        found += ours
    return found


def settings_of(options: argparse.Namespace) -> Settings | None:
    """Return the settings that the options name, None where they name none."""
    if options.settings is None:
        return None
    from .given import told_settings

    return told_settings(options.settings)


def _as_json(verdict: judge.Verdict) -> dict[str, Any]:
    problems: list[dict[str, str]] = [
        {"by": "api-server", "field": item.field, "message": item.message}
        for item in verdict.api_server
    ]
    problems += [{"by": "operator", "message": words} for words in verdict.operator]
    return {
        "name": verdict.name,
        "refused": verdict.refused,
        "problems": problems,
        "notJudged": list(verdict.unjudged),
    }


def _validate(options: argparse.Namespace) -> int:
    known = settings_of(options)
    verdicts = [
        judge.verdict(body, known, options.namespace or "default")
        for body in read_all(options.file)
    ]
    refused = any(verdict.refused for verdict in verdicts)
    if options.output == "json":
        output.to_json({"refused": refused, "results": [_as_json(item) for item in verdicts]})
        return 2 if refused else 0
    for verdict in verdicts:
        if verdict.refused:
            for sentence in verdict.sentences:
                output.complain(f"{verdict.name}: {sentence}")
        else:
            output.say(
                output.coloured(verdict.name, "bold"), ": ",
                output.coloured("nothing wrong found", "green"), "; not judged here:",
            )  # fmt: skip
            for words in verdict.unjudged:
                output.say(output.coloured(f"  - {words}", "dim"))
    return 2 if refused else 0


def _render(options: argparse.Namespace) -> int:
    known = settings_of(options)
    assert known is not None  # noqa: S101 - the parser demands it
    shown: list[Any] = []
    for body in read_all(options.file):
        verdict = judge.verdict(body, known, options.namespace or "default")
        if verdict.refused:
            raise InvalidSpec("; ".join(f"{verdict.name}: {said}" for said in verdict.sentences))
        whole = documents.planned(judge.complete(body, options.namespace or "default"), known)
        shown += whole.objects
        if options.roles:
            shown += [role_document(role) for role in whole.roles]
    if options.output == "json":
        output.to_json({"apiVersion": "v1", "kind": "List", "items": shown})
    else:
        sys.stdout.write(documents.to_yaml(shown))
    return 0


def add_commands(commands: Commands) -> None:
    """Add the commands to `appinstance`."""
    validate = commands.add("validate", _validate, "say what is wrong with an AppInstance, offline")
    render = commands.add("render", _render, "print the objects that an AppInstance becomes")
    for added, formats in ((validate, ("text", "json")), (render, ("yaml", "json"))):
        added.add_argument(
            "-f", "--file", "--filename", type=Path, required=True, action="append",
            help="a file, a folder, or - for standard input; may be given again",
        )  # fmt: skip
        added.add_argument("-n", "--namespace", help="for what names no namespace (default)")
        added.add_argument("-o", "--output", choices=formats, default=formats[0])
        added.add_argument(
            "--settings", type=Path, required=added is render,
            help="the platform's settings, or the operator's Helm values",
        )  # fmt: skip
    render.add_argument("--roles", action="store_true", help="print the IAM roles too")
