"""`appinstance diff`: how the cluster differs from what a file would become.

Exit codes are kubectl's: 0 no difference, 1 a difference, more than 1 that it could not be told.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from appinstance_operator.api.access import open_by_status, parsed_access
from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.api.model import Facts
from appinstance_operator.desired import names
from appinstance_operator.kube import drift

from . import judge, kubectl, output
from .command import Commands
from .documents import planned, to_yaml
from .offline import read_all, settings_of


def only_wanted(wanted: Any, live: Any) -> Any:
    """Return of a live value only what `wanted` speaks of, for a diff without others' fields.

    Something empty that is not there (the API server drops it) is as it should be.
    """
    if isinstance(wanted, dict) and isinstance(live, dict):
        return {
            key: only_wanted(value, live.get(key))
            for key, value in wanted.items()
            if key in live or not value
        }
    if live is None and not wanted:
        return wanted  # something empty
    if isinstance(wanted, list) and isinstance(live, list):
        paired = [only_wanted(one, other) for one, other in zip(wanted, live, strict=False)]
        return paired + live[len(wanted) :]
    return live


def _drop_facts(manifest: dict[str, Any]) -> None:
    """Take out what only the running operator knows: a hash of the Secrets, a Job's attempt."""
    if manifest["kind"] == "Job":
        manifest["metadata"].pop("annotations", None)
    template = manifest.get("spec", {}).get("template", {})
    if isinstance(template, dict):
        template.get("metadata", {}).get("annotations", {}).pop(names.SECRETS_HASH, None)


def changes(wanted: dict[str, Any], live: dict[str, Any] | None) -> Iterator[str]:
    """Yield the lines of a diff between an object and how it should be.

    What differs is what the operator would put right: `500m` is no other than `0.5`.
    """
    meta = wanted["metadata"]
    where = f"{wanted['kind']}/{meta['namespace']}/{meta['name']}"
    _drop_facts(wanted)
    if live and not drift.differences(wanted, live):
        return
    shown = to_yaml([only_wanted(wanted, live)]) if live else ""
    yield from difflib.unified_diff(
        shown.splitlines(), to_yaml([wanted]).splitlines(),
        f"live {where}" if live else "/dev/null", f"wanted {where}", lineterm="",
    )  # fmt: skip


def _resource(manifest: dict[str, Any]) -> str:
    group, slash, _ = manifest["apiVersion"].partition("/")
    return f"{manifest['kind'].lower()}{'.' + group if slash else ''}"


def _facts(client: kubectl.Kubectl, body: dict[str, Any]) -> Facts:
    """Return the openings that others agreed to, as the status of the live AppInstance has them."""
    if not body["spec"].get("access"):
        return Facts()
    meta = body["metadata"]
    found = client.objects(kubectl.APPINSTANCES, meta["name"], "-n", meta["namespace"])
    status = (found[0].get("status") or {}) if found else {}
    said = parsed_access(body["spec"]["access"], meta["namespace"])
    return Facts(agreed=open_by_status(status, said))


def _diff(options: argparse.Namespace) -> int:
    known = settings_of(options)
    assert known is not None  # noqa: S101 - the parser demands it
    different = False
    client = kubectl.Kubectl(options)
    for body in read_all(options.file):
        verdict = judge.verdict(body, known, options.namespace or "default")
        if verdict.refused:
            raise InvalidSpec("; ".join(f"{verdict.name}: {said}" for said in verdict.sentences))
        whole = judge.complete(body, options.namespace or "default")
        for manifest in planned(whole, known, _facts(client, whole)).objects:
            meta = manifest["metadata"]
            found = client.objects(_resource(manifest), meta["name"], "-n", meta["namespace"])
            for line in changes(manifest, found[0] if found else None):
                different = True
                colour = {"+": "green", "-": "red", "@": "dim"}.get(line[:1])
                output.say(output.coloured(line, colour) if colour else output.printable(line))
    return 1 if different else 0


def add_commands(commands: Commands) -> None:
    """Add the command to `appinstance`."""
    diff = commands.add("diff", _diff, "show how the cluster differs from what should be")
    diff.epilog = "Exits with 0 without a difference, 1 with one, more where it can't be told."
    diff.add_argument("-f", "--file", "--filename", type=Path, required=True, action="append")
    diff.add_argument("--settings", type=Path, required=True)
    kubectl.add_options(diff)
