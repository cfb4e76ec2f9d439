"""The site's files themselves, without a browser: what they may and may not contain."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from app.frontend.servers import REPOSITORY, SITE

FILES = sorted(path for path in SITE.rglob("*") if path.is_file())
PAGES = [path for path in FILES if path.suffix == ".html"]
KEEPS_THE_THEME = [SITE / "scripts" / "early.js", SITE / "scripts" / "ui" / "theme.js"]
SCRIPTS = [path for path in FILES if path.suffix == ".js"]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text inside scripts and styles."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag in ("script", "style") and data.strip():
            self.inline += data


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_nothing_inline(page: Path) -> None:
    elements = Elements(page)
    assert elements.inline == ""
    for tag, attributes in elements.found:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_refers_only_to_files_of_the_site(page: Path) -> None:
    for _, attributes in Elements(page).found:
        for name in ("src", "href"):
            target = attributes.get(name)
            if target and target != "/" and not target.startswith(("#", "/api/v1/")):
                assert target.startswith("/"), target
                assert (SITE / target.removeprefix("/")).is_file(), target


def test_every_password_field_is_known_to_password_managers() -> None:
    fields = [
        attributes
        for tag, attributes in Elements(SITE / "index.html").found
        if tag == "input" and "password" in (attributes.get("name") or "")
    ]
    assert len(fields) >= 6
    for field in fields:
        assert field["type"] == "password"
        assert field["autocomplete"] in ("current-password", "new-password")
    # Nothing keeps anybody from pasting one.
    assert not [script for script in SCRIPTS if re.search(r"['\"]paste['\"]", script.read_text())]


def test_ids_and_test_ids_are_unique_and_references_between_elements_hold() -> None:
    elements = Elements(SITE / "index.html").found
    for kind in ("id", "data-testid"):
        values = [attributes[kind] for _, attributes in elements if kind in attributes]
        assert len(values) == len(set(values))
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}
    for _, attributes in elements:
        for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            for target in (attributes.get(name) or "").split():
                assert target in ids, f"{name}={target}"


def test_every_script_is_loaded_with_the_page() -> None:
    elements = Elements(SITE / "index.html").found
    named = {attributes.get("href") or attributes.get("src") for _, attributes in elements}
    for script in SCRIPTS:
        path = f"/{script.relative_to(SITE)}"
        assert path in named, f"add a modulepreload for {path}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_other_host_is_named(file: Path) -> None:
    urls = set(re.findall(r"https?://[^\s\"'<>)]+", file.read_text()))
    assert urls <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(SITE)))
def test_no_script_makes_markup_of_text_or_keeps_anything_in_the_browser(script: Path) -> None:
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    banned += r"|sessionStorage|indexedDB|document\.cookie|console\."
    if script not in KEEPS_THE_THEME:
        banned += "|localStorage"
    assert re.findall(banned, script.read_text()) == []


@pytest.mark.parametrize("script", KEEPS_THE_THEME, ids=lambda script: script.name)
def test_nothing_but_the_chosen_theme_is_kept_in_the_browser(script: Path) -> None:
    uses = re.findall(r"localStorage\.\w+\(([^,)]+)", script.read_text())
    assert uses
    assert set(uses) == {'"theme"'}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(SITE)))
def test_a_script_can_be_read_at_one_go(script: Path) -> None:
    assert len(script.read_text().splitlines()) <= 200


def test_the_image_starts_nginx_as_the_tests_do() -> None:
    target = (REPOSITORY / "Dockerfile").read_text().split(" AS frontend\n")[1].split("\nFROM ")[0]
    entrypoint = re.search(r"^ENTRYPOINT (\[.*\])$", target, re.MULTILINE)
    assert entrypoint
    program, option, conf = json.loads(entrypoint[1])
    assert option == "-c"
    assert f"COPY app/frontend/nginx.conf {conf}" in target
    assert f"COPY app/frontend/serve.sh /usr/local/bin/{program}" in target
    assert "COPY app/frontend/site /usr/share/appinstance/site" in target
    assert "USER 10001:10001" in target
