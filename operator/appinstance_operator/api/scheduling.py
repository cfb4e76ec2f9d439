"""How pods are replaced, and on which nodes they run, as far as a spec has a say in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SPREADS = ("Preferred", "Required")


@dataclass(frozen=True)
class Strategy:
    """How many pods there may be more, and fewer, while new ones take over."""

    max_surge: int = 1
    max_unavailable: int = 0


@dataclass(frozen=True)
class Scheduling:
    """Which nodes all pods of an instance ask for, and how they are spread over zones."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    spread: str = "Preferred"


def parsed_strategy(raw: Mapping[str, Any] | None) -> Strategy:
    """Return how a component's pods are replaced: as a rule no old one goes before a new one is."""
    given, default = raw or {}, Strategy()
    return Strategy(
        given.get("maxSurge", default.max_surge),
        given.get("maxUnavailable", default.max_unavailable),
    )


def parsed_scheduling(raw: Mapping[str, Any] | None) -> Scheduling:
    """Return which nodes a spec asks for."""
    given = raw or {}
    return Scheduling(
        dict(given.get("nodeSelector") or {}), given.get("topologySpread", "Preferred")
    )


def strategy_violations(component: str, strategy: Strategy, least: int) -> Iterator[str]:
    """Yield a sentence where a rollout would stand still, or take more than half of the pods.

    `least` is how many pods there are at the least.
    """
    if strategy.max_surge == 0 and strategy.max_unavailable == 0:
        yield f"{component}.strategy lets no pod be replaced; set maxSurge to 1"
    if strategy.max_unavailable * 2 > least:
        yield (
            f"{component}.strategy.maxUnavailable {strategy.max_unavailable} is more than half of "
            f"its {least} pods; make it {least // 2}, or have more pods"
        )


def unoffered_nodes(scheduling: Scheduling, offered: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a sentence for each label that a spec asks of nodes and the platform does not offer."""
    names = "; ".join(f"{label}: {', '.join(values)}" for label, values in sorted(offered.items()))
    for label, value in sorted(scheduling.node_selector.items()):
        if value not in offered.get(label, ()):
            yield (
                f"scheduling.nodeSelector {label}={value} is not offered by this platform "
                f"({names or 'it offers none'}); leave it out, or ask the platform team"
            )
