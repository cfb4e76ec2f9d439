"""`helm template` of the charts, without a cluster."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.yamls import documents

REPO = Path(__file__).resolve().parents[2]
VALUES = REPO / "tests/charts/values"

_RELEASES = {
    "appinstance-operator": ("appinstance-operator", "appinstance-system"),
    "appinstance": ("acme", "tenants"),
}


@dataclass(frozen=True)
class Helm:
    """`helm template` of one of our charts, without a cluster.

    The same render is done once, and read once.
    """

    binary: str
    _done: dict[tuple[str, ...], subprocess.CompletedProcess[str]] = field(default_factory=dict)
    _read: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        if words not in self._done:
            self._done[words] = subprocess.run(
                [self.binary, *words], cwd=REPO, check=False, capture_output=True, text=True
            )
        return self._done[words]

    def template(
        self, chart: str, values: Sequence[str], *more: str, release: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return the finished process of a render with value files of `tests/charts/values`."""
        usual, namespace = _RELEASES[chart]
        files = [word for name in values for word in ("--values", str(VALUES / f"{name}.yaml"))]
        return self._run(
            "template", release or usual, f"charts/{chart}", "--namespace", namespace, *files, *more
        )

    def lint(self, chart: str, values: str | None = None) -> subprocess.CompletedProcess[str]:
        """Return the finished process of a strict lint, of the chart as it is without values."""
        more = ("--values", str(VALUES / f"{values}.yaml")) if values else ()
        return self._run("lint", "--strict", f"charts/{chart}", *more)

    def notes(self, chart: str, values: Sequence[str], *more: str) -> str:
        """Return what Helm tells after an install."""
        release, namespace = _RELEASES[chart]
        files = [word for name in values for word in ("--values", str(VALUES / f"{name}.yaml"))]
        told = self._run(
            "install", release, f"charts/{chart}", "--namespace", namespace, "--dry-run=client",
            *files, *more,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout.partition("\nNOTES:\n")[2]

    def text(self, chart: str, values: Sequence[str], *more: str) -> str:
        """Return what the chart renders to; fail with Helm's own words when it does not."""
        result = self.template(chart, values, *more)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def objects(self, chart: str, values: Sequence[str], *more: str) -> list[dict[str, Any]]:
        """Return the rendered objects, those of hooks too; they are the caller's to change."""
        text = self.text(chart, values, *more)
        if text not in self._read:
            self._read[text] = documents(text)
        return copy.deepcopy(self._read[text])

    def refusal(
        self, chart: str, values: Sequence[str], *more: str, release: str | None = None
    ) -> str:
        """Return Helm's error for values that must not render."""
        result = self.template(chart, values, *more, release=release)
        assert result.returncode != 0, "Helm rendered what it should have refused"
        return result.stderr
