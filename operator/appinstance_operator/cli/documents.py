"""Reading AppInstances from files and printing what they become; shared by the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from appinstance_operator.api import model, settings, spec
from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.desired import plan


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
        if not isinstance(item, dict) or item.get("kind") != spec.KIND:
            raise InvalidSpec(f"{path} holds something that is not an {spec.KIND}")
    return documents


def planned(body: dict[str, Any], known: settings.Settings) -> model.Plan:
    """Return the plan for a raw resource; InvalidSpec says what is wrong with it."""
    instance = spec.parse(body)
    plan.check(instance, known)
    return plan.plan(instance, known)


class _Plain(yaml.SafeDumper):
    """Writes an object out each time it occurs: anchors are for machines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def to_yaml(objects: list[Any]) -> str:
    """Return the objects as YAML documents, the same bytes for the same objects."""
    return yaml.dump_all(objects, Dumper=_Plain, sort_keys=True, explicit_start=True, width=100)
