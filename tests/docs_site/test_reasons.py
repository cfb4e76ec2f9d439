"""Each reason has a page of its own that says what the code says, with a message of its making."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from reference_pages.places import DOCS, REPO

from appinstance_operator.api.reasons import REASONS, Reason

FOLDER = DOCS / "reasons"
OPERATOR = REPO / "operator/appinstance_operator"
_MANY, _FEW = 12, 5
"""With so many letters of its own a template is known within a message, with so few as a whole."""


def _words(text: str) -> str:
    """Return a page's prose without its line breaks."""
    return " ".join(text.split()).lower()


def _page(reason: Reason) -> str:
    return (FOLDER / reason.condition / f"{reason.name}.md").read_text()


def _pattern(node: ast.AST) -> tuple[str, int]:
    """Return a regular expression for what a string of the source becomes, and its own letters."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value), len(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = [_pattern(part) for part in node.values]
        return "".join(part for part, _ in parts), sum(own for _, own in parts)
    return ".*", 0


def _templates() -> Iterator[re.Pattern[str]]:
    """Yield one for each string in the operator's source, its command line's left out."""
    for path in OPERATOR.rglob("*.py"):
        if path.parent.name != "cli":
            for node in ast.walk(ast.parse(path.read_text())):
                pattern, own = _pattern(node)
                if own >= _MANY:
                    yield re.compile(pattern, re.DOTALL)
                elif own >= _FEW:
                    yield re.compile(rf"\A{pattern}\Z", re.DOTALL)


@pytest.fixture(scope="module")
def templates() -> list[re.Pattern[str]]:
    """Return what a message of the operator's can look like."""
    return list(_templates())


def test_there_is_a_page_for_each_reason_and_no_other() -> None:
    found = {f"{path.parent.name}/{path.stem}" for path in FOLDER.rglob("*.md")}
    assert found == {f"{reason.condition}/{reason.name}" for reason in REASONS}


@pytest.mark.parametrize("reason", REASONS, ids=lambda item: f"{item.condition}-{item.name}")
def test_its_page_says_what_the_command_line_says_and_more(
    reason: Reason, templates: list[re.Pattern[str]]
) -> None:
    page = _page(reason)
    assert page.startswith(f"# {reason.name}\n")
    for part in (reason.means, reason.step):
        assert _words(part) in _words(page), "word for word as in api/reasons.py"
    for part in ("**Who acts:** ", "**Meanwhile:** ", "\n## Why\n\n- ", "\n## What to do\n\n- "):
        assert page.count(part) == 1
    (example,) = re.findall(r"^```text\n(.*)\n```$", page, re.MULTILINE)
    shown = re.fullmatch(rf"{reason.condition}=(True|False) {reason.name}: (.+)", example)
    assert shown is not None
    assert f") is {shown[1]}." in page
    assert any(template.search(shown[2]) for template in templates), "nothing says this (any more)"


def test_an_example_that_nothing_says_is_found(templates: list[re.Pattern[str]]) -> None:
    assert any(template.search("host a.b is taken; choose another one") for template in templates)
    invented = "the moon is in the way"
    assert not any(template.search(invented) for template in templates)
