"""Renovate's configuration: valid by its own schema, and each of our patterns finds its lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appinstance_local.offline import node, recipes, versions
from appinstance_local.paths import REPO

_FILE = REPO / "renovate.json"
_CONFIG: dict[str, Any] = json.loads(_FILE.read_text())
_MANAGERS = {item["description"]: item for item in _CONFIG["customManagers"]}


def _found(description: str) -> list[tuple[str, str]]:
    """Return what a manager of ours finds: each name with its version."""
    manager = _MANAGERS[description]
    (pattern,) = (re.sub(r"\(\?<(?=[a-zA-Z])", "(?P<", text) for text in manager["matchStrings"])
    named = manager.get("depNameTemplate", "{{{depName}}}")
    found = []
    for shape in manager["managerFilePatterns"]:
        files = [path for path in _tracked() if re.search(shape.strip("/"), path)]
        assert files, f"{shape} names no file"
        for file in files:
            matches = list(re.finditer(pattern, (REPO / file).read_text()))
            assert matches, f"{description}: nothing in {file}"
            for match in matches:
                groups = match.groupdict()
                name = named.replace("{{{depName}}}", groups.get("depName", ""))
                found.append((name, groups["currentValue"]))
    return found


def _tracked() -> list[str]:
    words = ["git", "-C", str(REPO), "ls-files"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def test_it_is_valid_by_renovates_schema() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    words = [str(program), "--builtin-schema", "vendor.renovate", str(_FILE)]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_uv_is_found_where_it_stands_and_is_one() -> None:
    found = _found("uv, for the environment and in the images")
    assert [name for name, _ in found] == ["uv", "uv"]
    assert len(set(found)) == 1, "Makefile and Dockerfile differ"


def test_charts_of_terraform_are_found() -> None:
    text = (REPO / "terraform/modules/addons/variables.tf").read_text()
    block = text.partition('variable "charts"')[2].partition("operator = object")[0]
    assert len(_found("charts that Terraform installs")) == block.count("= optional(object({")


def test_images_of_the_local_cluster_are_found() -> None:
    found = {f"docker.io/{name}:{tag}" for name, tag in _found(
        "images of the local cluster that no module gives")}  # fmt: skip
    assert found == {node.MOTO_IMAGE, node.MARIADB_IMAGE}


def test_providers_are_found() -> None:
    wanted = {(f"hashicorp/{name}", tag) for name, tag in recipes.PROVIDER_RELEASES.items()}
    assert set(_found("releases of Terraform's providers")) == wanted


def test_what_a_rule_names_is_here() -> None:
    charts = {name for name, _ in _found("charts that Terraform installs")}
    known = charts | set(versions.modules()) | {"hashicorp/aws", "hashicorp/helm", "appinstance/**"}
    for rule in _CONFIG["packageRules"]:
        named = {*rule.get("matchPackageNames", ()), *rule.get("matchDepNames", ())}
        assert named <= known, rule["description"]


@pytest.mark.parametrize("pattern", _CONFIG["ignorePaths"])
def test_what_is_ignored_is_here(pattern: str) -> None:
    assert list(REPO.glob(pattern))


def test_a_chart_that_is_held_is_the_newest_that_may_be() -> None:
    (rule,) = [rule for rule in _CONFIG["packageRules"] if "allowedVersions" in rule]
    (name,) = rule["matchPackageNames"]
    held = dict(_found("charts that Terraform installs"))[name]
    bound = rule["allowedVersions"].removeprefix("<")
    assert tuple(map(int, held.split("."))) < tuple(map(int, bound.split(".")))
