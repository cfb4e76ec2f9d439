"""Where things lie: the repository, and the cache that keeps everything built outside of it."""

from __future__ import annotations

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
"""The checkout. The package is always used from one: `local/` is tooling, not a library."""

LOCAL = REPO / "local"
TOOLS = LOCAL / "tools"


def cache() -> Path:
    """Return the folder for all that is built or generated, never inside the checkout.

    `APPINSTANCE_CACHE` names another one; otherwise the XDG cache folder is used.
    """
    named = os.environ.get("APPINSTANCE_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named) if named else base / "appinstance"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def binaries() -> Path:
    """Return the folder with the current binaries (links into the content-addressed builds)."""
    folder = Path(os.environ.get("APPINSTANCE_BIN") or cache() / "bin")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def binary(name: str) -> Path:
    """Return the path of one of our binaries; it need not exist yet."""
    return binaries() / name


def kubeconfig() -> Path:
    """Return the path of the local cluster's kubeconfig, apart from the user's own."""
    return cache() / "kubeconfig"
