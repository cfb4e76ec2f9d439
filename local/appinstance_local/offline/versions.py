"""Versions of what is built here: read from `local/tools/go.mod`, the one place that has them.

The file is a real go.mod, so that update bots and `go list -m -u` can read it; its go.sum pins
the content of each module. It is never built as a module itself: the parts' requirements
contradict each other, so each is built in a copy of its own module (see builds.py).
"""

from __future__ import annotations

import functools
import re

from appinstance_local.errors import LocalError
from appinstance_local.paths import TOOLS

_REQUIRE = re.compile(
    r"^\s*(?:require\s+)?(?P<module>[\w./~-]+)\s+(?P<version>v[\w.+-]+)\s*(//.*)?$"
)
_GO = re.compile(r"^go\s+(?P<version>[\d.]+)$", re.MULTILINE)


@functools.cache
def modules() -> dict[str, str]:
    """Return module path → pinned version."""
    found = {}
    for line in (TOOLS / "go.mod").read_text().splitlines():
        match = _REQUIRE.match(line)
        if match:
            found[match["module"]] = match["version"]
    return found


def version(module: str) -> str:
    """Return the pinned version of a module, with its `v`."""
    try:
        return modules()[module]
    except KeyError:
        raise LocalError(f"local/tools/go.mod does not pin {module}; add a require line") from None


def go_minimum() -> tuple[int, ...]:
    """Return the lowest Go version that builds everything."""
    match = _GO.search((TOOLS / "go.mod").read_text())
    if not match:
        raise LocalError("local/tools/go.mod has no `go` line; add the lowest Go version")
    return tuple(int(part) for part in match["version"].split("."))


KUBERNETES = "k8s.io/kubernetes"


def kubernetes() -> str:
    """Return the Kubernetes version, for example `v1.37.2`."""
    return version(KUBERNETES)
