"""Named points at which a test can kill the operator, to see that a crash loses nothing.

They do nothing unless APPINSTANCE_FAULTS_ENABLED=1; then reaching the point that
APPINSTANCE_FAULT names ends the process at once, as a lost node would.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

POINTS: Final = (
    "before-finalizer",
    "after-finalizer",
    "after-network",
    "after-identity",
    "role-without-policy",
    "after-roles",
    "after-database",
    "after-secrets",
    "after-migration",
    "after-workloads",
    "after-edge",
    "before-prune",
    "before-status",
    "role-without-policy-on-delete",
    "before-finalizer-removal",
)
_EXIT_CODE = 137  # as if killed
hook: Callable[[str], None] | None = None
"""What a simulator has called at each point; None outside of one."""


def point(name: str) -> None:
    """Die here if a test asked for it."""
    if hook is not None:
        hook(name)
    if os.environ.get("APPINSTANCE_FAULTS_ENABLED") != "1":
        return
    if name not in POINTS:
        raise ValueError(f"{name} is not a fault point; add it to POINTS")
    if os.environ.get("APPINSTANCE_FAULT") == name:
        os._exit(_EXIT_CODE)
