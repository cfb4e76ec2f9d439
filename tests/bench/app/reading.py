"""Reads side by side: blocks of a few seconds take turns, so that all meet the same machine."""

from __future__ import annotations

import itertools
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from .load import Load, asked
from .stage import Server


@dataclass
class Side:
    """One of those that are compared: who is asked, for what, and what came of it."""

    name: str
    server: Server
    request: bytes
    loads: list[Load] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Answers by second of the server's processor time."""

    def ask(self, seconds: float) -> None:
        """One block."""
        before = self.server.cpu_seconds
        load = asked(self.server.port, itertools.repeat(self.request), seconds=seconds)
        if set(load.statuses) != {200}:
            sys.exit(f"error: {self.name} answered {dict(load.statuses)}")
        self.loads.append(load)
        self.cpu.append(len(load.latencies) / (self.server.cpu_seconds - before))

    @property
    def rate(self) -> float:
        return statistics.median(load.rate for load in self.loads)

    def quantile(self, share: float) -> float:
        """The median of the blocks' quantiles, in seconds."""
        return statistics.median(load.quantile(share) for load in self.loads)


def take_turns(
    sides: list[Side], *, blocks: int, seconds: float, say: Callable[[str], None]
) -> None:
    """Asks each of them that often; the first block, in which they warm up, does not count."""
    for block in range(blocks + 1):
        for side in sides:
            say(f"{side.name}, {block} of {blocks}")
            side.ask(seconds if block else 1)
    for side in sides:
        del side.loads[0], side.cpu[0]


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    """How fast we were, block by block."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]
