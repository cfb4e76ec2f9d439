"""Where blocking work runs, so that no kind of it can starve another.

Database and S3 calls share the general threads. Argon2 (19 MiB each) and picture decoding (up to
about 200 MiB each) run under limiters of their own: without a bound, a burst of them takes the
pod's memory (keycloak#28477). A queue that is too long is refused, which is kinder than a timeout.
"""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from anyio import CapacityLimiter, to_thread

from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")
_CPU_MAX: Final = Path("/sys/fs/cgroup/cpu.max")
_BUSY_RETRY_SECONDS: Final = 2


async def in_thread(work: Callable[..., Result], *args: object, **named: object) -> Result:
    """`work(*args, **named)` on one of the general threads."""
    return await to_thread.run_sync(partial(work, *args, **named))


def set_general_threads(count: int) -> None:
    """Inside the running loop: as many general threads as there are database connections."""
    to_thread.current_default_thread_limiter().total_tokens = count


def usable_cpus(cpu_max: Path = _CPU_MAX) -> int:
    """The CPUs this process may use: the node's, or the container's quota (cgroup v2) if less."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text().split()
        if quota != "max":
            cpus = min(cpus, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no cgroup v2 or no limit: the affinity stands
    return max(1, cpus)


class Bounded:
    """At most `at_once` calls at a time and `waiting` in line; further ones get a 503."""

    def __init__(self, at_once: int, *, waiting: int) -> None:
        self._at_once = at_once
        self._waiting = waiting
        self._inside = 0
        self._limiter: CapacityLimiter | None = None

    @property
    def in_line(self) -> int:
        """How many calls wait for their turn."""
        return max(0, self._inside - self._at_once)

    async def run(self, work: Callable[..., Result], *args: object) -> Result:
        """`work(*args)` on a thread that only this kind of work uses. Raises Problem (503)."""
        if self._limiter is None:  # made here: a limiter belongs to the loop it is made in
            self._limiter = CapacityLimiter(self._at_once)
        # Counted here and not by the limiter, which a burst reaches only after it has passed.
        if self._inside >= self._at_once + self._waiting:
            raise Problem(
                503,
                "The service is busy at the moment; try again in a few seconds.",
                headers={"Retry-After": str(_BUSY_RETRY_SECONDS)},
            )
        self._inside += 1
        try:
            return await to_thread.run_sync(partial(work, *args), limiter=self._limiter)
        finally:
            self._inside -= 1
