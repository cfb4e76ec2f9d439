"""The content key of a build covers all that the build depends on."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from appinstance_local import paths
from appinstance_local.errors import LocalError
from appinstance_local.offline import builds, versions
from appinstance_local.offline.recipes import BY_NAME


@pytest.fixture(autouse=True)
def go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "go_version", lambda: "go1.26.0")


def test_key_is_stable() -> None:
    assert builds.key(BY_NAME["kind"]) == builds.key(BY_NAME["kind"])


@pytest.mark.parametrize(
    "change",
    [{"tags": ("other",)}, {"cgo": True}, {"packages": {"kind": "./cmd/kind"}}],
    ids=["tags", "cgo", "packages"],
)
def test_key_changes_with_the_recipe(change: dict[str, Any]) -> None:
    recipe = BY_NAME["kind"]
    assert builds.key(dataclasses.replace(recipe, **change)) != builds.key(recipe)


def test_key_changes_with_go(monkeypatch: pytest.MonkeyPatch) -> None:
    before = builds.key(BY_NAME["kind"])
    monkeypatch.setattr(builds, "go_version", lambda: "go1.27.0")
    assert builds.key(BY_NAME["kind"]) != before


def test_key_changes_with_an_overlay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = builds.key(BY_NAME["coredns"])
    overlay = tmp_path / "coredns" / "overlay"
    overlay.mkdir(parents=True)
    (overlay / "more.go").write_text("package more\n")
    (tmp_path / "go.sum").write_text((paths.TOOLS / "go.sum").read_text())
    monkeypatch.setattr(builds, "TOOLS", tmp_path)
    assert builds.key(BY_NAME["coredns"]) != before


def test_a_module_that_go_sum_does_not_list_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "go.sum").write_text("")
    monkeypatch.setattr(builds, "TOOLS", tmp_path)
    with pytest.raises(LocalError, match="make lock-tools"):
        builds.key(BY_NAME["kind"])


def test_kubernetes_is_stamped_with_its_version() -> None:
    recipe = BY_NAME["kubernetes"]
    stamps = recipe.stamps(versions.kubernetes())
    assert stamps["k8s.io/component-base/version.gitVersion"] == versions.kubernetes()
    assert stamps["k8s.io/component-base/version.gitMajor"] == "1"
