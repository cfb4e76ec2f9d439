"""An hour's events, one after the other without the pauses between them: does anything grow?

A round is what five minutes bring, and more: External Secrets syncs everything anew, every
Deployment loses a pod and has it again, and of the instances each has its share of a changed image,
of a change by hand, and of being deleted and made anew. After twelve rounds that is an hour, in
which every instance was replaced once.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from support.waiting import wait_for

from appinstance_operator.kube.client import path_of
from appinstance_operator.kube.kinds import APPINSTANCE, BY_KIND, CHILDREN, SECRET

from .creation import PATIENCE_SECONDS, Body, Readiness, create, side_by_side
from .drift import SPOILT
from .stage import Stage

ROUNDS = 12
_MERGE = "application/merge-patch+json"


@dataclass
class Soak:
    """What the rounds left."""

    instances: int
    rss: list[float] = field(default_factory=list)
    """MiB at the start and after each round."""
    events: int = 0
    """Writes of all but the operator: each is an event for it."""
    writes: int = 0
    """The operator's own."""


def measure(stage: Stage, readiness: Readiness, count: int) -> Soak:
    """Run the rounds over the first `count` of the instances there are."""
    told = Soak(count, [stage.rss_mib()])
    total = len(readiness.ready)
    for number in range(ROUNDS):
        _Round(stage, readiness, number, count).run(total)
        seen = stage.wait_quiet()
        told.rss.append(stage.rss_mib())
        changing = [item for item in seen if item.verb in {"patch", "create", "delete"}]
        told.writes += sum(item.user == "operator" for item in changing)
        told.events += sum(item.user != "operator" for item in changing)
        sys.stderr.write(f"soak: round {number + 1}, {told.rss[-1]:.0f} MiB\n")
    return told


class _Round:
    def __init__(self, stage: Stage, readiness: Readiness, number: int, count: int) -> None:
        self._stage = stage
        self._readiness = readiness
        self._number = number
        self._all = range(count)

    def run(self, total: int) -> None:
        side_by_side(self._sync, self._all)
        side_by_side(self._lose_a_pod, self._all)
        side_by_side(self._change_image, self._share(0))
        side_by_side(self._spoil, self._share(1))
        self._replace(self._share(2))
        self._readiness.wait(total)

    def _share(self, shift: int) -> range:
        """Return those whose turn it is: another twelfth each round."""
        return self._all[(self._number + shift) % ROUNDS :: ROUNDS]

    def _sync(self, number: int) -> None:
        for name in ("acme-app", "acme-database"):
            status = {"status": {"refreshTime": f"2026-01-01T{self._number:02}:00:00Z"}}
            self._patch(number, "ExternalSecret", name, status, "status")

    def _lose_a_pod(self, number: int) -> None:
        """Write a status with one pod less; the stand-in gives it back at once."""
        for name in ("acme-backend", "acme-frontend"):
            self._patch(number, "Deployment", name, {"status": {"availableReplicas": 0}}, "status")

    def _change_image(self, number: int) -> None:
        image = f"appinstance/backend:round-{self._number}"
        self._patch(number, APPINSTANCE.kind, "acme", {"spec": {"backend": {"image": image}}})

    def _spoil(self, number: int) -> None:
        kind, name = SPOILT[number % len(SPOILT)]
        self._patch(number, kind, name, {"metadata": {"annotations": None}})

    def _replace(self, numbers: range) -> None:
        """Delete instances, do the garbage collector's part, and create them anew."""

        def delete(number: int) -> None:
            namespace = f"tenant-{number:04}"
            self._send("DELETE", path_of(APPINSTANCE, namespace, "acme"))

        def collect(number: int) -> None:
            for kind in (*CHILDREN, SECRET):
                self._send("DELETE", path_of(kind, f"tenant-{number:04}"))

        def gone(number: int) -> bool:
            return self._stage.admin.find(APPINSTANCE, f"tenant-{number:04}", "acme") is None

        side_by_side(delete, numbers)
        wait_for("the instances to be gone", lambda: all(map(gone, numbers)), PATIENCE_SECONDS)
        for number in numbers:
            self._readiness.forget(f"tenant-{number:04}")
        side_by_side(collect, numbers)
        create(self._stage, numbers)

    def _patch(self, number: int, kind: str, name: str, patch: Body, sub: str = "") -> None:
        path = path_of(BY_KIND[kind], f"tenant-{number:04}", name, sub)
        self._send("PATCH", path, {"fieldManager": "somebody"}, patch, _MERGE)

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> None:
        verb = {"PATCH": "patch", "DELETE": "delete"}[method]
        self._stage.admin._send(verb, APPINSTANCE, method, path, query, body, content_type)
