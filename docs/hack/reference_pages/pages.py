"""All derived pages."""

from __future__ import annotations

from pathlib import Path

from . import commands, conditions, metrics, records, resource, settings, values
from .markdown import HEAD, page
from .places import CHARTS, DOCS


def charts_page() -> str:
    """The values of both charts."""
    return page(
        "# Charts",
        HEAD,
        "How to install them is in [the tutorial](../tutorials/existing-cluster.md).",
        "## appinstance-operator",
        values.chart_values("appinstance-operator"),
        "## appinstance",
        "Beside these, every field of [the spec](appinstance.md) is a value of its own name.",
        values.chart_values("appinstance"),
    )


def all_pages() -> dict[Path, str]:
    """Return the text of each derived page; the same for the same code."""
    reference = DOCS / "reference"
    return {
        reference / "appinstance.md": resource.resource_page(),
        reference / "settings.md": settings.settings_page(),
        reference / "charts.md": charts_page(),
        reference / "metrics.md": metrics.metrics_page(),
        reference / "conditions.md": conditions.conditions_page(),
        reference / "cli.md": commands.commands_page(),
        DOCS / "adr" / "index.md": records.index_page(),
        CHARTS / "appinstance-operator" / "README.md": values.readme("appinstance-operator"),
        CHARTS / "appinstance" / "README.md": values.readme("appinstance"),
    }
