"""The page of `make bench-large`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from appinstance_operator.reconcile.reconciler import RESYNC_SECONDS, RESYNCS_PER_SECOND

from .creation import ANSWERED, OPERATOR, Creation
from .growth import Growth
from .phases import IDLE_SECONDS
from .report import cpu_each, in_words, machine, ratios, reached, restart_rows, table, writes

if TYPE_CHECKING:
    from .large import Large

_OBJECTS = 20


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


def _targets(large: Large, sample: int) -> str:
    again = large.restart
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
        reached("requests to Kubernetes when idle", large.idle[0], 0),
        reached(f"restart with {again.instances}: writes", writes(again.kubernetes, again.aws), 0),
    ]  # fmt: skip
    return table(["to be reached", "at", "this run", "reached"], rows)


def page(large: Large, sample: int) -> str:
    """Return the whole of docs/performance-large.md."""
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
            f"While nothing happened for {IDLE_SECONDS} s, IAM was asked {large.idle[1]} times. A "
            "role that somebody changed sends no event, so those of each instance are looked at "
            f"every ten minutes; of more than {RESYNC_SECONDS * RESYNCS_PER_SECOND:.0f} instances "
            f"{RESYNCS_PER_SECOND:.0f} a second.\n",
            "## Starting again\n",
            table([f"a restart with {large.restart.instances}", ""], restart_rows(large.restart)),
        ]
    )
