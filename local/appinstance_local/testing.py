"""`make test`: what has to be there first, then pytest in the order that fails soonest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from . import builds, cluster, debian, demo, engine, terraform
from .errors import LocalError
from .paths import REPO, binaries, cache
from .progress import say
from .release import publish

# What the integration tests start as processes.
_DEBIAN = ("chromium", "mariadb-server", "nginx-light", "prometheus")
_PARTS = ("kubernetes", "etcd", "helm")
_RELEASE = {*_PARTS, *publish.PARTS, "registry"}
_OPERATOR = ("tests/operator", "tests/charts")


def _pytest(words: Sequence[str], env: Mapping[str, str] | None = None, niceness: int = 0) -> None:
    say(f"pytest {' '.join(words)}")
    command = ["nice", f"-n{niceness}", sys.executable, "-m", "pytest", *words]
    merged = {**os.environ, "APPINSTANCE_BIN": str(binaries()), **(env or {})}
    result = subprocess.run(command, cwd=REPO, check=False, env=merged)
    if result.returncode:
        raise LocalError("tests failed; see above")


@contextmanager
def _beside(words: Sequence[str], env: Mapping[str, str], name: str) -> Iterator[None]:
    """Run pytest beside what the block does; show what it said when both are done."""
    say(f"pytest {' '.join(words)} (beside the next)")
    log = cache() / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    merged = {**os.environ, "APPINSTANCE_BIN": str(binaries()), **env}
    with log.open("wb") as sink:
        command = [sys.executable, "-m", "pytest", *words]
        process = subprocess.Popen(
            command, cwd=REPO, env=merged, stdout=sink, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield
            say("waiting for the tests beside")
            code = process.wait()
        finally:
            # The whole group: it has an API server and the stand-in for AWS under it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print(log.read_text(errors="replace"), flush=True)
    if code:
        raise LocalError("tests failed; see above")


def unit() -> None:
    """Run the tests that need no other process."""
    _pytest(["-q", "-n", "2", "-m", "not integration and not e2e and not terraform"])


def _terraform_environment() -> dict[str, str]:
    """See that all is there that the tests of `terraform/` start, and say where it is."""
    env = terraform.environment()
    builds.ensure(_PARTS)
    return env


def terraform_() -> None:
    """Build the providers and test `terraform/`, applying it to moto and a real API server."""
    env = _terraform_environment()
    # Applying is mostly waiting, so the modules' own tests run meanwhile, and give way to it.
    with _beside(["-q", "-m", "terraform and applied"], env, "terraform-apply"):
        # By stealing: a module whose mutations take a minute holds back none that wait behind it.
        words = ["-q", "-m", "terraform and not applied", "-n", "2", "--dist", "worksteal"]
        _pytest(words, env, niceness=10)


def integration() -> None:
    """Install and build what the integration tests start, and run them."""
    debian.ensure(_DEBIAN)
    builds.ensure(sorted(_RELEASE))
    # The operator's wait for an API server, the app's for a browser and a database: side by side.
    with _beside(["-q", "-m", "integration", *_OPERATOR], {}, "integration-operator"):
        _pytest(["-q", "-m", "integration", *(f"--ignore={folder}" for folder in _OPERATOR)])


def e2e() -> None:
    """Bring the cluster up with the images and the operator of this checkout; test on it."""
    debian.ensure(_DEBIAN)
    env = terraform.environment()
    demo.prepare()
    _pytest(["-q", "-m", "e2e"], {**cluster.environment(engine.ensure()), **env})


def demo_aws() -> None:
    """Bring the cluster up, and go the whole way from Terraform to the page and back on it."""
    debian.ensure(_DEBIAN)
    env = terraform.environment()
    demo.prepare()
    demo.refuse_instances()
    _pytest(
        ["-s", "-v", "tests/e2e/test_chain.py"], {**cluster.environment(engine.ensure()), **env}
    )


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
