"""Seed a bug into a copy of the operator and see whether the fast suites notice.

`python -m simulator.mutation` (with `tests` on the path; `make mutants`) tries all of mutants.py,
or those whose names are given, and ends with the score. Nothing outside of a temporary folder is
changed: the copy comes first on the path of the tests' process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from simulator.mutants import MUTANTS, Mutant

REPO = Path(__file__).parents[2]
PACKAGE = REPO / "operator" / "appinstance_operator"
SUITES: tuple[tuple[str, ...], ...] = (
    ("tests/operator", "-m", "not integration"),
    ("tests/simulator/test_simulator.py", "--simulator-steps", "20000"),
)
_LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: by which suite it was killed, None when it survived."""

    mutant: Mutant
    killed_by: str | None
    seconds: float


def mutated(mutant: Mutant, folder: Path) -> None:
    """Copy the package into a folder and put the bug into it."""
    target = folder / PACKAGE.name
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    path = target / mutant.file
    source = path.read_text()
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its text is {source.count(mutant.old)} times in {path}")
    path.write_text(source.replace(mutant.old, mutant.new))


def _fails(words: tuple[str, ...], folder: Path) -> bool:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{folder}{os.pathsep}{REPO / 'tests'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *words]
    try:
        result = subprocess.run(
            command, cwd=REPO, env=environment, capture_output=True, check=False,
            timeout=_LONGEST_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    if result.returncode not in {0, 1}:
        # 2 and above: collection broke or nothing ran. A mutant must be found by a test.
        raise RuntimeError(result.stdout.decode()[-2000:] + result.stderr.decode()[-2000:])
    return result.returncode == 1


def judge(mutant: Mutant) -> Verdict:
    """Run the suites on a mutant, the one that should find it first."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mutated(mutant, folder)
        suites = (mutant.found_by, *SUITES) if mutant.found_by else SUITES
        for words in suites:
            if _fails(words, folder):
                return Verdict(mutant, words[0], time.monotonic() - start)
    return Verdict(mutant, None, time.monotonic() - start)


def main(words: list[str] | None = None) -> int:
    """Try mutants and print a line for each; 1 when one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants to try; all without")
    names = set(parser.parse_args(words).names)
    survivors = []
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    for mutant in chosen:
        verdict = judge(mutant)
        how = f"killed by {verdict.killed_by}" if verdict.killed_by else "SURVIVED"
        sys.stdout.write(f"{mutant.name:58} {how} ({verdict.seconds:.0f} s)\n")
        sys.stdout.flush()
        if verdict.killed_by is None:
            survivors.append(mutant.name)
    sys.stdout.write(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants killed\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
