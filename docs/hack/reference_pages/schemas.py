"""Fields of a schema (the CRD's, or JSON Schema's) as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .markdown import cell, code

Schema = Mapping[str, Any]
HEAD = ("field", "type", "default", "meaning", "rules")

_BOUNDS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("minProperties", "at least {} keys"),
    ("maxProperties", "at most {} keys"),
)


@dataclass(frozen=True)
class Field:
    """One field, by its path below the schema that was walked."""

    path: str
    schema: Schema
    required: bool
    settled: bool
    """Whether what it holds is told by rows of its own."""

    def row(self) -> tuple[str, ...]:
        """Return the cells that HEAD names."""
        name = f"`{self.path}`" + (" **required**" if self.required else "")
        default = code(self.schema["default"]) if "default" in self.schema else ""
        words = cell(str(self.schema.get("description", "")))
        return name, type_of(self.schema), default, words, "<br>".join(rules_of(self.schema))


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return a schema without references, and without pydantic's way to say "or null"."""
    while True:
        if "$ref" in schema:
            target: Any = root
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target[part]
            own = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **own}
            continue
        choices = schema.get("anyOf", ())
        real = [item for item in choices if item.get("type") != "null"]
        if len(real) == 1 and len(choices) > 1:
            own = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
            schema = {**real[0], **own}
            continue
        return schema


def type_of(schema: Schema) -> str:
    """Return a field's type in a word or two."""
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if "enum" in schema:
        return "one of " + ", ".join(code(value) for value in schema["enum"])
    if "const" in schema:
        return code(schema["const"])
    kind = schema.get("type", "any")
    if kind == "array":
        inner = schema.get("items", {})
        return f"list of {type_of(inner)}s" if inner.get("type") not in (None, "array") else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return "map"
    return str(kind)


def rules_of(schema: Schema) -> list[str]:
    """Return what a value must keep: bounds, pattern, and the sentences of the CRD's rules."""
    found = [cell(words.format(schema[key])) for key, words in _BOUNDS if key in schema]
    if "pattern" in schema:
        found.append(code(schema["pattern"]))
    found += [cell(rule["message"]) for rule in schema.get("x-kubernetes-validations", ())]
    for inside in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inside, Mapping):
            found += [f"each: {rule}" for rule in rules_of(inside)]
    return found


def fields(schema: Schema, root: Schema | None = None, path: str = "") -> Iterator[Field]:
    """Yield all fields below a schema, each before what it holds."""
    whole = schema if root is None else root
    schema = resolved(schema, whole)
    required = set(schema.get("required", ()))
    for name, raw in schema.get("properties", {}).items():
        field = resolved(raw, whole)
        where = f"{path}{name}"
        inner = field
        if field.get("type") == "array":
            inner = resolved(field.get("items", {}), whole)
            field = {**field, "items": inner}
            below = f"{where}[]."
        else:
            below = f"{where}."
        held = list(fields(inner, whole, below)) if inner.get("properties") else []
        yield Field(where, field, name in required, bool(held))
        yield from held
