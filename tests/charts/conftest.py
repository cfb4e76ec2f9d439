"""Rendering with the real Helm, and the derived files' generator as a module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from support.helm import REPO, Helm
from support.scripts import script


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    """Return charts/hack/generate.py, which belongs to no package."""
    return script(REPO / "charts/hack/generate.py")


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
