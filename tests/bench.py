"""`make bench`: how long the operator thinks, as ratios against a baseline run side by side.

The baseline is one JSON round trip of the same objects: what any controller pays at least to look
at them. Times differ between machines; the ratios should not.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appinstance_operator import cli_io
from appinstance_operator.kube import reason_to_apply, with_hash
from appinstance_operator.plan import plan
from appinstance_operator.resource import parse
from appinstance_operator.settings import load_settings

CASE = Path(__file__).parent / "operator" / "desired" / "golden" / "everything"
ROUNDS, REPEAT = 15, 20


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(REPEAT):
        work()
    return (time.perf_counter() - start) / REPEAT


def main() -> None:
    """Print a line per measurement: median seconds and the ratio to the baseline."""
    settings = load_settings(CASE / "settings.yaml")
    (body,) = cli_io.read_resources(CASE / "appinstance.yaml")
    instance = parse(body)
    hashed = [with_hash(item) for item in plan(instance, settings).objects]
    live = json.loads(json.dumps(hashed))
    works: dict[str, Callable[[], object]] = {
        "baseline: JSON round trip": lambda: json.loads(json.dumps(hashed)),
        "render the plan": lambda: plan(instance, settings),
        "hash every object": lambda: [with_hash(item) for item in hashed],
        "find that nothing differs": lambda: [
            reason_to_apply(one, other) for one, other in zip(hashed, live, strict=True)
        ],
    }
    rounds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):  # side by side, so that a slow moment hits all of them
        for name, work in works.items():
            rounds[name].append(_seconds(work))
    base = statistics.median(rounds["baseline: JSON round trip"])
    for name, times in rounds.items():
        median = statistics.median(times)
        sys.stdout.write(f"{name:28} {median * 1e3:8.3f} ms   {median / base:5.2f} x baseline\n")


if __name__ == "__main__":
    main()
