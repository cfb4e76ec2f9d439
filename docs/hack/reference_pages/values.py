"""Tables of the charts' values: from the comments of values.yaml, and from the CRD."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from .markdown import cell, code, page, table
from .places import CHARTS, CRD
from .schemas import HEAD as COLUMNS
from .schemas import Field, fields

_BEGIN, _END = "<!-- BEGIN VALUES (make reference) -->", "<!-- END VALUES -->"
Row = tuple[str, str, str]


def _comment(lines: list[str], line: int) -> str:
    """Return the prose directly above a line: an example in it (indented) is left out."""
    words: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        text = lines[line].strip().removeprefix("#")
        if text.startswith(" ---"):
            break
        if not text.startswith("  "):
            words.insert(0, text.strip())
    return " ".join(words).removesuffix(":").strip()


def _walk(node: yaml.MappingNode, lines: list[str], path: str = "") -> Iterator[Row]:
    for key, value in node.value:
        name = f"{path}{key.value}"
        words = _comment(lines, key.start_mark.line)
        if isinstance(value, yaml.MappingNode) and value.value:
            if words:
                yield name, "", words
            yield from _walk(value, lines, f"{name}.")
        else:
            yield name, code(yaml.safe_load(yaml.serialize(value))), words


def rows_of(text: str) -> list[Row]:
    """Return key, default and comment of each value in the text of a values.yaml."""
    node = yaml.compose(text)
    if not isinstance(node, yaml.MappingNode):
        raise TypeError("the values are no mapping")
    return list(_walk(node, text.splitlines()))


def chart_values(chart: str) -> list[str]:
    """Return the table of a chart's values."""
    rows = rows_of((CHARTS / chart / "values.yaml").read_text())
    return table(
        ("value", "default", "meaning"),
        [(f"`{name}`", default, cell(words)) for name, default, words in rows],
    )


def _spec_fields() -> list[Field]:
    crd = yaml.safe_load(CRD.read_text())
    (version,) = crd["spec"]["versions"]
    return list(fields(version["schema"]["openAPIV3Schema"]["properties"]["spec"]))


def spec_values() -> list[str]:
    """Return the table of the values that are fields of the spec."""
    rows = [field.row()[:4] for field in _spec_fields()]
    return table(COLUMNS[:4], rows)


def _tables(chart: str) -> str:
    if chart == "appinstance":
        return page(
            "### The chart's own", chart_values(chart), "### The spec's fields", spec_values()
        )
    return page(chart_values(chart))


def readme(chart: str) -> str:
    """Return a chart's README with its tables made anew."""
    text = (CHARTS / chart / "README.md").read_text()
    head, _, rest = text.partition(_BEGIN)
    tail = rest.partition(_END)[2]
    return f"{head}{_BEGIN}\n\n{_tables(chart)}\n{_END}{tail}"
