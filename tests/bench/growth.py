"""More instances on top of those there are, all at once, while somebody spoils what runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from . import drift
from .audit import window
from .creation import Readiness, create, creates_a_child, make_namespaces
from .stage import Stage


@dataclass(frozen=True)
class Growth:
    """What so many more took."""

    before: int
    after: int
    objects: int
    seconds: float
    """From the first instance to the last child object."""
    cpu: Counter[str]
    repairs: list[float]
    rss: float

    @property
    def rate(self) -> float:
        """Return child objects a second."""
        return self.objects / self.seconds

    @property
    def cpu_each(self) -> float:
        """Return the operator's processor time for an instance, in ms."""
        return self.cpu["operator"] * 1e3 / (self.after - self.before)


def measure(stage: Stage, readiness: Readiness, numbers: range, *, spoil: bool) -> Growth:
    """Create instances at once, and wait until all are Ready and all is quiet."""
    make_namespaces(stage, numbers, "tenant")
    before = stage.cpu_seconds()
    vandal = drift.Vandal(stage, range(numbers.start)) if spoil else None
    if vandal:
        vandal.start()
    create(stage, numbers)
    readiness.wait(numbers.stop)
    if vandal:
        vandal.stop()
    seen = stage.wait_quiet()
    cpu = stage.cpu_seconds()
    cpu.subtract(before)
    children = [item for item in seen if item.user == "operator" and creates_a_child(item.kind)]
    begun = [item for item in seen if item.resource == "appinstances" and item.created]
    return Growth(
        numbers.start, numbers.stop, len(children), window([*begun, *children]), cpu,
        drift.repairs(seen) if spoil else [], stage.rss_mib(),
    )  # fmt: skip
