"""What a structural schema of Kubernetes says of an object, in sentences for people.

Written for this and not taken from a library of JSON Schema, because a structural schema is not
one: it drops nulls, fills in defaults, knows lists that are maps, and `kubectl` refuses fields that
it does not list. A test compares the judgement with a real API server's over generated specs.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import celrules

Schema = Mapping[str, Any]
_KEYWORDS = (
    "type description properties additionalProperties items required enum default nullable format "
    "pattern anyOf minimum maximum minLength maxLength minItems maxItems minProperties "
    "maxProperties x-kubernetes-int-or-string x-kubernetes-list-type x-kubernetes-list-map-keys "
    "x-kubernetes-validations"
)
KNOWN = frozenset(_KEYWORDS.split())
"""The keywords that are judged here; a test holds that the CRD uses no other."""
_BITS = {"int32": 31, "int64": 63}
_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"([Zz]|[-+]\d\d:\d\d)", re.ASCII
)  # fmt: skip
_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class Problem:
    """One thing that the API server refuses: the field (`spec.backend.image`) and a sentence."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


def inside(field: str, key: str) -> str:
    """Return the path of a key in a field, as the API server writes it."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return f"{field}.{key}" if field else key
    return f"{field}[{key}]"


def completed(schema: Schema, value: Any) -> Any:
    """Return a value as the API server stores it: with defaults, without nulls."""
    if isinstance(value, dict) and schema.get("type") == "object":
        result = {}
        for key, item in value.items():
            inner = _schema_of(schema, key)
            if item is None and inner is not None and not inner.get("nullable"):
                continue
            result[key] = item if inner is None else completed(inner, item)
        for key, inner in schema.get("properties", {}).items():
            if key not in result and "default" in inner:
                result[key] = completed(inner, copy.deepcopy(inner["default"]))
        return result
    if isinstance(value, list) and "items" in schema:
        return [completed(schema["items"], item) for item in value]
    return value


def _schema_of(schema: Schema, key: str) -> Schema | None:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    more = schema.get("additionalProperties")
    return properties.get(key, more if isinstance(more, Mapping) else None)


def unknown_fields(schema: Schema, value: Any, field: str = "") -> Iterator[Problem]:
    """Yield a problem for each field that the schema does not list."""
    if isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            inner = schema["properties"].get(key)
            if inner is None:
                yield Problem(inside(field, key), f"there is no such field{_meant(schema, key)}")
            else:
                yield from unknown_fields(inner, item, inside(field, key))
    elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), Mapping):
        for key, item in value.items():
            yield from unknown_fields(schema["additionalProperties"], item, inside(field, key))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from unknown_fields(schema["items"], item, f"{field}[{index}]")


def _meant(schema: Schema, key: str) -> str:
    properties = schema["properties"]
    near = difflib.get_close_matches(key[:64], properties, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    deeper = [
        f"{name}.{key}" for name, inner in properties.items() if key in inner.get("properties", {})
    ]
    return f"; did you mean {' or '.join(deeper)}?" if deeper else "; remove it"


def problems(schema: Schema, value: Any, field: str = "") -> list[Problem]:
    """Return what is wrong with a completed value, rules included.

    A value whose form is wrong already is not put before its rules: as with the API server.
    """
    found = list(_form(schema, value, field))
    if isinstance(value, dict):
        for key, item in value.items():
            inner = _schema_of(schema, key)
            if inner is not None:
                found += problems(inner, item, inside(field, key))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += problems(schema["items"], item, f"{field}[{index}]")
    if not found:
        for rule in schema.get("x-kubernetes-validations", ()):
            if "oldSelf" in rule["rule"]:
                continue  # about a change; there is nothing before it offline
            said = celrules.refusal(rule, value)
            if said:
                found.append(Problem(field, said))
    return found


def _form(schema: Schema, value: Any, field: str) -> Iterator[Problem]:
    wrong = _wrong_type(schema, value)
    if wrong:
        yield Problem(field, wrong)
        return
    yield from (Problem(field, words) for words in _bounds(schema, value))
    if isinstance(value, dict):
        for key in schema.get("required", ()):
            if key not in value:
                yield Problem(inside(field, key), "is missing; it is required")
    if isinstance(value, list):
        yield from _repeated(schema, value, field)


def _wrong_type(schema: Schema, value: Any) -> str | None:
    if value is None and schema.get("nullable"):
        return None
    wanted = ["integer", "string"] if schema.get("x-kubernetes-int-or-string") else [schema["type"]]
    if not wanted[0] or _type(value) in wanted:
        return None
    if _type(value) == "integer" and "number" in wanted:
        return None
    named = " or ".join(_NAMES[name] for name in wanted)
    hint = "; put it in quotes" if "string" in wanted and not isinstance(value, dict | list) else ""
    shown = json.dumps(value, ensure_ascii=True)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}…"
    return f"must be {named}, not {shown}{hint if value is not None else ''}"


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _bounds(schema: Schema, value: Any) -> Iterator[str]:
    if value is None:
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number_bounds(schema, value)
    for kind, unit, least, most in (
        (str, "characters", "minLength", "maxLength"),
        (list, "entries", "minItems", "maxItems"),
        (dict, "entries", "minProperties", "maxProperties"),
    ):
        if isinstance(value, kind):
            if len(value) < schema.get(least, 0):
                yield f"must have at least {schema[least]} {unit}"
            if most in schema and len(value) > schema[most]:
                yield f"must have at most {schema[most]} {unit}, not {len(value)}"
    if isinstance(value, str):
        if "pattern" in schema and not celrules.matches(value, schema["pattern"]):
            yield f"must have the form {schema['pattern']}"
        if schema.get("format") == "date-time" and not _TIME.fullmatch(value):
            yield "must be a time such as 2026-01-31T12:00:00Z"


def _number_bounds(schema: Schema, value: float) -> Iterator[str]:
    if "minimum" in schema and value < schema["minimum"]:
        yield f"must be at least {schema['minimum']}, not {value}"
    elif "maximum" in schema and value > schema["maximum"]:
        yield f"must be at most {schema['maximum']}, not {value}"
    else:
        bits = _BITS.get(schema.get("format", ""))
        if bits and not -(2**bits) <= value < 2**bits:
            yield f"must be a whole number of {bits + 1} bits"


def _repeated(schema: Schema, value: list[Any], field: str) -> Iterator[Problem]:
    kind = schema.get("x-kubernetes-list-type")
    if kind not in ("map", "set"):
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        part = {key: item.get(key) for key in keys} if keys and isinstance(item, dict) else item
        text = json.dumps(part, sort_keys=True)
        if text in seen:
            named = ", ".join(str(part[key]) for key in keys) if isinstance(part, dict) else text
            yield Problem(f"{field}[{index}]", f"{named} stands in the list twice; remove one")
        seen.add(text)
