"""How long the operator thinks, as ratios to a baseline that runs beside it.

The baseline is one JSON round trip of the same objects: what any controller pays at least to look
at them. Times differ between machines; the ratios should not.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

from support.golden_settings import golden_instance, golden_settings
from support.operator_world import GOLDEN

from appinstance_operator.api.spec import parse
from appinstance_operator.desired.plan import plan
from appinstance_operator.kube.comparison import reason_to_apply, with_hash

CASE = GOLDEN.with_name("everything")
BASELINE = "one JSON round trip of all its objects (baseline)"
ROUNDS, REPEAT = 15, 20


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(REPEAT):
        work()
    return (time.perf_counter() - start) / REPEAT


def measure() -> dict[str, tuple[float, float]]:
    """Return what was done → (median milliseconds, ratio to the baseline)."""
    settings = golden_settings(CASE)
    body = golden_instance(CASE)
    instance = parse(body)
    hashed = [with_hash(item) for item in plan(instance, settings).objects]
    live = json.loads(json.dumps(hashed))
    works: dict[str, Callable[[], object]] = {
        BASELINE: lambda: json.loads(json.dumps(hashed)),
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
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    return {name: (median * 1e3, median / medians[BASELINE]) for name, median in medians.items()}
