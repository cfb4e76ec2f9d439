"""`make soak`: an hour of changes by everybody; does the operator's memory grow?

    PYTHONPATH=tests python -m bench.soak --minutes 60 --write docs/performance-soak.md

All the time somebody spoils objects, spec after spec is changed, and instances are deleted and made
anew under their names. There are as many of them at the end as at the beginning, so what has grown
by then was kept of what is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appinstance_local.offline import builds
from appinstance_operator.kube.cache import SELECTOR
from appinstance_operator.kube.client import path_of
from appinstance_operator.kube.kinds import APPINSTANCE, CHILDREN, SECRET

from . import drift
from .audit import by_kind
from .creation import Readiness, create, make_namespaces
from .stage import Stage, staged

COUNT = 200
IMAGE_SECONDS = 1.0
ANEW_SECONDS = 5.0
WARM_UP = 10
"""After so many minutes everything that can happen has happened a few times."""


@dataclass
class Soak:
    """What was seen, minute by minute."""

    resident: list[float] = field(default_factory=list)
    """The operator's memory in MiB at the end of each minute."""
    requests: Counter[str] = field(default_factory=Counter)
    """The operator's requests by verb and resource."""
    others: Counter[str] = field(default_factory=Counter)
    """The requests of those who change things."""
    unready: int = 0
    """How many instances did not become Ready in a quarter of an hour after all that."""


class Every(threading.Thread):
    """Does something every so many seconds until told to stop."""

    def __init__(self, seconds: float, act: Callable[[int], object]) -> None:
        super().__init__(daemon=True)
        self._seconds = seconds
        self._act = act
        self._stopped = threading.Event()

    def run(self) -> None:
        """Do it, and wait a little."""
        for turn in itertools.count():
            if self._stopped.wait(self._seconds):
                return
            self._act(turn)

    def stop(self) -> None:
        """End, after what is under way."""
        self._stopped.set()
        self.join(120)


def _changed(stage: Stage, turn: int) -> None:
    number = turn % (COUNT // 2)
    image = f"appinstance/frontend:{turn}"
    stage.admin.merge(
        APPINSTANCE, f"tenant-{number:04}", "acme", {"spec": {"frontend": {"image": image}}}
    )


def _collect(stage: Stage, namespace: str) -> None:
    """Remove what an instance owned, in place of the garbage collector, which is not here.

    A Job's dependents are orphaned by default, which only that collector would bring to an end.
    """
    query = {"labelSelector": SELECTOR, "propagationPolicy": "Background"}
    for kind in (*CHILDREN, SECRET):
        stage.admin._send("delete", kind, "DELETE", path_of(kind, namespace), query)


def _made_anew(stage: Stage, turn: int) -> None:
    number = COUNT // 2 + turn % (COUNT // 2)
    where = path_of(APPINSTANCE, f"tenant-{number:04}", "acme")
    stage.admin._send("delete", APPINSTANCE, "DELETE", where)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if stage.admin.find(APPINSTANCE, f"tenant-{number:04}", "acme") is None:
            _collect(stage, f"tenant-{number:04}")
            create(stage, [number])
            return
        time.sleep(0.2)


def measure(stage: Stage, minutes: int) -> Soak:
    """Let everybody change things for so long."""
    seen = Soak()
    readiness = Readiness(stage.admin)
    readiness.start()
    make_namespaces(stage, range(COUNT), "tenant")
    create(stage, range(COUNT))
    readiness.wait(COUNT)
    stage.wait_quiet()
    actors: list[drift.Vandal | Every] = [
        drift.Vandal(stage, range(COUNT)),
        Every(IMAGE_SECONDS, lambda turn: _changed(stage, turn)),
        Every(ANEW_SECONDS, lambda turn: _made_anew(stage, turn)),
    ]
    for actor in actors:
        actor.start()
    for minute in range(1, minutes + 1):
        time.sleep(60)
        seen.resident.append(stage.rss_mib())
        requests = stage.audit.read()
        seen.requests += by_kind(requests, "operator")
        seen.others += by_kind(requests, "admin")
        sys.stderr.write(f"minute {minute}: {seen.resident[-1]:.1f} MiB\n")
    for actor in actors:
        actor.stop()
    with contextlib.suppress(AssertionError):
        readiness.wait(COUNT)
    seen.unready = sum(not ready for ready in readiness.ready.values())
    return seen


def page(seen: Soak) -> str:
    """Return the page."""
    steady = seen.resident[WARM_UP:] or seen.resident
    half = max(1, len(steady) // 2)
    first, last = sum(steady[:half]) / half, sum(steady[-half:]) / half
    minutes = len(seen.resident)
    lines = [
        "# An hour of changes",
        "",
        f"Written by `make soak`, the last run: {minutes} minutes with {COUNT} instances.",
        "Nothing is asserted. Five times a second somebody spoils an object, every second a spec",
        "gets another image, every five seconds an instance is deleted and made anew.",
        "",
        "| the operator |  |",
        "| --- | ---: |",
        f"| requests of those who change things | {sum(seen.others.values())} |",
        f"| its own requests to Kubernetes | {sum(seen.requests.values())} |",
        f"| instances that did not become Ready afterwards | **{seen.unready}** |",
        f"| memory after {WARM_UP} minutes, MiB | {steady[0]:.1f} |",
        f"| … mean of the first half after that | {first:.1f} |",
        f"| … mean of the second half | {last:.1f} |",
        f"| **growth** between the halves | **{(last / first - 1) * 100:+.1f}%** |",
        f"| highest | {max(seen.resident):.1f} |",
        "",
        "MiB at the end of each tenth minute: "
        + ", ".join(f"{value:.1f}" for value in seen.resident[9::10])
        + ".",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    builds.ensure(["etcd", "kubernetes"])
    with staged() as stage:
        stage.start_operator()
        text = page(measure(stage, options.minutes))
    sys.stdout.write(text)
    if options.write:
        options.write.write_text(text)


if __name__ == "__main__":
    main()
