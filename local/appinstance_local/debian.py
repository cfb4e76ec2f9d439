"""Debian packages that a step needs: installed where that is allowed, named where it is not.

What a package is needed for is a program, but for a few libraries: where the program is on PATH,
however it came there and whatever the system is, nothing is to be installed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from .errors import LocalError
from .progress import step
from .shell import run

# One of these programs is all that is wanted of the package.
_PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "docker.io": ("dockerd",),
    "gcc": ("gcc",),
    "iproute2": ("ip",),
    "iptables": ("iptables",),
    "jq": ("jq",),
    "mariadb-server": ("mariadbd",),
    "mmdebstrap": ("mmdebstrap",),
    "nftables": ("nft",),
    "nginx-light": ("nginx",),
    "pkg-config": ("pkg-config",),
    "prometheus": ("promtool",),
}
# Servers lie where the PATH of a person who is not root does not lead.
_MORE = "/usr/local/sbin:/usr/sbin:/sbin"


def program(package: str) -> str | None:
    """Return the path of the program that a package is wanted for, None where there is none."""
    path = f"{os.environ.get('PATH', os.defpath)}:{_MORE}"
    found = (shutil.which(name, path=path) for name in _PROGRAMS.get(package, ()))
    return next(filter(None, found), None)


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of the packages whose program is not there, and which are not installed."""
    return [name for name in packages if not program(name) and _status(name) != "installed"]


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
    needed = missing(sorted(packages))
    if not needed:
        return
    if shutil.which("dpkg-query") is None:
        raise LocalError(
            f"install what Debian calls {', '.join(needed)} with your system's package manager"
        )
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
