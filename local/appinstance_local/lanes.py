"""Lanes side by side: each does its jobs one after the other, each line under its job's name."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from .errors import LocalError
from .paths import REPO, cache
from .progress import clock, say

_LOOK_SECONDS = 0.3
_WIDTH = 20
"""Of the names, so that their lines stand in one column."""


@dataclass(frozen=True)
class Command:
    """A program; its output is kept in the cache's `logs`, too."""

    name: str
    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class _Lanes:
    """The jobs that run, which end together once one has failed."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def end(self) -> None:
        """Have all programs killed, and none begun."""
        self._ended.set()

    def work_off(self, lane: Sequence[Command]) -> None:
        """Do the jobs of one lane. Raises LocalError when one fails; none begins after that."""
        for job in lane:
            self._run(job)

    def _run(self, job: Command) -> None:
        if self._ended.is_set():
            return
        say(f"{job.name} …")
        start = time.monotonic()
        if code := self._code(job):
            self.end()
            raise LocalError(f"{job.name} failed with exit code {code}; see above")
        if not self._ended.is_set():
            say(f"{job.name}: done in {clock(time.monotonic() - start)}")

    def _code(self, job: Command) -> int:
        """Return a program's exit code, 0 where it was ended because of another one."""
        path = cache() / "logs" / f"{job.name.replace(' ', '-')}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file and no pipe: what the program leaves behind may hold its output open for ever.
        with path.open("wb") as sink, path.open(errors="replace") as source:
            process = subprocess.Popen(
                [*job.words], cwd=REPO, env={**os.environ, **job.env}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                while process.poll() is None and not self._ended.wait(_LOOK_SECONDS):
                    _show(job.name, source)
            finally:
                # The whole group: it may have servers under it.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                code = process.wait()
                _show(job.name, source, last=True)
        return 0 if self._ended.is_set() else code


def _show(name: str, source: TextIO, *, last: bool = False) -> None:
    """Print the whole lines that came since; at the end an unfinished one, too."""
    while True:
        place = source.tell()
        line = source.readline()
        if not line:
            return
        if not line.endswith("\n") and not last:
            source.seek(place)
            return
        print(f"{name:>{_WIDTH}} | {line.rstrip()}", flush=True)


def run(*lanes: Sequence[Command]) -> None:
    """Work off all lanes. Raises LocalError when a job fails, and ends the others."""
    running = _Lanes()
    with ThreadPoolExecutor(len(lanes)) as pool:
        futures = [pool.submit(running.work_off, lane) for lane in lanes]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            running.end()
            raise
