"""What is rendered, to the byte: an instance and settings in, every object and role out.

`make golden` writes `expected.yaml` anew; read its diff before you commit it. Error cases beside
them give the sentence that a person gets. A case's `agreed.yaml` is what other AppInstances say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.golden_settings import golden_instance, golden_settings

from appinstance_operator.api.access import open_by_status
from appinstance_operator.api.errors import InvalidSpec, NotAllowed
from appinstance_operator.api.model import Facts
from appinstance_operator.api.spec import parse
from appinstance_operator.cli import documents as cli_io
from appinstance_operator.cli import main as cli

HERE = Path(__file__).parent
CASES = sorted(path for path in (HERE / "golden").iterdir())
ERRORS = sorted(path for path in (HERE / "golden_errors").iterdir())


def _facts(case: Path, body: dict[str, Any]) -> Facts | None:
    """Return what a case says of other AppInstances, None where it says nothing."""
    file = case / "agreed.yaml"
    if not file.exists():
        return None
    return Facts(agreed=open_by_status(yaml.safe_load(file.read_text()), parse(body).access))


def _rendered(case: Path) -> str:
    settings = golden_settings(case)
    body = golden_instance(case)
    plan = cli_io.planned(body, settings, _facts(case, body))
    return cli_io.to_yaml([*plan.objects, *map(cli.role_document, plan.roles)])


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_rendered_as_recorded(case: Path, request: pytest.FixtureRequest) -> None:
    expected = case / "expected.yaml"
    if request.config.getoption("--update-golden"):
        expected.write_text(_rendered(case))
    assert _rendered(case) == expected.read_text()


@pytest.mark.parametrize("case", ERRORS, ids=lambda path: path.name)
def test_refused_with_the_recorded_sentence(case: Path) -> None:
    with pytest.raises((InvalidSpec, NotAllowed)) as caught:
        _rendered(case)
    assert (case / "expected.txt").read_text().strip() in caught.value.message
