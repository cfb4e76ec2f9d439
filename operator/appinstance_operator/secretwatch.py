"""Watch the instances' Secrets by their metadata alone: never a value passes through here.

RBAC knows no "metadata only"; what keeps the values out is this request's Accept header, and the
label selector keeps others' Secrets out (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .kube import SECRET, Kube
from .observe import Cache, Key
from .watches import ChildWatch


class SecretWatch(ChildWatch):
    """A thread that keeps the cache's Secrets current and wakes their instances."""

    metadata_only = True

    def __init__(self, kube: Kube, cache: Cache, wake: Callable[[Key], None]) -> None:
        super().__init__(kube, cache, wake, SECRET)

    def cached(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a PartialObjectMetadata under the kind that it is the metadata of."""
        return as_secret(body)


def as_secret(body: dict[str, Any]) -> dict[str, Any]:
    """Return a PartialObjectMetadata under the kind that it is the metadata of."""
    return {"kind": SECRET.kind, "apiVersion": SECRET.api_version, "metadata": body["metadata"]}
