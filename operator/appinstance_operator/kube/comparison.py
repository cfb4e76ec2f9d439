"""Whether an object has to be applied, and why. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.spec import GROUP

from .drift import differences

APPLIED_HASH = f"{GROUP}/applied-hash"


def with_hash(manifest: Mapping[str, Any]) -> Manifest:
    """Return the manifest with a hash of itself, by which a field that we drop is noticed."""
    # The bytes that the standard library would write, unless there is a letter beyond ASCII.
    body = msgspec.json.encode(manifest, order="sorted")
    digest = hashlib.sha256(body).hexdigest()[:16]
    metadata = dict(manifest["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), APPLIED_HASH: digest}
    return {**manifest, "metadata": metadata}


def reason_to_apply(hashed: Mapping[str, Any], live: Mapping[str, Any] | None) -> str | None:
    """Return why an object has to be applied (`missing`, `changed`, `drifted: …`), or None."""
    if live is None:
        return "missing"
    annotations = live.get("metadata", {}).get("annotations") or {}
    if annotations.get(APPLIED_HASH) != hashed["metadata"]["annotations"][APPLIED_HASH]:
        return "changed"
    found = differences(hashed, live)
    return f"drifted: {', '.join(found[:3])}" if found else None
