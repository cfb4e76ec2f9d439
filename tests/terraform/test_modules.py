"""Each module and root is well formed, valid to the real providers, and passes its own tests."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.scripts import script

from appinstance_local.offline.recipes import PROVIDER_RELEASES
from appinstance_local.paths import REPO
from terraform import tf

readme = script(REPO / "terraform" / "hack" / "readme.py")


def test_formatted() -> None:
    told = tf.run(tf.SOURCE, "fmt", "-check", "-recursive", "-diff", check=False)
    assert told.returncode == 0, f"run `terraform fmt -recursive terraform`:\n{told.stdout}"


@pytest.mark.parametrize("folder", tf.TESTED)
def test_valid_and_its_own_tests_pass(tree: Path, attached: Mapping[str, str], folder: str) -> None:
    tf.init(tree / folder)
    told = json.loads(tf.run(tree / folder, "validate", "-json").stdout)
    assert told["valid"], told["diagnostics"]
    assert told["warning_count"] == 0, told["diagnostics"]
    verdict = tf.test(tree / folder, env=attached)
    assert verdict.ok, "\n".join((*verdict.failed, *verdict.errors))


def test_tflint_finds_nothing(tree: Path) -> None:
    told = subprocess.run(
        [os.environ["APPINSTANCE_TFLINT"], "--recursive", "--no-color", "--format=compact",
         f"--config={REPO / 'terraform' / '.tflint.hcl'}"],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr


def test_checkov_finds_nothing_that_is_not_skipped_with_a_reason(tree: Path) -> None:
    told = subprocess.run(
        [os.environ["APPINSTANCE_CHECKOV"], "--directory", str(tree), "--framework", "terraform",
         "--output", "json", "--quiet", "--compact"],
        capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
    )  # fmt: skip
    report = json.loads(told.stdout)
    results = report["results"]
    failed = [f"{item['check_id']} {item['resource']}" for item in results["failed_checks"]]
    assert failed == []
    assert report["summary"]["parsing_errors"] == 0
    without = [
        item["resource"]
        for item in results.get("skipped_checks", ())
        if len(item["check_result"].get("suppress_comment", "")) < 20
    ]
    assert without == [], "skipped without a reason"


@pytest.mark.parametrize("folder", tf.TESTED)
def test_the_readme_has_every_input_and_output(folder: str) -> None:
    path = tf.SOURCE / folder
    assert (path / "README.md").read_text() == readme.with_tables(path), "run `make terraform-docs`"


def test_the_lock_files_pin_the_providers_that_are_built() -> None:
    for root in (*tf.ROOTS, *tf.EXAMPLES):
        lock = (tf.SOURCE / root / ".terraform.lock.hcl").read_text()
        for name, version in re.findall(r'hashicorp/(\w+)" {\n  version     = "([^"]+)"', lock):
            assert PROVIDER_RELEASES[name] == version, f"{root} locks another {name}"
        assert "hashicorp/aws" in lock
