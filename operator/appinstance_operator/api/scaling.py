"""How many pods there are: always the same number, or as many as their CPU asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Autoscaling:
    """Bounds of the HPA."""

    min_replicas: int
    max_replicas: int
    target_cpu: int


def parsed_autoscaling(raw: Mapping[str, Any] | None) -> Autoscaling | None:
    """Return the bounds that a spec gives, None where it has a fixed number of pods."""
    if not raw:
        return None
    return Autoscaling(
        min_replicas=raw.get("minReplicas", 2),
        max_replicas=raw["maxReplicas"],
        target_cpu=raw.get("targetCPUUtilizationPercentage", 80),
    )
