"""What the documents name exists: files, folders, tests, decisions."""

from __future__ import annotations

import fnmatch
import re
import subprocess

import pytest

from appinstance_local.paths import REPO

DOCUMENTS = (
    "README.md", "SECURITY.md", "CONTRIBUTING.md", "docs/contracts.md", "docs/testing.md",
    "docs/security/line-by-line.md",
)  # fmt: skip
_QUOTED = re.compile(r"`([^`\s]+)`|\]\(([^)\s]+)\)")
_FILE = re.compile(r"[\w.*-]+(/[\w.*<>-]+)*/?(::\w+)?")
_SUFFIXES = (".py", ".md", ".hcl", ".tf", ".yaml", ".svg", ".png", ".toml", ".sh", ".sql")
_NOT_THERE = {"operator/__init__.py", "tests/simulator/failures/"}
"""What is named because it is not there, or is only after a run."""
# Where a short path may begin.
_ROOTS = ("", "operator/appinstance_operator/", "tests/", "terraform/", "charts/", "docs/")


def _committed() -> list[str]:
    told = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, check=True, text=True)
    return told.stdout.splitlines()


def named(text: str) -> list[str]:
    """Return what a document names as a file or folder of this repository."""
    found = []
    for quoted, link in _QUOTED.findall(text):
        name = (quoted or link).split("#")[0].removeprefix("../../")
        is_path = name.endswith(_SUFFIXES) or "/" in name.rstrip("/") or "::" in name
        first = name.split("/")[0]
        if "://" in name or not _FILE.fullmatch(name) or not is_path:
            continue
        if link or name.split("::")[0].endswith(_SUFFIXES) or (REPO / first).is_dir():
            found.append(name)
    return found


def exists(name: str, committed: list[str]) -> bool:
    """Return whether there is such a file, folder, or test in a file; `<x>` fits anything."""
    path, _, test = name.partition("::")
    pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
    fitting = [
        file
        for file in committed
        for root in _ROOTS
        if fnmatch.fnmatch(file, f"{root}{pattern}") or fnmatch.fnmatch(file, f"{root}{pattern}/*")
    ]
    if pattern.endswith(_SUFFIXES):  # a file by the end of its path: "its `security.tftest.hcl`"
        fitting += [file for file in committed if fnmatch.fnmatch(file, f"*/{pattern}")]
    return (
        any(f"def {test}(" in (REPO / file).read_text() for file in fitting)
        if test
        else bool(fitting)
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_exists(document: str) -> None:
    committed = _committed()
    text = (REPO / document).read_text()
    assert {name for name in named(text) if not exists(name, committed)} <= _NOT_THERE


def test_each_decision_that_is_spoken_of_is_written_down() -> None:
    committed = _committed()
    numbers = {name.split("/")[2][:4] for name in committed if name.startswith("docs/adr/")}
    assert len(numbers) == len([name for name in committed if name.startswith("docs/adr/")])
    spoken = re.compile(r"(?:ADR |docs/adr/)(\d{4})")
    missing = {
        f"{name}: {number}"
        for name in committed
        if name.endswith((".py", ".md", ".yaml", ".tf", ".tpl"))
        for number in spoken.findall((REPO / name).read_text())
        if number not in numbers
    }
    assert missing == set()


def test_decisions_are_numbered_in_a_row_in_their_names_and_titles() -> None:
    files = sorted((REPO / "docs" / "adr").glob("[0-9]*.md"))
    row = [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [file.name[:4] for file in files] == row
    for number, file in zip(row, files, strict=True):
        assert re.match(rf"# {number} \w", file.read_text()), file.name


@pytest.mark.parametrize("document", ["docs/security/line-by-line.md", "SECURITY.md"])
def test_every_claim_of_a_table_names_where_it_is_tried(document: str) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in (REPO / document).read_text().splitlines()
        if line.startswith("|")
    ]
    headings = ("proven by", "where it is tried")
    start = next(index for index, row in enumerate(rows) if row[-1] in headings)
    claims = [row for row in rows[start + 2 :] if len(row) == len(rows[start])]
    assert len(claims) > 8
    for row in claims:
        words = row[-1]
        assert named(words) or re.search(r"the same|golden case|tests/|tftest", words), row[0]


def test_the_search_finds_what_is_not_there() -> None:
    committed = _committed()
    text = "in `tests/none/test_none.py`, `README.md`, [x](docs/none.md) and `tests/local::none`"
    assert [name for name in named(text) if not exists(name, committed)] == [
        "tests/none/test_none.py", "docs/none.md", "tests/local::none",
    ]  # fmt: skip


_ALL_OF_THEM = re.compile(r"delete appi(?:nstances?)?(?![\w.])[^\n]*?(?:--all|-A)\b")


def test_who_is_told_to_delete_all_instances_deletes_nothing_of_anothers() -> None:
    """Another group may have a kind of the same plural and short name, which kubectl then takes."""
    assert _ALL_OF_THEM.search("kubectl delete appinstances --all --all-namespaces")
    assert _ALL_OF_THEM.search("kubectl delete appi -A --all")
    found = [
        file
        for file in _committed()
        if not file.startswith("tests/") and file.endswith((".md", ".txt", ".py", ".tpl", ".yaml"))
        if _ALL_OF_THEM.search((REPO / file).read_text())
    ]
    assert found == []
