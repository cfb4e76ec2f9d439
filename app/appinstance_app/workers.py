"""Where blocking and costly work runs, so that no kind of it can starve another.

Each kind has a `Bounded` of its own: so many at a time, so many in line, and a deadline. Whoever
comes on top, or is not done in time, gets `Busy`, which a person reads as a 503 with a time to
wait. A thread that hangs keeps its place until it really ends: an outside thing that never answers
costs its own threads and nobody else's.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from anyio.lowlevel import RunVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

Result = TypeVar("Result")
CGROUP: Final = Path("/sys/fs/cgroup")
GENERAL_THREADS: Final = 16
GENERAL_WAITING: Final = 1000
# As long as one statement may take: whoever waits longer is told to come again.
GENERAL_SECONDS: Final = 10.0


class Busy(Exception):
    """No room for this kind of work, or no answer in time; trying again in a moment may help."""

    def __init__(self, name: str, cause: str, *, retry_seconds: int = 2) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.retry_seconds = retry_seconds


class Bounded:
    """At most `at_once` pieces of work at a time, `waiting` in line, each done within `seconds`.

    `run` is for blocking work, on threads of its own; `turn` for work that awaits. Both count
    together. The deadline spans the wait in line; work that has not begun by then never begins.
    """

    def __init__(
        self, name: str, at_once: int, *, waiting: int, seconds: float | None = None
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._waiting = waiting
        self._seconds = seconds
        self._inside = 0
        self._places = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)

    @property
    def in_line(self) -> int:
        """How many wait for their turn."""
        return max(0, self._inside - self.at_once)

    async def run(self, work: Callable[..., Result], *args: object, **named: object) -> Result:
        """`work(*args, **named)` on a thread that only this kind of work uses. Raises Busy.

        After the deadline the thread works on and keeps its place, but nobody waits for it.
        """
        call = partial(contextvars.copy_context().run, work, *args, **named)
        async with self._deadline():
            await self._place()
            future = asyncio.get_running_loop().run_in_executor(self._threads, call)
            future.add_done_callback(self._ended)
            return await asyncio.shield(future)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Around work that awaits: it is cut off at the deadline. Raises Busy."""
        async with self._deadline():
            await self._place()
            try:
                yield
            finally:
                self._leave()

    async def _place(self) -> None:
        # Counted here and not by the semaphore, which a burst reaches only after it has passed.
        if self._inside >= self.at_once + self._waiting:
            raise Busy(self.name, "too many wait already")
        self._inside += 1
        try:
            await self._places.acquire()
        except BaseException:
            self._inside -= 1
            raise

    def _leave(self) -> None:
        self._inside -= 1
        self._places.release()

    def _ended(self, future: asyncio.Future[Result]) -> None:
        if not future.cancelled():
            future.exception()  # looked at, should nobody wait for it any more
        self._leave()

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds) as scope:
                yield
        except TimeoutError:
            if scope.expired():
                raise Busy(self.name, f"not done within {self._seconds:g} s") from None
            raise  # the work's own


_general: RunVar[Bounded] = RunVar("general")


def set_general_threads(count: int) -> None:
    """Inside the running loop: as many general threads as there are database connections."""
    _general.set(Bounded("database", count, waiting=GENERAL_WAITING, seconds=GENERAL_SECONDS))


def general() -> Bounded:
    """The bound of the running loop that database calls share."""
    try:
        return _general.get()
    except LookupError:
        set_general_threads(GENERAL_THREADS)
        return _general.get()


async def in_thread(work: Callable[..., Result], *args: object, **named: object) -> Result:
    """`work(*args, **named)` on one of the database's threads. Raises Busy.

    For the store alone: what goes elsewhere (S3, mail, a provider) has a `Bounded` of its own.
    """
    return await general().run(work, *args, **named)


def usable_cpus(cgroup: Path = CGROUP) -> int:
    """The CPUs this process may use: the node's, or the container's quota (cgroup v2) if less."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        if quota != "max":
            cpus = min(cpus, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no cgroup v2 or no limit: the affinity stands
    return max(1, cpus)


def usable_memory(cgroup: Path = CGROUP) -> int | None:
    """The container's limit of memory in bytes (cgroup v2), or None where there is none."""
    try:
        return int((cgroup / "memory.max").read_text())
    except (OSError, ValueError):
        return None


def at_once(bytes_each: int, *, share: float, cgroup: Path = CGROUP) -> int:
    """How many pieces of work of that size fit: one a CPU, and together this share of memory."""
    cpus, memory = usable_cpus(cgroup), usable_memory(cgroup)
    if memory is None:
        return cpus
    return max(1, min(cpus, int(memory * share) // bytes_each))
