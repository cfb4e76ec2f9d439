"""What `make terraform-test` needs: Terraform itself, from PATH, and new enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from appinstance_local.errors import LocalError
from appinstance_local.platform import terraform


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


def test_terraform_takes_providers_from_the_mirror_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APPINSTANCE_CACHE", str(tmp_path))
    written = terraform.cli_configuration(tmp_path / "mirror").read_text()
    assert f'path = "{tmp_path / "mirror"}"' in written
    assert "direct" not in written
