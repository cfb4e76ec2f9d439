"""The wheel: installed alone in a fresh environment it runs, without a cluster and the operator."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from support.golden_settings import DESIRED

from appinstance_local.paths import REPO

pytestmark = pytest.mark.integration

FILE = DESIRED / "golden" / "minimal" / "appinstance.yaml"
OPERATORS_OWN = {"aiohttp", "boto3", "botocore", "kopf", "kubernetes", "structlog", "urllib3"}


def _uv() -> str:
    cached = Path.home() / ".cache" / "appinstance" / "uv" / "bin" / "uv"
    return shutil.which("uv") or str(cached)


def _run(
    *words: str | Path, check: bool = True, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    told = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPO,
        env=env,
    )
    assert not check or told.returncode == 0, told.stderr
    return told


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(
        _uv(),
        "build",
        "--quiet",
        "--offline",
        "--wheel",
        "--package",
        "appinstance-operator",
        "-o",
        folder,
    )
    (wheel,) = folder.glob("*.whl")
    _run(_uv(), "venv", "--quiet", "--python", sys.executable, folder / "venv")
    programs = folder / "venv" / "bin"
    # As locked, and from uv's cache, where `make setup` put it.
    sync = ("sync", "--frozen", "--offline", "--no-dev", "--no-install-workspace")
    _run(
        _uv(), *sync, "--package", "appinstance-operator",
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder / "venv")},
    )  # fmt: skip
    install = (_uv(), "pip", "install", "--quiet", "--offline", "--no-deps", "--python")
    _run(*install, programs / "python", wheel)
    with zipfile.ZipFile(wheel) as packed:
        assert "appinstance_operator/cli/appinstances.crd.yaml" in packed.namelist()
    return programs


def _modules(programs: Path) -> set[str]:
    told = _run(
        programs / "python", "-c",
        "import pkgutil; print(*(module.name for module in pkgutil.iter_modules()))",
    )  # fmt: skip
    return set(told.stdout.split())


def test_it_brings_nothing_that_the_operator_alone_needs(installed: Path) -> None:
    assert not _modules(installed) & OPERATORS_OWN


def test_what_it_asks_for_is_complete(installed: Path) -> None:
    assert _run(_uv(), "pip", "check", "--python", installed / "python").returncode == 0


@pytest.mark.parametrize("program", ["appinstance", "kubectl-appi"])
def test_it_validates_and_refuses(installed: Path, program: str, tmp_path: Path) -> None:
    told = _run(installed / program, "validate", "-f", FILE)
    assert "acme/acme: nothing wrong found" in told.stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text(FILE.read_text().replace("host:", "hst:"))
    told = _run(installed / program, "validate", "-f", bad, check=False)
    assert told.returncode == 2
    assert "spec.hst: there is no such field; did you mean host?" in told.stderr


def test_it_renders(installed: Path) -> None:
    values = REPO / "local" / "values-operator.yaml"
    sample = REPO / "manifests" / "samples" / "minimal.yaml"
    told = _run(installed / "appinstance", "render", "-f", sample, "--settings", values)
    assert "kind: Deployment" in told.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--settings", "x", "--no-lease"],
        ["drain"],
        ["wait-ready", "a/b"],
    ],
    ids=lambda words: words[0],
)
def test_the_operators_own_commands_say_what_they_need(
    installed: Path, words: Sequence[str]
) -> None:
    told = _run(installed / "appinstance", *words, check=False)
    assert told.returncode == 2
    assert "appinstance-operator[operator]" in told.stderr
    assert "Traceback" not in told.stderr
