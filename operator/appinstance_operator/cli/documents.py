"""Reading AppInstances from files and printing what they become; shared by the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from appinstance_operator.api import model, settings, spec, tenancy
from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.desired import plan

from . import yamltext

_ENDINGS = (".yaml", ".yml", ".json")


def read_text(path: Path) -> str:
    """Return the text of a file (`-` is standard input); InvalidSpec says why it can't be read."""
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except (OSError, ValueError) as error:  # a path with a NUL byte is a ValueError
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidSpec(f"cannot read {path}: {why}") from None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{path} is not UTF-8 text: byte {error.start}") from None


def read_documents(path: Path) -> tuple[list[Any], list[str]]:
    """Return the YAML documents of a file, lists of objects taken apart, and what to say of them.

    Of a folder, those of the YAML and JSON files in it. Raises InvalidSpec.
    """
    if str(path) != "-" and path.is_dir():
        inside = sorted(item for item in path.iterdir() if item.suffix in _ENDINGS)
        read = [read_documents(item) for item in inside]
        return [body for bodies, _ in read for body in bodies], [n for _, ns in read for n in ns]
    try:
        found, notes = yamltext.documents(read_text(path))
    except yamltext.TextError as error:
        raise InvalidSpec(f"{path} is not YAML: {error}") from None
    flat: list[Any] = []
    for item in found:
        parts = item.get("items") if isinstance(item, dict) and _is_list(item) else None
        flat += parts if isinstance(parts, list) else [item]
    return flat, [f"{path}: {note}" for note in notes]


def _is_list(item: dict[str, Any]) -> bool:
    return item.get("kind") in ("List", f"{spec.KIND}List") and "spec" not in item


def is_ours(body: Any) -> bool:
    """Return whether a document is meant as an AppInstance."""
    return isinstance(body, dict) and body.get("kind") == spec.KIND


def planned(
    body: dict[str, Any], known: settings.Settings, facts: model.Facts | None = None
) -> model.Plan:
    """Return the plan for a raw resource; InvalidSpec says what is wrong with it."""
    instance = tenancy.resolved(spec.parse(body), known)
    plan.check(instance, known)
    return plan.plan(instance, known, facts)


class _Plain(yaml.SafeDumper):
    """Writes an object out each time it occurs: anchors are for machines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def to_yaml(objects: list[Any]) -> str:
    """Return the objects as YAML documents, the same bytes for the same objects."""
    return yaml.dump_all(objects, Dumper=_Plain, sort_keys=True, explicit_start=True, width=100)
