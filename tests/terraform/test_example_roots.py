"""The examples are roots that plan as they stand, and one of them is what the quickstart copies."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from terraform import report, tf, world

_FEWEST_RESOURCES = 250


def _planned(
    platform: world.Platform, tmp_path: Path, example: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Plan an example in a copy, with the charts of this machine; return what it makes by type."""
    tree = tf.copy_of(platform.tree, tmp_path / "terraform")
    (tmp_path / "charts").symlink_to(platform.tree.parent / "charts")
    folder = tree / example
    here = {"charts": platform.places, "wait_for_charts": False}
    (folder / "override.tf.json").write_text(json.dumps({"module": {"platform": here}}))
    state = example.replace("/", "-")
    backend = tmp_path / "backend.hcl"
    backend.write_text(platform.backend.read_text().replace("platform.tfstate", state))
    tf.run(folder, "init", "-no-color", f"-backend-config={backend}", env=platform.env)
    told = tf.run(folder, "plan", "-no-color", "-out=tfplan", env=platform.env).stdout
    assert re.search(r"Plan: \d+ to add, 0 to change, 0 to destroy", told)
    shown = json.loads(tf.run(folder, "show", "-json", "tfplan", env=platform.env).stdout)
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for resource in report.resources(shown["planned_values"]["root_module"]):
        found[resource.type].append(resource.values)
    return found


def _values(text: str) -> dict[str, Any]:
    """Return the values of a tfvars file."""
    return {name: value for name, value in hcl2.loads(text).items() if name != "__comments__"}


def _counted(made: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, int]:
    """Return how many there are of what terraform/prices.yaml counts."""
    (group,), (template,) = made["aws_eks_node_group"], made["aws_launch_template"]
    (database,), (acl,) = made["aws_db_instance"], made["aws_wafv2_web_acl"]
    nodes = group["scaling_config"][0]["desired_size"]
    zones = len({subnet["availability_zone"] for subnet in made["aws_subnet"]})
    # An alarm is paid by the metrics that it reads, a query of its own as one.
    metrics = [
        sum(bool(query["metric"]) for query in alarm["metric_query"]) or 1
        for alarm in made["aws_cloudwatch_metric_alarm"]
    ]
    return {
        "clusters": len(made["aws_eks_cluster"]),
        "nodes": nodes,
        "GiB of nodes": nodes * template["block_device_mappings"][0]["ebs"][0]["volume_size"],
        "databases": int(database["multi_az"] and database["instance_class"] == "db.t4g.medium"),
        "GiB of databases": database["allocated_storage"],
        "NAT gateways": len(made["aws_nat_gateway"]),
        "addresses": len(made["aws_eip"]),
        "endpoint interfaces": zones
        * sum(point["vpc_endpoint_type"] == "Interface" for point in made["aws_vpc_endpoint"]),
        "web ACLs": len(made["aws_wafv2_web_acl"]),
        "rules": len(acl["rule"]),
        "keys": len(made["aws_kms_key"]),
        "metrics of alarms": sum(metrics),
        "entries": len(made["aws_secretsmanager_secret"]) + database["manage_master_user_password"],
    }


@pytest.mark.applied
@pytest.mark.parametrize("example", tf.EXAMPLES)
def test_it_plans(platform: world.Platform, tmp_path: Path, example: str) -> None:
    made = _planned(platform, tmp_path, example)
    assert sum(map(len, made.values())) > _FEWEST_RESOURCES
    if example == "examples/minimal":
        (group,) = made["aws_eks_node_group"]
        assert group["instance_types"] == ["m6i.large"], "the price of the nodes is another's"
        prices = yaml.safe_load((tf.SOURCE / "prices.yaml").read_text())
        parts = [part for row in prices["platform"] for part in row["parts"]]
        assert {part["of"]: part["times"] for part in parts} == _counted(made)


def test_what_the_quickstart_copies_is_the_minimal_example() -> None:
    copied = (tf.SOURCE / "platform" / "terraform.tfvars.example").read_text()
    example = tf.arguments(tf.SOURCE / "examples" / "minimal")
    assert _values(copied) == _values(example)
