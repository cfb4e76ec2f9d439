"""How the kubelet and the monitoring ask a component: the platform's defaults, or the spec's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BACKEND_PORT, FRONTEND_PORT = 8000, 8080
"""Where each serves, if the spec names no port."""
HEALTH_PORT = 9090
"""For the kubelet and the platform's monitoring alone (docs/adr/0029)."""
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


@dataclass(frozen=True)
class Metrics:
    """Where the platform's monitoring reads a component's metrics. `port` None: nowhere."""

    port: int | None = HEALTH_PORT
    path: str | None = None
    """What the spec says of it, for Prometheus to find; None: what the platform looks for."""


def parsed_metrics(component: str, raw: Mapping[str, Any] | None) -> Metrics:
    """Return where metrics are read: of the backend alone."""
    if component != "backend" or (raw and not raw.get("enabled", True)):
        return Metrics(None)
    if not raw:
        return Metrics()
    return Metrics(raw.get("port", HEALTH_PORT), raw.get("path", "/metrics"))


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
