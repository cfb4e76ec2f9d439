"""The variables that a spec gives: those with a value, and those that the kubelet answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Plain = tuple[tuple[str, str], ...]
"""Names and values."""
Answered = tuple[tuple[str, Mapping[str, Any]], ...]
"""Names, and `valueFrom` as in a container."""


def parsed_variables(raw: Sequence[Mapping[str, Any]]) -> tuple[Plain, Answered]:
    """Return both, in the order of the spec."""
    plain = tuple((item["name"], item.get("value", "")) for item in raw if "valueFrom" not in item)
    answered = tuple((item["name"], item["valueFrom"]) for item in raw if "valueFrom" in item)
    return plain, answered
