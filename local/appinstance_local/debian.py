"""Debian packages that a step needs: installed where that is allowed, named where it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from .errors import LocalError
from .progress import step
from .shell import run


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of the packages that are not installed."""
    return [name for name in packages if _status(name) != "installed"]


def _status(package: str) -> str:
    try:
        return run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package])
    except LocalError:
        return "unknown"


def can_install() -> bool:
    """Return whether packages can be installed here: root on a Debian system."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def ensure(packages: Iterable[str]) -> None:
    """Install what is missing, or raise LocalError with the sentence that says what to install."""
    wanted = sorted(packages)
    if not wanted:
        return
    if shutil.which("dpkg-query") is None:
        raise LocalError(
            f"install what Debian calls {', '.join(wanted)} with your system's package manager"
        )
    needed = missing(wanted)
    if not needed:
        return
    if not can_install():
        raise LocalError(
            f"install these packages and try again: apt-get install {' '.join(needed)}"
        )
    env = {
        "DEBIAN_FRONTEND": "noninteractive",
        # Services are started by us, with our own configuration, or not at all.
        "RUNLEVEL": "1",
    }
    with step(f"install Debian packages: {' '.join(needed)}"):
        run(["apt-get", "update", "-q"], env=env, timeout=300)
        run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", *needed],
            env=env,
            timeout=900,
        )
