"""A bench that is told to end takes what it began along: its servers, and their folder."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, _end_already)
    sys.exit(128 + number)


def _end_already(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: uv hands on what its whole group was told, and a second end breaks the first."""


def end_in_order() -> None:
    """Let the first signal that asks for an end be an exception, and further ones nothing.

    What is ignored already stays so: `nohup make soak` outlives its terminal.
    """
    for each in _SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _end)


def children() -> dict[str, int]:
    """Return name → id of this process's children."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            name, _, rest = (folder / "stat").read_text().rpartition(")")
            if int(rest.split()[1]) == os.getpid():
                found[name.partition("(")[2]] = int(folder.name)
    return found


def kill_children() -> None:
    """End those that nobody knows: the signal came while they were being started."""
    while left := children():
        for pid in left.values():
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
