"""Ports of this machine that nobody listens on, each for one process of tests alone.

Several suites run side by side, and between the look and the listening there are seconds. So a port
that was returned stays locked until this process ends, and none is among those that the kernel
gives by itself to whoever binds port 0 or connects.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

_PORTS = range(20_000, 30_000)
"""Below the kernel's own on Linux (32768) and macOS (49152), and those of Kubernetes' nodes."""
_locks: list[IO[bytes]] = []
_chance = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """Return so many ports, no two the same."""
    return [free_port() for _ in range(count)]


def free_port() -> int:
    """Return one port."""
    for _ in range(1_000):
        port = _chance.choice(_PORTS)
        if _is_ours(port):
            return port
    raise AssertionError("no port is free")


def _is_ours(port: int) -> bool:
    """Lock a port, and return whether it is this process' and nobody listens on it."""
    folder = Path(tempfile.gettempdir()) / f"appinstance-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    lock = (folder / str(port)).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as tried:
            tried.bind(("127.0.0.1", port))
    except OSError:
        lock.close()
        return False
    _locks.append(lock)
    return True


def answers(port: int) -> bool:
    """Return that a server listens there. Raises OSError where none does, or not within a second.

    For `wait_for(..., passing=(OSError,))`.
    """
    with socket.create_connection(("127.0.0.1", port), 1):
        return True
