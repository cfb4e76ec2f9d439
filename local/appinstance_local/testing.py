"""`make test`: what has to be there first, then pytest in the order that fails soonest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from . import builds, cluster, debian, demo, engine, terraform
from .errors import LocalError
from .paths import REPO, binaries
from .progress import say

# What the integration tests start as processes.
_DEBIAN = ("chromium", "mariadb-server", "nginx-light")
_PARTS = ("kubernetes", "etcd", "helm")


def _pytest(words: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    say(f"pytest {' '.join(words)}")
    command = [sys.executable, "-m", "pytest", *words]
    merged = {**os.environ, "APPINSTANCE_BIN": str(binaries()), **(env or {})}
    result = subprocess.run(command, cwd=REPO, check=False, env=merged)
    if result.returncode:
        raise LocalError("tests failed; see above")


def unit() -> None:
    """Run the tests that need no other process."""
    _pytest(["-q", "-m", "not integration and not e2e and not terraform"])


def terraform_() -> None:
    """Build the providers and test `terraform/`, applying it to moto and a real API server."""
    builds.ensure(_PARTS)
    terraform.prepare()
    # Two at a time: while one worker waits for an apply, the other runs the modules' own tests.
    words = ["-q", "-m", "terraform", "-n", "2", "--dist", "loadgroup"]
    _pytest(words, terraform.environment())


def integration() -> None:
    """Install and build what the integration tests start, and run them."""
    debian.ensure(_DEBIAN)
    builds.ensure(_PARTS)
    _pytest(["-q", "-m", "integration"])


def e2e() -> None:
    """Bring the cluster up with the images and the operator of this checkout; test on it."""
    debian.ensure(_DEBIAN)
    demo.prepare()
    _pytest(["-q", "-m", "e2e"], cluster.environment(engine.ensure()))


def everything() -> None:
    """Run all tests, the quick ones first, and take the cluster away in CI."""
    unit()
    terraform_()
    integration()
    try:
        e2e()
    finally:
        if os.environ.get("CI"):
            cluster.down()


def terraform_golden() -> None:
    """Apply, and write the report of rights anew."""
    builds.ensure(_PARTS)
    terraform.prepare()
    words = ["-q", "tests/terraform/test_policy_report.py", "--update-golden"]
    _pytest(words, terraform.environment())


SUITES = {
    "unit": unit,
    "terraform": terraform_,
    "terraform-golden": terraform_golden,
    "integration": integration,
    "e2e": e2e,
    "all": everything,
}
