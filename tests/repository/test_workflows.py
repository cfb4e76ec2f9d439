"""GitHub's workflows: valid by its schema, calling what exists, with no more rights than needed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from appinstance_local.paths import REPO

_FOLDER = REPO / ".github"
_FILES = sorted((_FOLDER / "workflows").glob("*.yml"))
_TARGETS = set(re.findall(r"^([a-z0-9-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
_USES = re.compile(r"[\w.-]+/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})")


def _workflow(path: Path) -> dict[Any, Any]:
    body: dict[Any, Any] = yaml.safe_load(path.read_text())
    return body


def _steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in _workflow(path)["jobs"].values():
        yield from job["steps"]


def test_there_are_some() -> None:
    assert [path.name for path in _FILES] == ["ci.yml", "release.yml"]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_it_is_valid_by_githubs_schema(path: Path) -> None:
    _check("vendor.github-workflows", path)


def _check(schema: str, path: Path) -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    words = [str(program), "--builtin-schema", schema, str(path)]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_what_it_calls_exists(path: Path) -> None:
    commands = [step["run"] for step in _steps(path) if "run" in step]
    called = {target for text in commands for target in re.findall(r"\bmake ([a-z0-9-]+)", text)}
    assert called
    assert called <= _TARGETS
    for step in _steps(path):
        named = (step.get("with") or {}).get("go-version-file")
        assert named is None or (REPO / named).is_file()


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    """By a version's tag; Renovate makes digests of them (helpers:pinGitHubActionDigests)."""
    used = [step["uses"] for step in _steps(path) if "uses" in step]
    assert [name for name in used if not _USES.fullmatch(name)] == []


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_rights_are_none_unless_a_job_says_why(path: Path) -> None:
    assert _workflow(path)["permissions"] == {"contents": "read"}
    for job in _workflow(path)["jobs"].values():
        assert job["timeout-minutes"]
        for right, level in job.get("permissions", {}).items():
            lines = path.read_text().splitlines()
            assert any(f"{right}: {level} # " in line for line in lines), f"{right}: say what for"


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_no_text_of_a_stranger_becomes_a_command(path: Path) -> None:
    """An expression in `run` is put in before the shell reads it; variables are not."""
    assert [step["run"] for step in _steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_it_says_that_it_was_not_run(path: Path) -> None:
    assert path.read_text().startswith("# Not run here")


def test_a_release_is_published_from_a_tag_of_a_version_alone() -> None:
    # YAML 1.1 reads `on` as true.
    assert _workflow(_FOLDER / "workflows" / "release.yml")[True] == {
        "push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}
    }


def test_strangers_code_never_meets_a_right_to_write() -> None:
    for path in _FILES:
        triggers = _workflow(path)[True]
        assert "pull_request_target" not in triggers
        assert "workflow_run" not in triggers


@pytest.mark.parametrize("name", ["bug", "wish"])
def test_forms_of_issues_have_what_github_asks_for(name: str) -> None:
    body = yaml.safe_load((_FOLDER / "ISSUE_TEMPLATE" / f"{name}.yml").read_text())
    assert body["name"]
    assert body["description"]
    ids = [item["id"] for item in body["body"] if item["type"] != "markdown"]
    assert len(set(ids)) == len(ids)
    assert all(item["attributes"]["label"] for item in body["body"] if "id" in item)


def test_owners_are_named_for_paths_that_exist() -> None:
    lines = (_FOLDER / "CODEOWNERS").read_text().splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    for path, *owners in rules[1:]:
        assert (REPO / path.strip("/")).exists(), path
        assert all(owner.startswith("@") for owner in owners)
