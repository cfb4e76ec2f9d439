"""The golden cases: each one's AppInstance, and its settings: a common file with its changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.cli import documents
from support.yamls import document

DESIRED = Path(__file__).parents[1] / "operator" / "desired"
COMMON = DESIRED / "settings.yaml"


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result


def golden_values(case: Path) -> dict[str, Any]:
    """Return the settings of a case as parsed YAML."""
    own = case / "settings.yaml"
    change = document(own.read_text()) if own.exists() else {}
    return _merged(document(COMMON.read_text()), change)


def golden_settings(case: Path) -> Settings:
    """Return the settings of a case."""
    return parse_settings(golden_values(case))


def golden_instance(case: Path) -> dict[str, Any]:
    """Return the AppInstance of a case."""
    (body,), _ = documents.read_documents(case / "appinstance.yaml")
    assert isinstance(body, dict)
    return body
