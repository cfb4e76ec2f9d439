"""`appinstance --version`, and completion in shells and in kubectl."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from appinstance_local.paths import binary

_FOLDER = Path(sys.executable).parent


def _said(program: str, *words: str) -> str:
    return subprocess.run(
        [str(_FOLDER / program), *words], capture_output=True, text=True, check=True
    ).stdout


def test_the_version_is_that_of_the_distribution() -> None:
    assert _said("appinstance", "--version").split() == [
        "appinstance", metadata.version("appinstance-operator"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([""], {"validate", "render", "diff", "completion", "--version"}),
        (["val"], {"validate"}),
        (["validate", "--s"], {"--settings"}),
        (["validate", "-o", ""], {"text", "json"}),
        (["completion", "f"], {"fish"}),
        (["nothing", "x"], set()),
        ([], {"validate"}),
    ],
)
def test_words_are_completed(words: list[str], wanted: set[str]) -> None:
    # By its program: argcomplete takes file descriptors that are pytest's here.
    *found, directive = _said("kubectl_complete-appi", *words).splitlines()
    assert wanted <= set(found)
    assert wanted or not found
    assert directive == ":0"


def test_as_a_plugin_it_is_called_as_a_plugin() -> None:
    assert _said("kubectl-appi", "--help").startswith("usage: kubectl appi ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_what_it_can_source(shell: str) -> None:
    assert "appinstance" in _said("appinstance", "completion", shell)


def test_bash_completes_with_it() -> None:
    script = (
        'eval "$(appinstance completion bash)"; COMP_WORDS=(appinstance val); COMP_CWORD=1; '
        'COMP_LINE="appinstance val"; COMP_POINT=15; COMP_TYPE=9; COMP_KEY=9; '
        "_python_argcomplete appinstance val appinstance; echo ${COMPREPLY[@]}"
    )
    told = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True,
        env={"PATH": f"{_FOLDER}:/usr/bin:/bin"},
    )  # fmt: skip
    assert told.stdout.split() == ["validate"]


def _by_kubectl(*words: str) -> str:
    return subprocess.run(
        [str(binary("kubectl")), *words], capture_output=True, text=True, check=True,
        env={"PATH": f"{_FOLDER}:/usr/bin:/bin", "HOME": "/nonexistent"},
    ).stdout  # fmt: skip


@pytest.mark.integration
def test_kubectl_finds_the_plugin_and_completes_it() -> None:
    assert _by_kubectl("appi", "--version").startswith("appinstance ")
    assert _by_kubectl("__complete", "appi", "val").splitlines()[0] == "validate"
    assert "--settings" in _by_kubectl("__complete", "appi", "validate", "--s").splitlines()
