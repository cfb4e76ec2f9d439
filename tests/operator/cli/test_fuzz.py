"""Whatever a file holds, a command ends with a sentence: no traceback, no internal error."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.golden_settings import DESIRED, golden_values
from support.spec_generator import Specs

from appinstance_operator.cli import judge
from appinstance_operator.cli import main as cli
from appinstance_operator.cli.command import ended

CASE = DESIRED / "golden" / "everything"
_FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["AppInstance", "platform.appinstance.io/v1alpha1", "host", "10.0.0.0/8"])
)
_NAMES = (
    "apiVersion kind metadata spec status items name namespace labels host backend frontend image "
    "env value database media secrets network egress cidr ports settings clusterName edge"
)
_KEYS = st.text(max_size=8) | st.sampled_from(_NAMES.split())
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@pytest.fixture
def ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Return a function that gives a file, and settings, to `validate` and `render`."""
    monkeypatch.setenv("APPINSTANCE_DEBUG", "1")  # an internal error is raised
    file, known = tmp_path / "x.yaml", tmp_path / "settings.yaml"
    parser = cli.parser()
    sound = yaml.safe_dump(golden_values(CASE)).encode()

    def tell(content: bytes, platform: bytes = sound) -> None:
        file.write_bytes(content)
        known.write_bytes(platform)
        for words in (
            ["validate", "-f", str(file)],
            ["validate", "-f", str(file), "--settings", str(known), "-o", "json"],
            ["render", "-f", str(file), "--settings", str(known)],
        ):
            options = parser.parse_args(words)
            code = ended(options, options.run)
            told = capsys.readouterr()
            assert code in (0, 2)
            assert (code == 0) or told.err.startswith(("error: ", "note: ")) or told.out
            assert "internal error" not in told.err

    return tell


@_FUZZ
@given(st.binary(max_size=200))
def test_bytes(ends: Any, content: bytes) -> None:
    ends(content)


@_FUZZ
@given(st.text(alphabet="ab:{}[]&*!|>-#'\"\n\t ,?%@`<=~0.\\", max_size=60))
def test_what_looks_like_yaml(ends: Any, content: str) -> None:
    ends(content.encode())


@_FUZZ
@given(_TREES)
def test_any_tree(ends: Any, tree: Any) -> None:
    ends(yaml.safe_dump(tree).encode(errors="surrogatepass"))


@_FUZZ
@given(_TREES, _TREES)
def test_any_metadata_and_spec_as_json(ends: Any, metadata: Any, spec: Any) -> None:
    body = {
        "apiVersion": "platform.appinstance.io/v1alpha1",
        "kind": "AppInstance",
        "metadata": metadata,
        "spec": spec,
    }
    ends(json.dumps(body).encode())


@_FUZZ
@given(_TREES)
def test_any_settings(ends: Any, tree: Any) -> None:
    ends(
        (CASE / "appinstance.yaml").read_bytes(),
        yaml.safe_dump(tree).encode(errors="surrogatepass"),
    )


def test_settings_of_which_something_is_odd(ends: Any) -> None:
    chance = random.Random(5)  # noqa: S311
    odd: tuple[Any, ...] = (None, True, 0, -1, "", "x", [], {}, [None], {"a": 1}, 1.5)
    for _ in range(60):
        values = golden_values(CASE)
        holder: Any = values
        while True:
            key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not isinstance(holder[key], dict | list) or not holder[key] or chance.random() < 0.3:
                break
            holder = holder[key]
        holder[key] = chance.choice(odd)
        ends((CASE / "appinstance.yaml").read_bytes(), yaml.safe_dump(values).encode())


def test_specs_that_are_nearly_right(ends: Any) -> None:
    specs = Specs(dict(judge.crd_schema()), 9)
    for _ in range(60):
        ends(json.dumps(specs.body()).encode())


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "-f", "nowhere"],
        ["validate", "-f", "a\0b"],
        ["validate", "-f", "/"],
        ["validate", "-f", "/dev/null"],
        ["render", "-f", "x", "--settings", "nowhere"],
        ["diff", "-f", "/dev/null", "--settings", "/dev/null"],
    ],
    ids=lambda words: repr(" ".join(words)),
)
def test_words_that_lead_nowhere(words: list[str], capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("APPINSTANCE_DEBUG", "1")
    options = cli.parser().parse_args(words)
    assert ended(options, options.run) == 2
    assert capsys.readouterr().err.startswith("error: ")
