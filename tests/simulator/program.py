"""A run of the simulator is a program: a list of (rule, number), made by a seed or written down."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.ending import end
from simulator.oracles import Violation
from simulator.rules import RULES, WEIGHTS
from simulator.world import World

Step = tuple[str, int]
REGRESSIONS = Path(__file__).parent / "regressions"
FAILURES = Path(__file__).parent / "failures"
_LARGEST = 1 << 16


def program_of(seed: int, steps: int) -> list[Step]:
    """Return the program of a seed; it begins with an instance, as without one nothing happens."""
    chance = random.Random(seed)  # noqa: S311 - to be the same each time
    names = list(WEIGHTS)
    weights = [WEIGHTS[name][0] for name in names]
    chosen = chance.choices(names, weights, k=steps - 1)
    first: Step = ("set_spec", chance.randrange(_LARGEST))
    return [first, *((name, chance.randrange(_LARGEST)) for name in chosen)]


def run(program: Sequence[Step]) -> None:
    """Carry out a program and check its end; raises Violation."""
    random.seed(1)  # the operator's jitter
    world = World()
    for name, number in program:
        RULES[name](world, number)
        world.oracles.raise_found()
    end(world)


def failure(program: Sequence[Step]) -> str | None:
    """Return what goes wrong in a program, None when nothing does."""
    try:
        run(program)
    except Violation as error:
        return str(error) or "violation"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
        return f"{type(error).__name__}: {error}"
    return None


def smaller(
    program: Sequence[Step], fails: Callable[[Sequence[Step]], bool], most: int = 80
) -> list[Step]:
    """Return a part of a failing program that still fails, after at most so many tries."""
    left, size, tries = list(program), max(len(program) // 2, 1), 0
    while size and tries < most:
        start, shrunk = 0, False
        while start < len(left) and tries < most:
            without = left[:start] + left[start + size :]
            tries += 1
            if without and fails(without):
                left, shrunk = without, True
            else:
                start += size
        if not shrunk or size > len(left):
            size //= 2
    return left


def keep(path: Path, program: Sequence[Step], words: str) -> Path:
    """Write a failing program down."""
    path.parent.mkdir(exist_ok=True)
    steps = ",\n  ".join(json.dumps(step) for step in program)
    path.write_text(f'{{"found": {json.dumps(words)}, "steps": [\n  {steps}\n]}}\n')
    return path


def kept(path: Path) -> list[Step]:
    """Return a program that was written down."""
    return [(str(name), int(number)) for name, number in json.loads(path.read_text())["steps"]]
