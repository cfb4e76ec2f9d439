"""YAML as libyaml reads it.

The charts' renders and the CRDs of others have tens of thousands of lines, for which PyYAML's own
reader takes seconds.
"""

from __future__ import annotations

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def document(text: str) -> Any:
    """Return the one document of a text."""
    return yaml.load(text, _LOADER)  # noqa: S506


def documents(text: str) -> list[Any]:
    """Return the documents of a text that are not empty."""
    return [found for found in yaml.load_all(text, _LOADER) if found]
