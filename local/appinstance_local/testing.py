"""`make test`: what has to be there first, then pytest in the order that fails soonest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from . import debian, engine, lanes
from .errors import LocalError
from .lanes import Command
from .offline import builds
from .paths import REPO, binaries
from .platform import cluster, demo, terraform
from .platform.cluster import Mode
from .progress import say
from .release import publish

# What the integration tests start as processes.
_DEBIAN = ("chromium", "mariadb-server", "nginx-light", "prometheus")
_PARTS = ("kubernetes", "etcd", "helm")
_RELEASE = {*_PARTS, *publish.PARTS, "registry"}
_OPERATOR = ("tests/operator", "tests/charts")


def _command(
    name: str, words: Sequence[str], env: Mapping[str, str] | None = None, niceness: int = 0
) -> Command:
    merged = {"APPINSTANCE_BIN": str(binaries()), **(env or {})}
    slowest = ("--durations=5", "--durations-min=10")
    pytest = [sys.executable, "-m", "pytest", "-q", *slowest, *words]
    return Command(name, ["nice", f"-n{niceness}", *pytest], merged)


def _pytest(words: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Run pytest alone, at this terminal."""
    say(f"pytest {' '.join(words)}")
    merged = {**os.environ, "APPINSTANCE_BIN": str(binaries()), **(env or {})}
    command = [sys.executable, "-m", "pytest", *words]
    if subprocess.run(command, cwd=REPO, check=False, env=merged).returncode:
        raise LocalError("tests failed; see above")


def unit() -> None:
    """Run the tests that need no other process."""
    _pytest(["-q", "-n", "2", "-m", "not integration and not e2e and not terraform"])


def _terraform_jobs() -> tuple[Command, Command]:
    """Install and build what the tests of `terraform/` start; return those that apply, and those
    of the modules.
    """
    env = _terraform_environment()
    # By stealing: a module whose mutations take a minute holds back none that wait behind it.
    static = ["-m", "terraform and not applied", "-n", "2", "--dist", "worksteal"]
    return (
        _command("terraform, applied", ["-m", "terraform and applied"], env),
        _command("terraform, modules", static, env, niceness=10),
    )


def _terraform_environment() -> dict[str, str]:
    """See that all is there that the tests of `terraform/` start, and say where it is."""
    env = terraform.environment()
    builds.ensure(_PARTS)
    return env


def terraform_() -> None:
    """Build the providers and test `terraform/`, applying it to moto and a real API server."""
    applied, modules = _terraform_jobs()
    lanes.run([applied], [modules])


def _integration_jobs() -> tuple[Command, Command]:
    """Install and build what the integration tests start; return the operator's and the others."""
    debian.ensure(_DEBIAN)
    builds.ensure(sorted(_RELEASE))
    others = [f"--ignore={folder}" for folder in _OPERATOR]
    # The operator's wait for an API server, the app's for a browser and a database.
    return (
        _command("operator and charts", ["-m", "integration", *_OPERATOR]),
        _command("app and the rest", ["-m", "integration", *others]),
    )


def integration() -> None:
    """Install and build what the integration tests start, and run them."""
    operator, others = _integration_jobs()
    lanes.run([operator], [others])


def e2e() -> None:
    """Bring the cluster up with the images and the operator of this checkout; test on it.

    In CI it is taken away at the end.
    """
    debian.ensure(_DEBIAN)
    env = terraform.environment()
    words = ["-q", "-m", "e2e", "--durations=10", "--durations-min=10"]
    try:
        demo.prepare()
        _pytest(words, {**cluster.environment(engine.ensure()), **env})
    finally:
        _leave_the_cluster()


def _leave_the_cluster() -> None:
    if os.environ.get("CI"):
        cluster.down()


def demo_aws() -> None:
    """Bring the cluster up, and go the whole way from Terraform to the page and back on it."""
    debian.ensure(_DEBIAN)
    env = terraform.environment()
    demo.prepare()
    demo.refuse_instances()
    _pytest(
        ["-s", "-v", "tests/e2e/test_chain.py"], {**cluster.environment(engine.ensure()), **env}
    )


def _build_the_node() -> None:
    """Build what a node and its add-ons are made of, where it is not had as images."""
    if cluster.choose_mode(engine.ensure()) is Mode.BUILT:
        builds.ensure()


def everything() -> None:
    """Run all tests, the quick ones first."""
    unit()
    # All that is compiled is there before the rest, and none of it runs beside a compiler.
    applied, modules = _terraform_jobs()
    operator, others = _integration_jobs()
    itself = [sys.executable, "-m", "appinstance_local.cli"]
    on_the_cluster = Command("on the cluster", [*itself, "test", "e2e"])
    try:
        _build_the_node()
        # The cluster is in the lane of the browsers of the others' tests: a network that is made
        # meanwhile breaks off what a page of theirs is loading. It comes first: its tests wait
        # more than they compute, and leave that time to the rest. The modules' tests give way.
        lanes.run([on_the_cluster, others], [applied, operator], [modules])
    finally:
        _leave_the_cluster()  # also where a build or another lane has failed


def terraform_golden() -> None:
    """Apply, and write the report of rights anew."""
    words = ["-q", "tests/terraform/test_policy_report.py", "--update-golden"]
    _pytest(words, _terraform_environment())


SUITES = {
    "aws": demo_aws,
    "unit": unit,
    "terraform": terraform_,
    "terraform-golden": terraform_golden,
    "integration": integration,
    "e2e": e2e,
    "all": everything,
}
