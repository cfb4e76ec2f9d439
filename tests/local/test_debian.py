"""What has to be installed: what is not there, whatever the system calls itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from appinstance_local import debian
from appinstance_local.errors import LocalError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the only one with programs, and return it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(debian, "_MORE", str(tmp_path))
    return tmp_path


def _program(path: Path, name: str, text: str = "exit 1") -> None:
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o700)


def test_where_the_programs_are_there_no_package_manager_is_asked(path: Path) -> None:
    for name in ("mariadbd", "nginx", "google-chrome"):
        _program(path, name)
    debian.ensure(["chromium", "mariadb-server", "nginx-light"])


def test_without_dpkg_only_what_is_missing_is_named(path: Path) -> None:
    _program(path, "nginx")
    with pytest.raises(LocalError, match=r"Debian calls chromium, libc6-dev with your system's"):
        debian.ensure(["libc6-dev", "nginx-light", "chromium"])


def test_on_debian_without_root_the_command_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(path, "dpkg-query", "echo not-installed")
    monkeypatch.setattr(debian, "can_install", lambda: False)
    with pytest.raises(LocalError, match=r"apt-get install chromium$"):
        debian.ensure(["chromium"])


def test_a_library_that_is_installed_is_enough(path: Path) -> None:
    _program(path, "dpkg-query", "printf installed")
    debian.ensure(["libc6-dev", "libseccomp-dev"])
