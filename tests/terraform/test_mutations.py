"""The tests of the tests: each security rule is loosened once, and the module's tests turn red."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from terraform import tf

MUTATIONS = tf.mutations()
_FEWEST = 15


def test_enough_rules_are_loosened() -> None:
    assert len(MUTATIONS) >= _FEWEST
    assert {item.module for item in MUTATIONS} >= {f"modules/{name}" for name in tf.MODULES}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_noticed(tree: Path, tmp_path: Path, mutation: tf.Mutation) -> None:
    copy = tf.copy_of(tree / mutation.module, tmp_path / "module")
    mutation.apply(copy)
    initialised = tree / mutation.module / ".terraform"
    if initialised.is_dir():  # a module without calls of others: its providers are all it needs
        shutil.copytree(initialised, copy / ".terraform", symlinks=True)
    else:
        tf.init(copy)
    # Only the security rules: whatever else fails would not be the rule that noticed.
    verdict = tf.test(copy, "-filter=tests/security.tftest.hcl")
    assert not verdict.ok, f"nothing noticed that {mutation.why}"
    assert verdict.failed, verdict.errors
