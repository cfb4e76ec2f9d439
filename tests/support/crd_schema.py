"""What the API server would say of an AppInstance's status: the CRD's schema, and a bit stricter.

A field that the schema does not know is an error here, not dropped in silence: dropped, it would be
written again and again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

_CRD = (
    Path(__file__).parents[2]
    / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"
)
_PAST = "1970-01-01T00:00:00Z"
_LONGEST = 32768


@cache
def _status_schema() -> dict[str, Any]:
    (version,) = yaml.safe_load(_CRD.read_text())["spec"]["versions"]
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["status"]
    return schema


def first_status() -> dict[str, Any]:
    """Return the status that the CRD gives a new instance."""
    default: dict[str, Any] = _status_schema()["default"]
    return default


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in schema.items() if not key.startswith("x-")}
    if "properties" in schema:
        result["properties"] = {
            name: _closed(inner) for name, inner in schema["properties"].items()
        }
        result["additionalProperties"] = False
    if "items" in schema:
        result["items"] = _closed(schema["items"])
    return result


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        _closed(_status_schema()), format_checker=jsonschema.FormatChecker()
    )


def _duplicate_keys(schema: Mapping[str, Any], value: Any, path: str) -> list[str]:
    """Return the lists of type map in which two elements have the same keys."""
    found = []
    if isinstance(value, Mapping):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                found += _duplicate_keys(inner, value[name], f"{path}.{name}")
    elif isinstance(value, list) and schema.get("x-kubernetes-list-type") in {"map", "set"}:
        keys = schema.get("x-kubernetes-list-map-keys")
        known = [tuple(item.get(key) for key in keys) if keys else item for item in value]
        if len(set(known)) != len(known):
            found.append(f"{path}: two elements of the same key: {known}")
    return found


@cache
def _problems(text: str) -> tuple[str, ...]:
    status = json.loads(text)
    found = [
        f"status{item.json_path[1:]}: {item.message}" for item in _validator().iter_errors(status)
    ]
    return (*found, *_duplicate_keys(_status_schema(), status, "status"))


def status_problems(status: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why the API server would refuse a status; empty when it would take it."""
    conditions = status.get("conditions") or ()
    alike = {**status, "conditions": [_alike(item) for item in conditions]}
    return _problems(json.dumps(alike, sort_keys=True))


def _alike(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition without what is legal and differs all the time, to be judged only once."""
    result = dict(condition)
    time, message = result.get("lastTransitionTime"), result.get("message")
    if isinstance(time, str) and len(time) == len(_PAST) and time.endswith("Z"):
        result["lastTransitionTime"] = _PAST
    if isinstance(message, str) and len(message) <= _LONGEST:
        result["message"] = ""
    if type(result.get("observedGeneration")) is int:
        result["observedGeneration"] = 1
    return result
