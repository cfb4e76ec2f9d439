"""Starting again with so many instances: how long, what was asked, and of whom."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from .audit import by_kind
from .stage import Stage


@dataclass(frozen=True)
class Restart:
    """What a restart took."""

    instances: int
    seconds: float
    """Until each instance had been looked at and was Ready."""
    kubernetes: Counter[str]
    aws: Counter[str]
    aws_seconds: float
    """Over how long those to IAM were counted."""
    cpu: float
    """Seconds of processor time until then."""
    rss: float


def measure(stage: Stage, count: int) -> Restart:
    """Kill and start the operator with so many instances, and look until all are settled."""
    stage.world.stop()
    stage.wait_quiet()
    start = time.time()
    stage.start_operator()
    while _settled(stage) < count:
        time.sleep(max(1.0, count / 1000))  # telling of thousands takes the operator a moment
    end = stage.world.metric("appinstance_last_reconcile_timestamp_seconds")
    cpu = stage.cpu_seconds()["operator"]
    requests = by_kind(stage.wait_quiet(), "operator")
    aws, until = stage.aws_requests(), time.time()
    return Restart(count, end - start, requests, aws, until - start, cpu, stage.rss_mib())


def _settled(stage: Stage) -> int:
    ready = (line for line in stage.metrics() if 'status="True",type="Ready"' in line)
    return sum(line.endswith(" 1.0") for line in ready)
