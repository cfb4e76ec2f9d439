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
from concurrent.futures import ThreadPoolExecutor
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
    """What found a mutant, None when nothing did, and how long it took."""

    found_by: str | None
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


def broken_suites() -> list[str]:
    """Return which suites fail on a copy without a bug: they would find any bug at all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(PACKAGE, folder / PACKAGE.name)
        suites = {"the simulator": SIMULATOR, "all tests": UNIT}
        return [who for who, words in suites.items() if _fails(words, folder)]


def judge(mutant: Mutant) -> Verdict:
    """Run the simulator on a mutant; then the tests that should find it, and at last all."""
    start = time.monotonic()
    suites = {"the simulator": SIMULATOR, "tests of the part": mutant.found_by, "all tests": UNIT}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mutated(mutant, folder)
        found = (who for who, words in suites.items() if words and _fails(words, folder))
        return Verdict(next(found, None), time.monotonic() - start)


def main(words: list[str] | None = None) -> int:
    """Try mutants and print a line for each; 1 when one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants to try; all without")
    names = set(parser.parse_args(words).names)
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    broken = broken_suites()
    if broken:
        sys.stderr.write(f"without any bug there fail: {', '.join(broken)}; mend that first\n")
        return 2
    verdicts = []
    # Each has its own copy and its own processes.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, verdict in zip(chosen, pool.map(judge, chosen), strict=True):
            verdicts.append(verdict)
            how = f"found by {verdict.found_by}" if verdict.found_by else "SURVIVED"
            sys.stdout.write(f"{mutant.name:58} {how} ({verdict.seconds:.0f} s)\n")
            sys.stdout.flush()
    finders = [verdict.found_by for verdict in verdicts if verdict.found_by]
    sys.stdout.write(
        f"{len(finders)} of {len(chosen)} mutants found, "
        f"{finders.count('the simulator')} of them by the simulator alone\n"
    )
    return 0 if len(finders) == len(chosen) else 1


if __name__ == "__main__":
    raise SystemExit(main())
