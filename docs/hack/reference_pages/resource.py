"""The page of the resource: every field of spec and status, from the CRD."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from .markdown import HEAD, cell, page, table
from .places import CRD
from .schemas import HEAD as COLUMNS
from .schemas import Field, Schema, fields, rules_of, type_of


def _sections(schema: Schema) -> Iterator[tuple[str, Schema, list[Field]]]:
    """Yield the fields directly below `spec`, each with all that it holds."""
    top = ""
    held: list[Field] = []
    found: dict[str, list[Field]] = {}
    for field in fields(schema):
        top = field.path.partition(".")[0].removesuffix("[]")
        held = found.setdefault(top, [])
        held.append(field)
    for name, items in found.items():
        yield name, items[0].schema, items


def _rows(items: Iterable[Field]) -> list[tuple[str, ...]]:
    return [item.row() for item in items]


def _part(name: str, schema: Schema) -> list[str | list[str]]:
    parts: list[str | list[str]] = [f"## {name}", cell(str(schema.get("description", "")))]
    rules = rules_of(schema)
    if rules:
        parts.append([f"- {rule}" for rule in rules])
    simple = []
    for top, own, items in _sections(schema):
        if len(items) == 1:
            simple.append(items[0])
            continue
        words = f"{cell(str(own.get('description', '')))} ({type_of(own)})"
        parts += [f"### {name}.{top}", words]
        held = rules_of(own)
        if held:
            parts.append([f"- {rule}" for rule in held])
        parts.append(table(COLUMNS, _rows(items[1:])))
    return [*parts[:2], *([parts[2]] if rules else []), table(COLUMNS, _rows(simple)),
            *parts[3 if rules else 2:]]  # fmt: skip


def resource_page() -> str:
    """Every field of an AppInstance."""
    crd: dict[str, Any] = yaml.safe_load(CRD.read_text())
    (version,) = crd["spec"]["versions"]
    whole = version["schema"]["openAPIV3Schema"]
    names = crd["spec"]["names"]
    rules = [f"- {rule}" for rule in rules_of(whole)]
    columns = [
        (f"`{item['name']}`", "with `-o wide`" if item.get("priority") else "")
        for item in version["additionalPrinterColumns"]
    ]
    return page(
        "# AppInstance",
        HEAD,
        f"`{crd['spec']['group']}/{version['name']}`, kind `{names['kind']}`, namespaced; `kubectl get "
        f"{names['shortNames'][0]}`. {whole['description']} A field that is not on this page is refused by "
        "`appinstance validate`, by the chart and by `kubectl apply`, which warns where validation is off.",
        rules,
        *_part("spec", whole["properties"]["spec"]),
        *_part("status", whole["properties"]["status"]),
        "What the conditions can say is on [a page of its own](conditions.md).",
        "## Columns of kubectl get",
        table(("column", "shown"), columns),
    )
