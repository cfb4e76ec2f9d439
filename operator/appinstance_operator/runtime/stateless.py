"""kopf's memory of what it has handled, left out: raw events alone have no use for it.

By default kopf takes several copies of each object at each event, to find what has changed since it
was last handled, even where no handler asks. Nor may anything of kopf's be written to an object.
"""

from __future__ import annotations

from typing import Any

import kopf


class NoDiffs(kopf.DiffBaseStorage):
    """Remembers no object."""

    def build(self, **_: Any) -> Any:
        """Return nothing to compare with."""
        return None

    def fetch(self, **_: Any) -> Any:
        """Return nothing to compare."""
        return None

    def store(self, **_: Any) -> None:
        """Write nothing."""


class NoProgress(kopf.ProgressStorage):
    """Remembers no handler's progress."""

    def fetch(self, **_: Any) -> Any:
        """Return no progress."""
        return None

    def store(self, **_: Any) -> None:
        """Write nothing."""

    def purge(self, **_: Any) -> None:
        """Remove nothing."""

    def touch(self, **_: Any) -> None:
        """Write nothing."""

    def clear(self, *, essence: Any) -> Any:
        """Return what was given: no progress is in it."""
        return essence
