"""The site builds without a warning, every link leads somewhere, and its examples are valid."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from appinstance_local.paths import REPO
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import main as cli

DOCS = REPO / "docs"
PAGES = sorted(
    path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in ("adr", "hack")
)
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def _built(folder: Path, config: Path = REPO / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder,
         "--config-file", config],
        cwd=REPO, check=False, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    told = _built(folder)
    assert told.returncode == 0, told.stderr
    return folder


def test_every_page_is_built_and_asks_nothing_of_others(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        text = page.read_text()
        loaded = re.findall(r'<(?:script|img|iframe|source)[^>]+src="(https?:[^"]+)"', text)
        loaded += re.findall(
            r'<link[^>]+rel="(?:stylesheet|preconnect)"[^>]+href="(https?:[^"]+)"', text
        )
        assert loaded == [], page.relative_to(site)


def test_links_between_pages_lead_to_what_is_there(site: Path) -> None:
    """Of the built pages, so that rewritten links and anchors are seen as a browser sees them."""
    anchors: dict[Path, set[str]] = {}

    def has(page: Path, anchor: str) -> bool:
        if page not in anchors:
            anchors[page] = set(re.findall(r'\bid="([^"]+)"', page.read_text()))
        return anchor in anchors[page]

    lost = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for link in re.findall(r'<a[^>]+href="([^"]+)"', page.read_text()):
            path, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", path):
                continue
            target = (page.parent / path).resolve() if path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (anchor and not has(target, anchor)):
                lost.append(f"{page.relative_to(site)}: {link}")
    assert lost == []


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# A\n\n[gone](gone.md) [out](../none/there.md)\n")
    config = yaml.safe_load(re.sub(r"!\S+", "", (REPO / "mkdocs.yml").read_text()))
    for key in ("nav", "not_in_nav", "exclude_docs"):
        config.pop(key)
    config["theme"] = {"name": "material"}
    config["docs_dir"] = str(docs)
    config["hooks"] = [str(REPO / "docs/hack/repository_links.py")]
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config))
    told = _built(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert told.returncode != 0
    assert "gone.md" in told.stderr
    assert "../none/there.md, which is not in the repository" in told.stderr


def _blocks(language: str) -> Iterator[tuple[str, str]]:
    for path in [*PAGES, REPO / "README.md"]:
        for match in _BLOCK.finditer(path.read_text()):
            if match["language"] == language:
                yield f"{path.relative_to(REPO)}", match["text"]


def _instances() -> list[Any]:
    return [
        pytest.param(text, id=where)
        for where, text in _blocks("yaml")
        if "kind: AppInstance\n" in text and text.lstrip().startswith(("apiVersion", "#"))
    ]


@pytest.mark.parametrize("text", _instances())
def test_every_appinstance_of_the_pages_is_valid(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(text)
    options = cli.parser().parse_args(["validate", "-f", str(file)])
    assert options.run(options) == 0, capsys.readouterr()


def test_there_are_examples_to_judge() -> None:
    assert len(_instances()) >= 3


@pytest.mark.parametrize(
    ("where", "text"), [item for item in _blocks("yaml") if "clusterName:" in item[1]]
)
def test_settings_of_the_pages_are_valid(where: str, text: str) -> None:
    settings = yaml.safe_load(text)["settings"]
    settings["database"]["caBundle"] = "-----BEGIN CERTIFICATE-----\n…\n"
    assert parse_settings(settings).edge.domains, where


@pytest.mark.parametrize(("where", "text"), list(_blocks("yaml")))
def test_every_yaml_of_the_pages_is_yaml(where: str, text: str) -> None:
    assert list(yaml.safe_load_all(text)), where


def _commands() -> list[Any]:
    found = []
    for where, text in _blocks("console"):
        for line in text.splitlines():
            match = re.match(r"\s*\$ (?:appinstance|kubectl appi) (.*)", line)
            if match:
                words = re.split(r"\s+(?:#|>|\|)", match[1])[0]
                found.append(pytest.param(words, id=f"{where}: {words[:40]}"))
    return found


@pytest.mark.parametrize("words", _commands())
def test_commands_of_the_pages_are_ones_that_there_are(words: str) -> None:
    options = cli.parser().parse_args(shlex.split(words.replace("…", "settings.yaml")))
    assert options.run is not None


def test_make_targets_of_the_pages_are_ones_that_there_are() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
    for path in [*PAGES, REPO / "README.md", REPO / "CONTRIBUTING.md"]:
        named = set(re.findall(r"`make ([a-z0-9-]+)", path.read_text()))
        assert named <= targets, path


def test_the_readme_is_one_screen() -> None:
    assert len((REPO / "README.md").read_text().splitlines()) <= 80


def test_each_test_that_the_security_page_names_is_there() -> None:
    text = (DOCS / "security/index.md").read_text()
    claims = text.partition("## Claims and tests")[2].partition("##")[0]
    named = re.findall(r"\]\(\.\./\.\./(tests/[^)]+)\)", claims)
    assert len(named) > 15
    assert [name for name in named if not (REPO / name).exists()] == []
    for line in claims.splitlines():
        if line.startswith("| ") and "---" not in line and "claim" not in line.split("|")[1]:
            assert "tests/" in line, line
