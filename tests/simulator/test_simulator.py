"""The simulator: programs by seed, programs by Hypothesis, and those that once failed.

`--simulator-steps` says how many steps the seeds take together, `--simulator-seed` where to begin.
A program that fails is made smaller, printed with its seed, and kept under `failures/`; moved to
`regressions/` it is run again each time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator import program
from simulator.rules import RULES, WEIGHTS

STEPS_OF_A_RUN = 1000
SHARES = 20
"""Tests that the steps are divided among, so that they can run on both cores."""
_WORDS_ALIKE = 24


def _fail(seed: str, steps: list[program.Step], words: str) -> None:
    smaller = program.smaller(
        steps, lambda part: (program.failure(part) or "")[:_WORDS_ALIKE] == words[:_WORDS_ALIKE]
    )
    path = program.keep(program.FAILURES / f"{seed}.json", smaller, words)
    pytest.fail(f"{words}\nseed {seed}, {len(smaller)} steps kept in {path}: {smaller}")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(SHARES))
def test_a_world_in_which_everything_goes_wrong_ends_as_it_should(
    pytestconfig: pytest.Config, share: int
) -> None:
    steps = int(pytestconfig.getoption("simulator_steps"))
    first = int(pytestconfig.getoption("simulator_seed"))
    runs = -(-steps // STEPS_OF_A_RUN)
    for number in range(share, runs, SHARES):
        steps_of_run = program.program_of(first + number, STEPS_OF_A_RUN)
        words = program.failure(steps_of_run)
        if words and pytestconfig.getoption("simulator_as_it_is"):
            pytest.fail(words)
        if words:
            _fail(f"{first + number}", steps_of_run, words)


@settings(
    max_examples=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.lists(st.tuples(st.sampled_from(sorted(RULES)), st.integers(0, 1 << 16)), min_size=5))
def test_what_hypothesis_thinks_of_ends_as_it_should(steps: list[program.Step]) -> None:
    words = program.failure([("set_spec", 3), *steps])
    assert words is None, words


@pytest.mark.parametrize(
    "path", sorted(program.REGRESSIONS.glob("*.json")), ids=lambda path: path.stem
)
def test_what_once_failed_does_not_fail_again(path: Path) -> None:
    assert program.failure(program.kept(path)) is None


def test_a_seed_is_the_same_program_each_time() -> None:
    one = program.program_of(7, 200)
    assert one == program.program_of(7, 200)
    assert one != program.program_of(8, 200)
    assert {name for name, _ in program.program_of(7, 20_000)} == set(WEIGHTS)


def test_a_failing_program_is_made_smaller() -> None:
    steps = [("clock", number) for number in range(100)]
    found = program.smaller(steps, lambda part: ("clock", 17) in part and ("clock", 70) in part)
    assert found == [("clock", 17), ("clock", 70)]
