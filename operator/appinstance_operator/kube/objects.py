"""What the cache needs to know of an object: whose it is, which state, and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appinstance_operator.api.spec import KIND
from appinstance_operator.desired.names import INSTANCE

from .claims import Key
from .kinds import SECRET

DATA_HASH = "reconcile.external-secrets.io/data-hash"


def version_of(body: Mapping[str, Any]) -> int:
    """Return an object's resource version as the number that it is, 0 where it has none."""
    return int(body.get("metadata", {}).get("resourceVersion") or 0)


def owner_key(body: Mapping[str, Any]) -> Key | None:
    """Return which instance an object belongs to, by its owner or (Secrets) by its label."""
    meta = body.get("metadata", {})
    for owner in meta.get("ownerReferences") or ():
        if owner.get("kind") == KIND:
            return meta["namespace"], owner["name"]
    name = (meta.get("labels") or {}).get(INSTANCE)
    return (meta["namespace"], name) if name else None


def kept(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without what nobody here asks it: who owns which field.

    That is nearly half of its size. Only who holds a Deployment's number of pods is asked for.
    """
    meta = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    replicas: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    holders = [
        {"manager": entry.get("manager"), "fieldsV1": replicas}
        for entry in body["metadata"].get("managedFields") or ()
        if "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
    ]
    if holders:
        meta["managedFields"] = holders
    return {**body, "metadata": meta}


def secret_hashes(children: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, str]:
    """Return Secret name → hash of its content, as External Secrets notes it in an annotation."""
    hashes = {}
    for kind, name in children:
        if kind == SECRET.kind:
            annotations = children[kind, name]["metadata"].get("annotations") or {}
            hashes[name] = annotations.get(DATA_HASH, "")
    return hashes
