"""A copy of `terraform/` (and of the chart that it installs) for all tests, and who runs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appinstance_local.paths import REPO
from terraform import tf


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.terraform)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of `terraform/` beside a copy of `charts/`, as in the repository."""
    if "APPINSTANCE_TERRAFORM" not in os.environ:
        pytest.fail("run `make terraform-test`, which builds the providers first")
    base = tmp_path_factory.mktemp("repository")
    tf.copy_of(REPO / "charts" / "appinstance-operator", base / "charts" / "appinstance-operator")
    return tf.copy_of(tf.SOURCE, base / "terraform")
