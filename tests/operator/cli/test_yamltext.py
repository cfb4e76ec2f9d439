"""YAML that is only there to do harm ends with a sentence."""

from __future__ import annotations

import pytest

from appinstance_operator.cli import yamltext

_BOMB = "a: &a [x, x]\n" + "".join(
    f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *{'a' if n == 0 else f'b{n - 1}'}]\n"
    for n in range(40)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "nested more than"),
        ("{a: " * 5_000, "nested more than"),
        (_BOMB, "more than 200000 parts"),
        ("a: &x [*x]", "contains itself"),
        ("a: " + "x" * 4_000_000, "3 MiB"),
        ("!!python/object/apply:os.system [id]", "tag"),
        ("a: .inf", "no number in JSON"),
        ("? [a]\n: b", "no text"),
        ('a: "\\ud800"', "surrogate"),
        ("\ud800", "not allowed"),
        ("\x00", "not allowed"),
        ("a:\n\tb", "line 2, column 1"),
    ],
    ids=[
        "lists", "mappings", "bomb", "cycle", "size", "python", "infinity", "key", "half",
        "half raw",
        "NUL", "tab",
    ],
)  # fmt: skip
def test_it_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(yamltext.TextError, match=sentence):
        yamltext.documents(text)


def test_a_key_that_stands_there_twice_is_told() -> None:
    found, notes = yamltext.documents(
        "spec:\n  host: a\n  host: b\n---\nx: &x {a: 1}\ny: {<<: *x, a: 2}\n"
    )
    assert found == [{"spec": {"host": "b"}}, {"x": {"a": 1}, "true": {"a": 2}}]
    assert notes == ["spec.host stands there twice; the last one counts"]


def test_numbers_of_any_length_are_read() -> None:
    found, _ = yamltext.documents(f"[1{'0' * 350}, 1{'0' * 5000}]")
    assert all(isinstance(item, str) for item in found[0])
