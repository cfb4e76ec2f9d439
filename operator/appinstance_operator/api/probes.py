"""How the kubelet asks a component whether it lives: the platform's defaults, or the spec's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEALTH_PORT = 9090
"""For the kubelet and the platform's monitoring alone (docs/adr/0070)."""
MAX_STARTUP_SECONDS = 240
"""A rollout counts as failed after 300 s, so a start must not be waited for longer."""


@dataclass(frozen=True)
class Probe:
    """One question of the kubelet's."""

    path: str
    period: int
    failures: int
    timeout: int = 3

    @property
    def seconds(self) -> int:
        """Return how long it may go unanswered."""
        return self.period * self.failures


@dataclass(frozen=True)
class Probes:
    """The three questions, and the port on which they are answered."""

    port: int = HEALTH_PORT
    startup: Probe = field(default_factory=lambda: Probe("/healthz", 2, 90))
    readiness: Probe = field(default_factory=lambda: Probe("/healthz", 5, 2))
    liveness: Probe = field(default_factory=lambda: Probe("/healthz", 10, 3))


DEFAULTS = {
    "backend": Probes(readiness=Probe("/readyz", 5, 2)),
    "frontend": Probes(),
}


def _probe(raw: Mapping[str, Any] | None, default: Probe) -> Probe:
    if not raw:
        return default
    return Probe(
        path=raw.get("path", default.path),
        period=raw.get("periodSeconds", default.period),
        failures=raw.get("failureThreshold", default.failures),
        timeout=raw.get("timeoutSeconds", default.timeout),
    )


def parsed_probes(component: str, raw: Mapping[str, Any] | None) -> Probes:
    """Return a component's probes: what the spec leaves out is the platform's default."""
    default = DEFAULTS[component]
    if not raw:
        return default
    return Probes(
        port=raw.get("port", default.port),
        startup=_probe(raw.get("startup"), default.startup),
        readiness=_probe(raw.get("readiness"), default.readiness),
        liveness=_probe(raw.get("liveness"), default.liveness),
    )
