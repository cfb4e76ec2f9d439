"""The page of `make bench-large`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .creation import ANSWERED, OPERATOR, Creation
from .growth import Growth
from .report import cpu_each, in_words, machine, ratios, reached, restart_rows, table, writes
from .soak import ROUNDS, Soak

if TYPE_CHECKING:
    from .large import Large

_OBJECTS = 20
_SETTLED_ROUND = 2
"""After so many rounds of a soak nothing new should come to stay."""


def rate(made: Creation, side: str, count: int) -> float:
    """Return child objects a second."""
    return count * _OBJECTS / sum(made.sides[side].seconds)


def _sides(large: Large, sample: int) -> str:
    columns = [large.first, large.last]
    rows = [
        ["baseline, objects/s", *(f"{rate(one, ANSWERED, sample):.0f}" for one in columns)],
        ["operator, objects/s", *(f"{rate(one, OPERATOR, sample):.0f}" for one in columns)],
        ["**ratio** (least to most)", *(in_words(ratios(one, ANSWERED)) for one in columns)],
        ["operator's processor time, ms per instance",
         *(f"**{cpu_each(one, sample):.0f}**" for one in columns)],
    ]  # fmt: skip
    before = large.total - sample
    return table(["", f"the first {sample}", f"{sample} more, beside {before}"], rows)


def _steps(steps: Sequence[Growth]) -> str:
    rows = [
        [f"{one.after}", f"{one.rate:.0f}", f"{one.cpu_each:.0f}", f"{one.rss:.0f}"]
        for one in steps
    ]
    return table(["instances", "objects/s", "operator, ms per instance", "memory, MiB"], rows)


def _growth(told: Soak) -> float:
    """Return by how many MiB a round grows the operator, by a line through the settled rounds."""
    kept = told.rss[_SETTLED_ROUND:]
    return statistics.linear_regression(range(len(kept)), kept).slope if len(kept) > 1 else 0.0


def _soak(told: Soak) -> str:
    head = ["after round", *(str(number) for number in range(len(told.rss)))]
    return table(head, [["memory, MiB", *(f"{rss:.0f}" for rss in told.rss)]])


def _targets(large: Large, sample: int) -> str:
    again = large.restart
    grown = _growth(large.soak)
    part = rate(large.last, OPERATOR, sample) / rate(large.first, OPERATOR, sample)
    base = rate(large.last, ANSWERED, sample) / rate(large.first, ANSWERED, sample)
    cost = cpu_each(large.first, sample) / cpu_each(large.last, sample)
    count = large.steps[-1].after if large.steps else sample
    rows = [
        *([reached(f"memory with {count} instances, MiB", large.steps[-1].rss, 300)]
          if large.steps else []),
        reached(f"throughput with {count}, of that without", part, 0.9, most=False),
        reached("… and the baseline's, which is the API server's own", base, 0.9, most=False),
        reached("operator's cost per instance without, of that with", cost, 0.9, most=False),
        reached("requests when idle", sum(large.idle.values()), 0),
        reached(f"restart with {again.instances}: writes", writes(again.kubernetes, again.aws), 0),
        reached("growth in a soak's settled rounds, MiB a round", grown, 0.5),
    ]  # fmt: skip
    return table(["to be reached", "at", "this run", "reached"], rows)


def page(large: Large, sample: int) -> str:
    """Return the whole of docs/performance-large.md."""
    told = large.soak
    return "\n".join(
        [
            "# Performance with thousands of instances\n",
            "Written by `make bench-large`; the last run. Nothing is asserted. What the words mean "
            "is in [performance.md](performance.md).\n",
            f"Machine: {machine([large.first, large.last])}\n",
            _targets(large, sample),
            "## The first and the last\n",
            _sides(large, sample),
            "## On the way\n",
            _steps(large.steps),
            "## An hour's events\n",
            f"{ROUNDS} rounds over {told.instances} of the instances, one after the other without "
            f"pauses: {told.events} events and {told.writes} writes of the operator's. In each "
            "round every ExternalSecret is synced and every Deployment loses a pod and has it "
            "again; a twelfth each of the instances gets a new image, is changed by hand, and is "
            "deleted and made anew. What needs real time (a watch that is renewed after five "
            "minutes, a resync after ten) happens as often as it does while this runs.\n",
            _soak(told),
            "## Starting again\n",
            table([f"a restart with {large.restart.instances}", ""], restart_rows(large.restart)),
        ]
    )
