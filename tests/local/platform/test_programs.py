"""What a stock node needs besides Docker: taken from PATH, built only where it is not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from appinstance_local.errors import LocalError
from appinstance_local.offline import builds
from appinstance_local.paths import binary
from appinstance_local.platform import programs

_NEW = {"kind": "kind v0.33.0 go1.26.0", "kubectl": "Client Version: v1.37.2", "helm": "v4.3.1+g1"}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Keep PATH and our folder apart from this machine's, and return what is built."""
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:{tmp_path / 'ours'}")
    monkeypatch.setenv("APPINSTANCE_BIN", str(tmp_path / "ours"))
    found: list[list[str]] = []

    def ensure(names: Iterable[str]) -> None:
        found.append(list(names))

    monkeypatch.setattr(builds, "ensure", ensure)
    return found


def _put(name: str, says: str) -> None:
    path = Path(os.environ["PATH"].split(":")[0]) / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o700)


def _go(monkeypatch: pytest.MonkeyPatch, *, there: bool) -> None:
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which",
        lambda name, **more: ("/go" if there else None) if name == "go" else which(name, **more),
    )  # fmt: skip


def test_with_all_three_on_path_nothing_is_built_and_no_go_is_needed(
    built: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(monkeypatch, there=False)
    for name, says in _NEW.items():
        _put(name, says)
    for _ in range(2):  # the second time our folder, which is on PATH too, has the links
        programs.ensure()
        for name in _NEW:
            assert binary(name).readlink() == Path(os.environ["PATH"].split(":")[0]) / name
    assert built == []


def test_what_is_not_on_path_is_built_and_nothing_else(
    built: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(monkeypatch, there=True)
    _put("helm", _NEW["helm"])
    programs.ensure()
    assert built == [["kind", "kubectl"]]


def test_without_go_what_is_missing_is_said(
    built: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(monkeypatch, there=False)
    _put("kind", _NEW["kind"])
    with pytest.raises(LocalError, match=r"install kubectl 1\.33, helm 3\.16 \(or newer\) and see"):
        programs.ensure()
    assert built == []


def test_one_that_is_too_old_is_built_anew_where_go_is(
    built: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, says in {**_NEW, "helm": "v3.9.4+g1"}.items():
        _put(name, says)
    _go(monkeypatch, there=True)
    programs.ensure()
    assert built == [["helm"]]
    assert "helm is too old (v3.9)" in capsys.readouterr().out
    _go(monkeypatch, there=False)
    with pytest.raises(LocalError, match=r"install helm 3\.16 \(or newer\)"):
        programs.ensure()
