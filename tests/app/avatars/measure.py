"""Runs a command and writes to a file what it took: peak of memory in KiB, seconds of CPU.

`python -I -S measure.py REPORT COMMAND…`. A small process between the server and the decoder, since
the kernel counts for a new process what the one that made it had.
"""

from __future__ import annotations

import os
import sys

report, command = sys.argv[1], sys.argv[2:]
pid = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
with open(report, "w") as file:  # noqa: PTH123 without the import this process stays small
    file.write(f"{usage.ru_maxrss} {usage.ru_utime + usage.ru_stime}")
code = os.waitstatus_to_exitcode(status)
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
