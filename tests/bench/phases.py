"""One size: create side by side with the baseline, count, change, touch, grow, start again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from support.waiting import wait_for

from appinstance_operator.kube.client import path_of
from appinstance_operator.kube.kinds import APPINSTANCE, BY_KIND, Kind

from .audit import by_kind
from .creation import (
    PATIENCE_SECONDS,
    Body,
    Creation,
    Creator,
    Readiness,
    creates_a_child,
    side_by_side,
)
from .growth import Growth
from .growth import measure as grow
from .restart import Restart
from .restart import measure as restart
from .stage import Stage

CHANGED = 50
IDLE_SECONDS = 20


@dataclass
class Result:
    """All figures of one size."""

    instances: int
    objects: int
    """Child objects of one instance."""
    creation: Creation
    changes: dict[str, dict[str, float]]
    """What was changed → requests of one instance (a mean)."""
    quiet: dict[str, int]
    """What happened → requests of all instances together."""
    rss: dict[str, float]
    """When → MiB."""
    growth: Growth | None
    restart: Restart


class Size:
    """The measurement of one size on a stage whose operator has been started.

    `more`: so many are created at once afterwards, before the restart.
    """

    def __init__(self, stage: Stage, count: int, more: int = 0) -> None:
        self._stage = stage
        self._count = count
        self._more = more
        self._readiness = Readiness(stage.admin)
        self._rss = {"without instances": stage.rss_mib()}

    def measure(self) -> Result:
        """Run all phases."""
        self._readiness.start()
        creation = Creator(self._stage, self._readiness, range(self._count)).run()
        self._rss["settled"] = self._stage.rss_mib()
        changes = {
            "backend image": self._change({"backend": {"image": "appinstance/backend:two"}}),
            "frontend image": self._change({"frontend": {"image": "appinstance/frontend:two"}}),
            "replicas": self._change({"backend": {"replicas": 3}}),
        }
        quiet = self._quiet()
        self._rss["highest"] = self._stage.rss_mib(peak=True)
        growth = None
        numbers = range(self._count, self._count + self._more)
        if numbers:
            growth = grow(self._stage, self._readiness, numbers, spoil=True)
        again = restart(self._stage, numbers.stop)
        objects = sum(count for kind, count in creation.requests.items() if creates_a_child(kind))
        return Result(
            self._count, objects // self._count, creation, changes, quiet, self._rss, growth, again,
        )  # fmt: skip

    def _change(self, spec: Body) -> dict[str, float]:
        """Change some instances at once; return the operator's requests per instance."""
        numbers = range(min(CHANGED, self._count))
        side_by_side(lambda number: self._patch(number, {"spec": spec}), numbers)
        time.sleep(0.5)
        self._readiness.wait(self._count)
        return mean(by_kind(self._stage.wait_quiet(), "operator"), len(numbers))

    def _quiet(self) -> dict[str, int]:
        """Return how many requests come of what needs none."""
        label = {"metadata": {"labels": {"team": "theirs"}}}
        numbers = range(self._count)
        deployment = BY_KIND["Deployment"]

        def touch_child(number: int) -> None:
            self._patch(number, label, deployment, "acme-backend")

        return {
            "each instance labelled by somebody": self._woken(
                lambda: side_by_side(lambda number: self._patch(number, label), numbers)
            ),
            "a child of each labelled by somebody": self._woken(
                lambda: side_by_side(touch_child, numbers)
            ),
            **self.idle(),
        }

    def idle(self) -> dict[str, int]:
        """Return how many requests come of nothing at all."""
        return {f"{IDLE_SECONDS} s without any event": sum(self.idle_apart())}

    def _woken(self, act: Callable[[], None]) -> int:
        total = "controller_runtime_reconcile_total"
        before = self._stage.world.metric(total)

        def act_and_wait() -> None:
            act()
            wait_for(
                "a look at each instance",
                lambda: self._stage.world.metric(total) >= before + self._count,
                PATIENCE_SECONDS,
            )

        return self._count_during(act_and_wait)

    def idle_apart(self) -> tuple[int, int]:
        """Return what nothing at all brings: requests to Kubernetes, and to IAM.

        Where it takes ten minutes and more to make all, the resyncs of the first ones fall into it.
        """
        return self._counted_during(lambda: time.sleep(IDLE_SECONDS))

    def _count_during(self, act: Callable[[], None]) -> int:
        return sum(self._counted_during(act))

    def _counted_during(self, act: Callable[[], None]) -> tuple[int, int]:
        aws = self._stage.aws_requests()
        act()
        kubernetes = by_kind(self._stage.wait_quiet(), "operator")
        return sum(kubernetes.values()), sum((self._stage.aws_requests() - aws).values())

    def _patch(
        self, number: int, patch: Body, kind: Kind = APPINSTANCE, name: str = "acme"
    ) -> None:
        """Merge-patch as somebody else than the operator."""
        admin = self._stage.admin
        admin._send(
            "patch", kind, "PATCH", path_of(kind, f"tenant-{number:04}", name),
            {"fieldManager": "somebody"}, patch, "application/merge-patch+json",
        )  # fmt: skip


def mean(counted: Counter[str], count: int) -> dict[str, float]:
    """Return the counts for one of so many."""
    return {kind: number / count for kind, number in counted.items()}
