"""Seed a bug into a copy of the operator and see whether the fast suites notice.

`python -m simulator.mutation` (with `tests` on the path; `make mutants`) tries all of mutants.py,
or those whose names are given, and ends with the score. Nothing outside of a temporary folder is
changed: the copy comes first on the path of the tests' process. Golden files do not count: whoever
writes them anew writes the bug down with them.
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
UNIT = ("tests/operator", "-m", "not integration")
SIMULATOR = (
    "tests/simulator/test_simulator.py",
    "--simulator-steps",
    "20000",
    "--simulator-as-it-is",
)
_NO_GOLDEN = ("--ignore", "tests/operator/desired/test_golden.py")
_LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Verdict:
    """Whether the tests of the parts found a mutant, whether the simulator did, and how long."""

    by_unit: bool
    by_simulator: bool
    seconds: float

    @property
    def words(self) -> str:
        """Return it for people."""
        found = [self.by_unit and "tests of the part", self.by_simulator and "the simulator"]
        return f"found by {' and '.join(filter(None, found))}" if any(found) else "SURVIVED"


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
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        result = subprocess.run(
            [*command, *_NO_GOLDEN, *words],
            cwd=REPO, env=environment, capture_output=True, check=False,
            timeout=_LONGEST_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    if result.returncode not in {0, 1}:
        # 2 and above: collection broke or nothing ran. A mutant must be found by a test.
        raise RuntimeError(result.stdout.decode()[-2000:] + result.stderr.decode()[-2000:])
    return result.returncode == 1


def judge(mutant: Mutant) -> Verdict:
    """Run the suites on a mutant: the tests that should find it, else all; and the simulator."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mutated(mutant, folder)
        by_simulator = _fails(SIMULATOR, folder)
        by_unit = bool(mutant.found_by) and _fails(mutant.found_by, folder)
        if not by_unit and not by_simulator:
            by_unit = _fails(UNIT, folder)
    return Verdict(by_unit, by_simulator, time.monotonic() - start)


def main(words: list[str] | None = None) -> int:
    """Try mutants and print a line for each; 1 when one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants to try; all without")
    names = set(parser.parse_args(words).names)
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    verdicts = []
    for mutant in chosen:
        verdict = judge(mutant)
        verdicts.append(verdict)
        sys.stdout.write(f"{mutant.name:58} {verdict.words} ({verdict.seconds:.0f} s)\n")
        sys.stdout.flush()
    found = sum(verdict.by_unit or verdict.by_simulator for verdict in verdicts)
    simulated = sum(verdict.by_simulator for verdict in verdicts)
    sys.stdout.write(
        f"{found} of {len(chosen)} mutants found, {simulated} of them by the simulator\n"
    )
    return 0 if found == len(chosen) else 1


if __name__ == "__main__":
    raise SystemExit(main())
