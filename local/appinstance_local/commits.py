"""The commit that something is built from: a checkout that differs from it is refused."""

from __future__ import annotations

from pathlib import Path

from .errors import LocalError
from .shell import run


def head(root: Path) -> str:
    """Return the commit of a checkout; raises LocalError where files differ from it."""
    changed = run(["git", "-C", root, "status", "--porcelain", "--untracked-files=normal"]).strip()
    if changed:
        raise LocalError(
            "the working tree differs from its commit, after which all that is built is named; "
            f"commit first:\n{changed}"
        )
    return run(["git", "-C", root, "rev-parse", "HEAD"]).strip()
