"""Running Terraform in tests: always in a copy of the tree, so that the checkout stays as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appinstance_local.paths import REPO

SOURCE = REPO / "terraform"
MODULES = tuple(sorted(path.name for path in (SOURCE / "modules").iterdir() if path.is_dir()))
ROOTS = ("bootstrap", "platform")
EXAMPLES = tuple(sorted(f"examples/{path.name}" for path in (SOURCE / "examples").iterdir()))
TESTED = (*(f"modules/{name}" for name in MODULES), *ROOTS)
# Terraform and its providers live for seconds; collecting garbage takes a quarter of that.
RARE_COLLECTION = {"GOGC": "400"}
_WITHOUT = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan")


def copy_of(source: Path, target: Path) -> Path:
    """Copy a folder of Terraform without what Terraform left in it; return the copy."""
    shutil.copytree(source, target, ignore=_WITHOUT)
    return target


def arguments(root: Path) -> str:
    """Return what a root gives the platform as values for the platform by itself.

    Its own variables and paths are left out, which nobody else has.
    """
    call = (root / "main.tf").read_text().partition('module "platform" {\n')[2]
    body = call.partition("\n}\n")[0].splitlines()
    own = re.compile(r"^  source +=|= var\.|path\.module")
    return "\n".join(line for line in body if not own.search(line)) + "\n"


def run(
    folder: Path, *words: str, env: Mapping[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder; with `check`, fail with what it said."""
    told = subprocess.run(
        [os.environ.get("APPINSTANCE_TERRAFORM", "terraform"), *words],
        cwd=folder,
        env={**os.environ, **RARE_COLLECTION, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or told.returncode == 0, _said(told.stderr or told.stdout)
    return told


def _said(text: str) -> str:
    """Return what matters of an error: from where it begins."""
    start = max(text.find("Error:"), 0)
    return text[start : start + 6000]


def init(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> None:
    """Initialise a folder without its backend."""
    run(folder, "init", "-backend=false", "-no-color", *words, env=env)


@dataclass(frozen=True)
class Verdict:
    """What `terraform test` found: runs by their outcome."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Return whether everything passed and there was something to pass."""
        return bool(self.passed) and not self.failed and not self.errors


def test(folder: Path, *words: str, env: Mapping[str, str]) -> Verdict:
    """Run a module's own tests and return the verdict."""
    told = run(folder, "test", "-json", *words, env=env, check=False)
    passed: list[str] = []
    failed: list[str] = []
    errors: list[str] = []
    for line in told.stdout.splitlines():
        event: dict[str, Any] = json.loads(line)
        if event["type"] == "test_run" and event["test_run"].get("progress") == "complete":
            name = f"{event['test_run']['path']}: {event['test_run']['run']}"
            (passed if event["test_run"]["status"] == "pass" else failed).append(name)
        if event["type"] == "diagnostic" and event["diagnostic"]["severity"] == "error":
            diagnostic = event["diagnostic"]
            errors.append(f"{diagnostic['summary']}: {diagnostic.get('detail', '')}")
    if told.returncode and not (failed or errors):
        errors.append(told.stderr[-2000:])
    return Verdict(tuple(passed), tuple(failed), tuple(errors))
