"""How much of the processors the containers of our own engine get beside other programs.

All of them are in one group, which weighs as much as one process outside of it. Beside the tests'
processes the whole cluster then had a fraction of a processor, and its API server gave no answer
for 20 seconds at a time (2026-11-29). An engine that systemd starts is not concerned: there what
is beside it is in a group as well.
"""

from __future__ import annotations

from pathlib import Path

from .progress import say

CGROUPS = Path("/sys/fs/cgroup")
_PROCESSES = 10
"""As many the containers weigh together."""
# The file of a version of control groups, and what one process weighs there (cgroups(7),
# https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files).
_FILES = (("cpu/docker/cpu.shares", 1024), ("docker/cpu.weight", 100))


def give() -> None:
    """Let the containers weigh more; nothing where their group is not to be found."""
    if not _write(_PROCESSES):
        say("containers get no more of the processors than one program: no group of theirs here")


def take_back() -> None:
    """Let the containers weigh as one process again, which is what a group does by itself."""
    _write(1)


def _write(processes: int) -> bool:
    found = [(CGROUPS / name, one) for name, one in _FILES if (CGROUPS / name).exists()]
    for file, one in found:
        file.write_text(str(one * processes))
    return bool(found)
