"""Versions come from one file, and every recipe is pinned by it."""

import json
import subprocess

import pytest

from appinstance_local.errors import LocalError
from appinstance_local.offline import versions
from appinstance_local.offline.recipes import BY_NAME
from appinstance_local.paths import TOOLS


def test_every_recipe_is_pinned_with_a_hash() -> None:
    sums = (TOOLS / "go.sum").read_text().splitlines()
    for recipe in BY_NAME.values():
        pinned = f"{recipe.module} {versions.version(recipe.module)} h1:"
        assert [line for line in sums if line.startswith(pinned)], pinned


def test_the_file_is_read_as_go_reads_it() -> None:
    """Not by Go itself, which the demo on stock images does without."""
    words = ["go", "mod", "edit", "-json"]
    told = subprocess.run(words, cwd=TOOLS, capture_output=True, check=True)
    file = json.loads(told.stdout)
    assert versions.modules() == {item["Path"]: item["Version"] for item in file["Require"]}
    assert versions.go_minimum() == tuple(int(part) for part in file["Go"].split("."))


def test_every_pin_has_a_recipe() -> None:
    assert set(versions.modules()) == {recipe.module for recipe in BY_NAME.values()}


def test_a_part_without_a_pin_is_named() -> None:
    with pytest.raises(LocalError, match=r"go\.mod does not pin example\.org/none"):
        versions.version("example.org/none")


def test_kubernetes_lock_takes_the_staging_modules_of_the_same_release() -> None:
    published = versions.kubernetes().replace("v1.", "v0.", 1)
    lock = (TOOLS / "kubernetes" / "go.mod").read_text()
    assert "./staging/" not in lock
    assert f"k8s.io/api => k8s.io/api {published}" in lock
