"""Run the whole measurement. With `--write`, keep it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appinstance_local.offline import builds

from . import report, thinking
from .phases import Result, Size
from .stage import staged


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _measure(count: int, more: int) -> Result:
    sys.stderr.write(f"{count} instances …\n")
    with staged() as stage:
        stage.start_operator()
        return Size(stage, count, more).measure()


def main() -> None:
    """Measure each size on a fresh API server, print the tables, and write them where asked to."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=[100, 500], metavar="N,N")
    parser.add_argument(
        "--more", type=int, default=500, help="so many more at once, after the last size"
    )
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    builds.ensure(["etcd", "kubernetes"])
    thought = thinking.measure()
    more = [0] * (len(options.sizes) - 1) + [options.more]
    results = [_measure(*both) for both in zip(options.sizes, more, strict=True)]
    page = report.page(results, thought)
    sys.stdout.write(page)
    if options.write:
        options.write.write_text(page)


if __name__ == "__main__":
    main()
