"""The tests of the tests: each security rule is loosened once, and the module's tests turn red."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from terraform import tf

MUTATIONS = tf.mutations()
_FEWEST = 15


def test_enough_rules_are_loosened() -> None:
    assert len(MUTATIONS) >= _FEWEST
    assert {item.module for item in MUTATIONS} >= {f"modules/{name}" for name in tf.MODULES}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_noticed(
    tree: Path, tmp_path: Path, attached: Mapping[str, str], mutation: tf.Mutation
) -> None:
    # The whole tree: a root calls its modules by their place beside it.
    copy = tf.copy_of(tree, tmp_path / "terraform") / mutation.module
    mutation.apply(copy)
    tf.init(copy, env=attached)
    # Only the file that holds the rule: whatever else fails would not be the rule that noticed.
    verdict = tf.test(copy, f"-filter=tests/{mutation.test}.tftest.hcl", env=attached)
    assert not verdict.ok, f"nothing noticed that {mutation.why}"
    assert verdict.failed, verdict.errors
