"""The tables of terraform/README.md: capacity as the facts say, costs of the prices."""

from __future__ import annotations

import json
import re

import pytest
from support.scripts import script

from appinstance_local.paths import REPO

_README = (REPO / "terraform" / "README.md").read_text()
_FACTS = json.loads((REPO / "terraform" / "modules" / "eks" / "branch_interfaces.json").read_text())
_PODS, _FREE, _NODES = 4, 1, (1, 3, 6)
_CAPACITY = re.findall(r"^\| (\w+\.\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", _README, re.M)
costs = script(REPO / "terraform" / "hack" / "costs.py")
_COSTS = re.findall(r"^\| (\*\*)?([^|]+?)(?:\*\*)? \| (?:\*\*)?(\d+) \$", _README, re.M)


def _instances(interfaces: int, nodes: int) -> int:
    return (interfaces * nodes - _FREE) // _PODS


@pytest.mark.parametrize("row", _CAPACITY, ids=lambda row: row[0])
def test_the_capacity_of_a_type_is_what_the_facts_say(row: tuple[str, ...]) -> None:
    name, *numbers = row
    family, size = name.split(".")
    interfaces = _FACTS[family][size]
    wanted = [interfaces, *(_instances(interfaces, nodes) for nodes in _NODES)]
    assert [int(number) for number in numbers] == wanted


def test_the_default_type_is_in_the_table() -> None:
    variables = (REPO / "terraform" / "modules" / "eks" / "variables.tf").read_text()
    (default,) = re.findall(r'instance_types = optional\(list\(string\), \["([^"]+)"', variables)
    assert default in {row[0] for row in _CAPACITY}


def test_the_costs_add_up() -> None:
    sums: dict[str, int] = {}
    running = 0
    for total, what, dollars in _COSTS:
        if total:
            sums[what] = running
            assert running == int(dollars), what
            running = 0
        else:
            running += int(dollars)
    assert len(sums) == 2, "the platform's and an instance's"


def test_the_costs_are_those_of_the_prices() -> None:
    assert costs.with_table(_README) == _README, "run `make terraform-docs`"


def test_each_price_has_its_source_and_each_source_its_day() -> None:
    known = costs.facts()
    priced = [
        part for kind in ("platform", "instance") for row in known[kind] for part in row["parts"]
    ]
    told = {part["source"] for part in (*priced, *known["use"])}
    assert told == set(known["sources"]) - {"infracost"}
    undated = [name for name in told if not re.search(r"20\d\d", known["sources"][name])]
    assert undated == []


def test_the_instances_that_share_the_nodes_are_the_capacity_tables() -> None:
    (default,) = (row for row in _CAPACITY if row[0] == "m6i.large")
    assert costs.facts()["instances"] == int(default[3])
