"""kind, kubectl and helm for a stock node: those on PATH, or built here from the pinned modules.

Whoever has Docker and these three needs no Go. Each is linked into the folder of our binaries, so
that everything else finds them in one place.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from appinstance_local.errors import LocalError
from appinstance_local.offline import builds
from appinstance_local.paths import binaries, binary
from appinstance_local.progress import say
from appinstance_local.shell import run

# The oldest that is known to do what is asked of it, and how it tells its version.
_OLDEST = {"kind": (0, 30), "kubectl": (1, 33), "helm": (3, 16)}
_TELL = {"kind": ["version"], "kubectl": ["version", "--client"], "helm": ["version", "--short"]}
_VERSION = re.compile(r"v(\d+)\.(\d+)")


def ensure() -> None:
    """See that all three are there; LocalError with a sentence where one is not and can't be."""
    absent = [name for name in _OLDEST if not _linked(name)]
    if absent and shutil.which("go") is not None:
        builds.ensure(absent)
    elif not all(binary(name).exists() for name in absent):
        wanted = (f"{name} {'.'.join(map(str, _OLDEST[name]))}" for name in absent)
        raise LocalError(
            f"install {', '.join(wanted)} (or newer) and see that they are on PATH; with Go, which "
            "is not there either, they would be built here"
        )


def _linked(name: str) -> bool:
    """Link the program of PATH into our folder; return whether there is one, new enough."""
    found = _on_path(name)
    if found is None:
        return False
    told = _VERSION.search(run([found, *_TELL[name]]))
    if told is None or tuple(map(int, told.groups())) < _OLDEST[name]:
        say(f"{found} is too old ({told and told[0]})")
        return False
    _link(name, found)
    return True


def _on_path(name: str) -> Path | None:
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if folder and Path(folder).resolve() != binaries().resolve()
    ]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return Path(found) if found else None


def _link(name: str, target: Path) -> None:
    link = binary(name)
    if link.is_symlink() and link.readlink() == target:
        return
    fresh = link.with_name(f".{name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(link)
    say(f"{name} is {target}")
