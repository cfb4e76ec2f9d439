"""The pages that are derived from the code are those that lie in docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.scripts import script

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def derived() -> Any:
    return script(ROOT / "app/hack/docs.py")


@pytest.mark.parametrize("page", ["app-settings.md", "problems.md"])
def test_the_page_is_what_the_code_says(derived: Any, page: str) -> None:
    written = (ROOT / "docs" / page).read_text()
    assert written == derived.PAGES[page](), "Run `make app-docs`."


def test_every_variable_of_the_contract_is_on_the_page(derived: Any) -> None:
    contract = (ROOT / "docs" / "contracts.md").read_text()
    missing = [name for name in derived.MEANINGS if name.startswith("DB_") and name not in contract]
    assert not missing


def test_types_of_problems_are_words_that_fit_an_address(derived: Any) -> None:
    slugs = [kind.value[0] for kind in derived.Kind]
    assert len(set(slugs)) == len(slugs)
    assert all(slug.replace("-", "").isalpha() and slug == slug.lower() for slug in slugs)
