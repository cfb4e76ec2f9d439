"""Trying a failed migration again, less and less often: its cause may have passed.

A database that fails over, or is full for an hour, uses up a Job's own tries. So the failed Job is
removed after a while and made anew; how often that was is on the Job. An image that knows that
trying again cannot help says so by its exit code (desired/migration.py) and is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from appinstance_operator.api.model import Manifest
from appinstance_operator.desired import migration
from appinstance_operator.desired.names import ATTEMPT
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import BY_KIND

from .bodies import find_condition, seconds
from .look import Look

log = structlog.get_logger(__name__)

_FIRST_SECONDS = 60.0
_MAX_SECONDS = 1800.0


class Migrations:
    """The attempts of the current migration Job."""

    def __init__(self, kube: Kube, cache: Cache, now: Callable[[], float]) -> None:
        self._kube = kube
        self._cache = cache
        self._now = now

    def attempt(self, look: Look) -> int:
        """Return which attempt the current Job is, or the next one will be."""
        name = migration.job_name(look.instance)
        live = look.own.get(("Job", name))
        if live is not None:
            return _attempt_of(live)
        return look.memory.attempts.get(name, 1)

    def again(self, job: Manifest, look: Look) -> bool:
        """Remove a failed Job when its next attempt is due; return whether one was removed."""
        name = job["metadata"]["name"]
        live = look.own.get(("Job", name))
        if live is None or not look.owns(live):
            return False
        failed = find_condition(live, "Failed")
        if failed.get("status") != "True" or failed.get("reason") == "PodFailurePolicy":
            return False
        left = seconds(failed.get("lastTransitionTime")) + _pause(_attempt_of(live)) - self._now()
        if left > 0:
            look.due.append(left)
            return False
        look.memory.attempts[name] = _attempt_of(live) + 1
        self._kube.delete(BY_KIND["Job"], look.instance.namespace, name, live["metadata"]["uid"])
        log.info(
            "migration is tried again",
            namespace=look.instance.namespace,
            name=look.instance.name,
            attempt=look.memory.attempts[name],
        )
        return True


def _pause(attempt: int) -> float:
    """Return how long to wait after an attempt; no jitter, so that it can be foretold."""
    return float(min(_FIRST_SECONDS * 2.0 ** min(attempt - 1, 16), _MAX_SECONDS))


def _attempt_of(job: Mapping[str, Any]) -> int:
    said = (job["metadata"].get("annotations") or {}).get(ATTEMPT, "1")
    return max(1, int(said)) if said.isdecimal() and len(said) < 6 else 1
