"""How long what somebody changes by hand stays so, by the API server's own clock."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Sequence

from appinstance_operator.desired.names import COMPONENT
from appinstance_operator.kube.client import path_of
from appinstance_operator.kube.kinds import BY_KIND
from appinstance_operator.kube.transport import ApiError

from .audit import Request
from .stage import Stage

SPOILT = (
    ("Service", "acme-backend"),
    ("Deployment", "acme-frontend"),
    ("NetworkPolicy", "acme-backend"),
    ("ServiceAccount", "acme-backend"),
)
_PAUSE_SECONDS = 0.2
_VANDAL = "admin"


class Vandal(threading.Thread):
    """Spoils an object of one running instance after the other until told to stop."""

    def __init__(self, stage: Stage, running: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._stage = stage
        # In no order in which the operator might know them; each once, then again.
        order = random.Random(1).sample(list(running), len(running))  # noqa: S311 - no secret
        self._turns = zip(itertools.cycle(order), itertools.cycle(SPOILT))
        self._stopped = threading.Event()

    def run(self) -> None:
        """Spoil, and wait a little."""
        patch = {"metadata": {"labels": {COMPONENT: "spoilt"}}}
        while not self._stopped.wait(_PAUSE_SECONDS):
            number, (kind, name) = next(self._turns)
            path = path_of(BY_KIND[kind], f"tenant-{number:04}", name)
            try:
                self._stage.admin._send(
                    "patch", BY_KIND[kind], "PATCH", path,
                    {"fieldManager": "somebody"}, patch, "application/merge-patch+json",
                )  # fmt: skip
            except ApiError as error:
                # In the soak one may be away just then, since its instance is made anew.
                if error.status != 404:
                    raise

    def stop(self) -> None:
        """End, after what is under way."""
        self._stopped.set()
        self.join(60)


def repairs(requests: Sequence[Request]) -> list[float]:
    """Return the seconds from each change by hand to the answer to the repair, sorted.

    One that was not repaired took for ever.
    """
    spoilt: dict[tuple[str, str], float] = {}
    found = []
    for item in sorted(requests, key=lambda one: one.ended):
        what = (item.resource, item.object)
        if item.verb != "patch" or item.code != 200:
            continue
        if item.user == _VANDAL and what not in spoilt:
            spoilt[what] = item.ended
        elif item.user == "operator" and what in spoilt:
            found.append(item.ended - spoilt.pop(what))
    return sorted([*found, *(float("inf") for _ in spoilt)])


def quantile(values: Sequence[float], part: float) -> float:
    """Return that of the sorted values which so large a part of them does not exceed."""
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("nan")
