"""Write the table of what the defaults cost into terraform/README.md: `make terraform-docs`.

Prices, quantities and where each price was read stand in terraform/prices.yaml.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

TERRAFORM = Path(__file__).resolve().parents[1]
README = TERRAFORM / "README.md"
_BEGIN, _END = "<!-- BEGIN_COSTS -->", "<!-- END_COSTS -->"
_HEAD = ("| what | about | cheaper |", "|---|---|---|")


def facts() -> dict[str, Any]:
    """Return the prices and quantities."""
    found: dict[str, Any] = yaml.safe_load((TERRAFORM / "prices.yaml").read_text())
    return found


def monthly(row: Mapping[str, Any], hours: int) -> int:
    """Return what a row costs in a month, in whole dollars."""
    per = {"hour": hours, "month": 1}
    return round(sum(part["usd"] * per[part["per"]] * part["times"] for part in row["parts"]))


def _rows(rows: list[Mapping[str, Any]], hours: int) -> Iterator[str]:
    for row in rows:
        yield f"| {row['what']} | {monthly(row, hours)} $ | {row.get('cheaper', '–')} |"


def table() -> str:
    """Return the table: what the platform costs, and what each instance adds."""
    known = facts()
    hours, instances = known["hours"], known["instances"]
    platform = sum(monthly(row, hours) for row in known["platform"])
    (nodes,) = (
        row for row in known["platform"] if any(part["of"] == "nodes" for part in row["parts"])
    )
    share = round(monthly(nodes, hours) / instances)
    each = sum(monthly(row, hours) for row in known["instance"]) + share
    lines = [
        *_HEAD,
        *_rows(known["platform"], hours),
        f"| **the platform, without instances and use** | **{platform} $** | |",
        *_rows(known["instance"], hours),
        f"| an instance: its share of the nodes, of {instances} | {share} $ | larger nodes |",
        f"| **each instance** | **{each} $** | |",
    ]
    use = ", ".join(f"{item['what']} ({item['usd']} $ per {item['unit']})" for item in known["use"])
    return "\n".join((*lines, "", *textwrap.wrap(f"By use come {use}.", 140)))


def with_table(text: str) -> str:
    """Return the README with its table made anew."""
    head, _, rest = text.partition(_BEGIN)
    tail = rest.partition(_END)[2]
    return f"{head}{_BEGIN}\n{table()}\n{_END}{tail}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
