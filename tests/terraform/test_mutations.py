"""The tests of the tests: each security rule is loosened once, and the module's tests turn red."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from terraform import mutants, tf

MUTATIONS = mutants.mutations()
_FEWEST = 200


def test_enough_rules_are_loosened() -> None:
    assert len(MUTATIONS) >= _FEWEST
    assert {item.module for item in MUTATIONS} == set(tf.TESTED)
    assert len({item.name for item in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("module", tf.TESTED)
def test_each_is_noticed(
    tree: Path, tmp_path: Path, attached: Mapping[str, str], module: str
) -> None:
    # The whole tree: a root calls its modules by their place beside it.
    copy = tf.copy_of(tree, tmp_path / "terraform") / module
    loosened = tuple(item for item in MUTATIONS if item.module == module)
    verdict = mutants.judged(copy, loosened, attached)
    asked = {run for item in loosened for run in (item.judgement, item.before)}
    assert asked == {*verdict.passed, *verdict.failed}, verdict.errors
    red = {item.before for item in loosened if item.before in verdict.failed}
    assert red == set(), f"they fail where nothing is loosened: {verdict.errors}"
    unnoticed = {item.name: item.why for item in loosened if item.judgement in verdict.passed}
    assert unnoticed == {}, "nothing noticed that"
