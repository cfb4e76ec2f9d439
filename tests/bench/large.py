"""`make bench-large`: thousands of instances. Takes most of an hour.

    PYTHONPATH=tests python -m bench.large --count 5000 --write docs/performance-large.md

Does the cost of an instance grow with how many there are? So the same creation, side by side with
the baseline, is measured on an empty API server and again when it holds all of them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from appinstance_local.offline import builds

from . import report_large
from .creation import BLOCK, Creation, Creator, Readiness
from .growth import Growth
from .growth import measure as grow
from .phases import Size
from .restart import Restart
from .restart import measure as restart
from .stage import Stage, staged

SAMPLE = 3 * BLOCK
"""So many are created side by side with the baseline, first of all and last of all."""
STEP = 500


@dataclass(frozen=True)
class Large:
    """All figures."""

    first: Creation
    steps: list[Growth]
    last: Creation
    idle: tuple[int, int]
    """Requests to Kubernetes and to IAM while nothing happened."""
    restart: Restart
    total: int


def _measure(stage: Stage, count: int) -> Large:
    readiness = Readiness(stage.admin)
    readiness.start()
    first = Creator(stage, readiness, range(SAMPLE)).run()
    steps = []
    for start in range(SAMPLE, count, STEP):
        numbers = range(start, min(start + STEP, count))
        steps.append(grow(stage, readiness, numbers, spoil=False))
        sys.stderr.write(f"{steps[-1].after} instances, {steps[-1].rss:.0f} MiB\n")
    last = Creator(stage, readiness, range(count, count + SAMPLE)).run()
    total = count + SAMPLE
    idle = Size(stage, total).idle_apart()
    return Large(first, steps, last, idle, restart(stage, total), total)


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(prog="bench.large", description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    builds.ensure(["etcd", "kubernetes"])
    with staged() as stage:
        stage.start_operator()
        page = report_large.page(_measure(stage, options.count), SAMPLE)
    sys.stdout.write(page)
    if options.write:
        options.write.write_text(page)


if __name__ == "__main__":
    main()
