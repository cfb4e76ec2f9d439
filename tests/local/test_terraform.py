"""What `make terraform-test` needs: Terraform itself from PATH, the providers from the mirror."""

from __future__ import annotations

from pathlib import Path

import pytest

from appinstance_local import builds, terraform
from appinstance_local.errors import LocalError
from appinstance_local.recipes import PROVIDER_RELEASES


def _terraform(folder: Path, version: str) -> None:
    program = folder / "terraform"
    program.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    program.chmod(0o755)


def test_a_missing_terraform_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match=r"^install Terraform 1\.11 or newer"):
        terraform.program()


@pytest.mark.parametrize("version", ["1.9.8", "0.15.0"])
def test_an_old_terraform_is_refused_with_its_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    _terraform(tmp_path, version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(LocalError, match=version):
        terraform.program()


@pytest.mark.parametrize("version", ["1.11.0", "1.14.2", "2.0.0-rc1"])
def test_a_new_one_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    _terraform(tmp_path, version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert terraform.program() == str(tmp_path / "terraform")


def test_the_mirror_has_each_provider_where_terraform_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APPINSTANCE_CACHE", str(tmp_path))
    monkeypatch.setattr(builds, "build_folder", lambda recipe: tmp_path / recipe.name)
    for name in PROVIDER_RELEASES:
        (tmp_path / f"provider-{name}").mkdir()
        (tmp_path / f"provider-{name}" / f"terraform-provider-{name}").write_text("made")
    folder = terraform.mirror()
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert len(found) == len(PROVIDER_RELEASES)
    for name, release in PROVIDER_RELEASES.items():
        assert any(
            f"/hashicorp/{name}/{release}/" in path and path.endswith(f"-{name}_v{release}")
            for path in found
        )
    # A rebuilt provider takes the old one's place.
    made = tmp_path / "provider-aws" / "terraform-provider-aws"
    made.unlink()
    made.write_text("made again")
    terraform.mirror()
    (aws,) = (path for path in folder.rglob("terraform-provider-aws*") if path.is_file())
    assert aws.read_text() == "made again"
    assert str(folder) in terraform.cli_configuration().read_text()
