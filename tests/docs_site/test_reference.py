"""The derived pages are those that lie in the repository, and nothing is missing on them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from reference_pages import pages, records, resource, settings, values
from reference_pages.places import CRD, DOCS, REPO

from appinstance_operator.api.reasons import CONDITIONS, REASONS
from appinstance_operator.api.request import Answer
from appinstance_operator.reconcile import conditions as order

OPERATOR = REPO / "operator/appinstance_operator"


@pytest.mark.parametrize("path", pages.all_pages(), ids=lambda path: str(path.relative_to(REPO)))
def test_the_page_is_what_the_code_says(path: Path) -> None:
    assert path.read_text() == pages.all_pages()[path], "run `make reference`"


def _leaves(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}{name}"
        below = field.get("items", field)
        suffix = "[]." if "items" in field else "."
        yield from _leaves(below, f"{path}{name}{suffix}")


def test_every_field_of_the_crd_is_on_its_page() -> None:
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    whole = version["schema"]["openAPIV3Schema"]["properties"]
    page = resource.resource_page()
    for part in ("spec", "status"):
        found = list(_leaves(whole[part]))
        assert len(found) > 15
        missing = [
            field for field in found
            if f"`{field}`" not in page and f"### {part}.{field}\n" not in page
        ]  # fmt: skip
        assert missing == []


def test_every_sentence_of_a_rule_is_on_the_page() -> None:
    page = resource.resource_page()

    def messages(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for rule in node.get("x-kubernetes-validations", ()):
                yield rule["message"]
            for value in node.values():
                yield from messages(value)
        elif isinstance(node, list):
            for value in node:
                yield from messages(value)

    found = set(messages(yaml.safe_load(CRD.read_text())))
    assert len(found) > 20
    assert [
        words for words in found if " ".join(words.split()).replace("<", "&lt;") not in page
    ] == []


def _schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and all below it."""
    yield schema
    below = [*schema.get("properties", {}).values(), schema.get("items")]
    for inside in [*below, schema.get("additionalProperties")]:
        if isinstance(inside, dict):
            yield from _schemas(inside)


def test_the_comparison_counts_our_fields_rules_and_memory_right() -> None:
    """Each in the second cell of its row; other projects' were counted by hand, at a commit."""
    rows = dict(
        re.findall(r"^\| ([^|]+) \| ([^|]+) \|", (DOCS / "comparison.md").read_text(), re.MULTILINE)
    )
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    schemas = list(_schemas(version["schema"]["openAPIV3Schema"]["properties"]["spec"]))
    fields = sum(len(schema.get("properties", {})) for schema in schemas)
    rules = sum(len(schema.get("x-kubernetes-validations", ())) for schema in schemas)
    values = yaml.safe_load((REPO / "charts/appinstance-operator/values.yaml").read_text())
    memory = [values["resources"][key]["memory"] for key in ("requests", "limits")]
    assert rows["fields of the spec"] == str(fields)
    assert rows["rules in the CRD (CEL) that refuse a spec at once"] == str(rules)
    said = rows["memory that its chart asks for, and its limit"]
    assert re.findall(r"(\d+) MiB", said)[:2] == [words.removesuffix("Mi") for words in memory]


def test_words_of_settings_are_about_settings_that_there_are() -> None:
    page = settings.settings_page()
    assert [name for name in settings.WORDS if f"`{name}`" not in page] == []


def test_every_value_of_the_operators_chart_has_a_sentence() -> None:
    text = (REPO / "charts/appinstance-operator/values.yaml").read_text()
    rows = values.rows_of(text)
    told = {name for name, _, words in rows if words}
    # What the sentence of the part above says too, or what Kubernetes has under this name.
    usual = {"enabled", "labels", "annotations", "pullPolicy", "repository", "tag", "digest"}
    usual |= {"requests", "limits", "cpu", "memory", "resources"}
    usual |= {"affinity", "tolerations", "actions", "interval"}
    silent = [
        name for name, _, words in rows
        if not words and name.rpartition(".")[2] not in usual
        and not any(name.startswith(f"{part}.") for part in told) and "Annotations" not in name
    ]  # fmt: skip
    assert silent == []


def test_a_values_comment_is_the_prose_above_it() -> None:
    text = (
        "# One.\n#   example: 1\n# Two.\na: 1\n"
        "b:\n  # Inner.\n  c: []\n\n# ---- Part ----\n\nd: x\n"
    )
    assert values.rows_of(text) == [
        ("a", "`1`", "One. Two."), ("b.c", "`[]`", "Inner."), ("d", "`x`", ""),
    ]  # fmt: skip


# ---- conditions and reasons


def _constants(node: ast.AST | None) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _constants(value)
    elif isinstance(node, ast.Tuple) and node.elts:
        yield from _constants(node.elts[0])
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _of_call(node: ast.Call) -> Iterator[str]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name == "Check" and len(node.args) > 2:
        yield from _constants(node.args[2])
    for keyword in node.keywords:
        if keyword.arg in ("stalled", "refused") and name == "Report":
            yield from _constants(keyword.value)


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {getattr(item, "id", getattr(item, "attr", "")) for item in targets}
        if names & {"reason", "stalled"}:
            yield from _constants(node.value)
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        first, second = [*node.value.elts, None, None][:2]
        if isinstance(first, ast.Constant) and isinstance(first.value, bool):
            yield from _constants(second)


def _reasons_in(source: str) -> set[str]:
    return {name for node in ast.walk(ast.parse(source)) for name in _of_node(node)}


def test_the_search_finds_reasons_in_every_form() -> None:
    source = (
        'Check(A, "True" if x else "False", "One" if x else "Two", "words")\n'
        'Report(stalled=("Three", "words"))\n'
        'look.stalled = look.stalled or ("Four", "words")\n'
        "class E:\n    reason = 'Five'\n"
        'def f():\n    return False, "Six", "words"\n'
    )
    assert _reasons_in(source) == {"One", "Two", "Three", "Four", "Five", "Six"}


def _said() -> set[str]:
    files = [*(OPERATOR / "reconcile").glob("*.py"), OPERATOR / "kube/transport.py"]
    files.append(OPERATOR / "api/errors.py")
    found = set().union(*(_reasons_in(path.read_text()) for path in files))
    return found | {answer.reason for answer in Answer}


def test_the_list_of_reasons_is_what_the_operator_says() -> None:
    listed = {reason.name for reason in REASONS}
    said = _said()
    assert len(said) > 30
    assert said - listed == set(), "add them to operator/appinstance_operator/api/reasons.py"
    assert listed - said == set(), "nothing says these any more"


def test_the_list_of_conditions_is_the_statuss() -> None:
    assert set(CONDITIONS) == set(order._ORDER)
    assert {reason.condition for reason in REASONS} == set(CONDITIONS)


def test_each_reason_stands_once_with_its_condition() -> None:
    found = [(reason.condition, reason.name) for reason in REASONS]
    assert len(set(found)) == len(found)
    for reason in REASONS:
        assert reason.means, reason
        assert not reason.step.endswith("."), reason


# ---- decisions


def test_each_decision_is_in_the_index_under_a_number_of_its_own() -> None:
    found = records.records()
    files = sorted(
        path.name for path in (REPO / "docs/adr").glob("*.md") if path.name != "index.md"
    )
    assert [file for _, file, _, _ in found] == files
    assert [number for number, _, _, _ in found] == [file[:4] for file in files]
    assert len({number for number, _, _, _ in found}) == len(found)
