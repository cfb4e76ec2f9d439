"""Every right that the platform gives is in a golden file: no change of rights goes unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terraform import report, tf, world

pytestmark = pytest.mark.applied

GOLDEN = Path(__file__).parent / "golden" / "policies.md"


def test_the_rights_are_those_on_record(
    applied: world.Platform, request: pytest.FixtureRequest
) -> None:
    folder = applied.tree / "platform"
    made = report.report(json.loads(tf.run(folder, "show", "-json", env=applied.env).stdout))
    if request.config.getoption("--update-golden"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(made)
    assert made == GOLDEN.read_text(), "run `make terraform-golden` and look at the diff"
