"""Rendering with the real Helm, and the derived files' generator as a module."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
VALUES = Path(__file__).parent / "values"


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    """Return charts/hack/generate.py, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("generate", REPO / "charts/hack/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_RELEASES = {
    "appinstance-operator": ("appinstance-operator", "appinstance-system"),
    "appinstance": ("acme", "tenants"),
}


@dataclass(frozen=True)
class Helm:
    """`helm template` of one of our charts, without a cluster. The same render is done once."""

    binary: str
    _done: dict[tuple[str, ...], subprocess.CompletedProcess[str]] = field(default_factory=dict)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        if words not in self._done:
            self._done[words] = subprocess.run(
                [self.binary, *words], cwd=REPO, check=False, capture_output=True, text=True
            )
        return self._done[words]

    def template(
        self, chart: str, values: Sequence[str], *more: str, release: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return the finished process of a render with value files of `tests/charts/values`."""
        usual, namespace = _RELEASES[chart]
        files = [word for name in values for word in ("--values", str(VALUES / f"{name}.yaml"))]
        return self._run(
            "template", release or usual, f"charts/{chart}", "--namespace", namespace, *files, *more
        )

    def lint(self, chart: str, values: str) -> subprocess.CompletedProcess[str]:
        """Return the finished process of a strict lint."""
        file = str(VALUES / f"{values}.yaml")
        return self._run("lint", "--strict", f"charts/{chart}", "--values", file)

    def text(self, chart: str, values: Sequence[str], *more: str) -> str:
        """Return what the chart renders to; fail with Helm's own words when it does not."""
        result = self.template(chart, values, *more)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def objects(self, chart: str, values: Sequence[str], *more: str) -> list[dict[str, Any]]:
        """Return the rendered objects, those of hooks too."""
        documents = yaml.safe_load_all(self.text(chart, values, *more))
        return [document for document in documents if document]

    def refusal(
        self, chart: str, values: Sequence[str], *more: str, release: str | None = None
    ) -> str:
        """Return Helm's error for values that must not render."""
        result = self.template(chart, values, *more, release=release)
        assert result.returncode != 0, "Helm rendered what it should have refused"
        return result.stderr


@pytest.fixture(scope="session")
def helm(generate: ModuleType) -> Helm:
    """Return Helm; fail with a sentence where there is none."""
    try:
        return Helm(generate.helm_binary())
    except generate.MissingHelmError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a comparison with `golden/<name>`, which `--update-golden` writes instead."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden file {name}; write it with `make golden` and read it"
        assert text == path.read_text(), f"{name} differs; `make golden` if that is what you want"

    return compare
