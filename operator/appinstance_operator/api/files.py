"""Files of the backend that are entries of Secrets Manager: where they may lie, and what may not.

A file is put beside what the image has, so a path that is a folder of the system's own would hide
that, and one inside of a mount of ours would be hidden or hide it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_MODE = "0440"
MODES = ("0440", "0444", "0550", "0555")
"""The kubelet adds reading by owner and group, and nobody may write what is mounted read-only."""
TAKEN = (
    "/dev",
    "/etc/appinstance",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/proc",
    "/run",
    "/sys",
    "/tmp",  # noqa: S108 - not written to
    "/var/run",
)
"""The kernel's, the kubelet's, and what we mount ourselves; /var/run is /run in most images."""
_PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._-]+){2,}")
_MAX_PATH = 256


@dataclass(frozen=True)
class File:
    """One file, of one entry's value or of one property of it."""

    path: str
    key: str
    property: str | None = None
    mode: str = DEFAULT_MODE


def parsed_files(raw: Sequence[Mapping[str, Any]]) -> tuple[File, ...]:
    """Return the files that a spec names."""
    return tuple(
        File(
            item["path"],
            item["remoteRef"]["key"],
            item["remoteRef"].get("property"),
            item.get("mode", DEFAULT_MODE),
        )
        for item in raw
    )


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def file_violations(files: Sequence[File]) -> Iterator[str]:
    """Yield a sentence for each path or mode that can't be; the CRD says the same."""
    paths = [item.path for item in files]
    for item in files:
        field = f"backend.files: {item.path}"
        if not _PATH.fullmatch(item.path) or len(item.path) > _MAX_PATH:
            yield (
                f"{field} must be the path of a file in a folder, such as /app/keys/signing.pem, "
                "without the parts . and .."
            )
        elif any(_inside(item.path, folder) for folder in TAKEN):
            yield f"{field} would hide what the system or the platform puts there; take another"
        if item.mode not in MODES:
            yield f"{field} has mode {item.mode!r}; take one of {', '.join(MODES)}"
        if any(other.startswith(f"{item.path}/") for other in paths):
            yield f"{field} is a folder of another file; take another path"
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"backend.files: {path} stands there twice; remove one"
