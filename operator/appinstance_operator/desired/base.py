"""What every object of an instance has: name, labels, owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.spec import GROUP, KIND, VERSION, AppInstance

from . import names


def metadata(
    instance: AppInstance, name: str, component: str, annotations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return an object's metadata. The owner is there once the resource has a uid."""
    body: dict[str, Any] = {
        "name": name,
        "namespace": instance.namespace,
        "labels": names.labels(instance, component),
    }
    if annotations:
        body["annotations"] = dict(annotations)
    if instance.uid:
        body["ownerReferences"] = [
            {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "name": instance.name,
                "uid": instance.uid,
                "controller": True,
                # Deleting the resource in the foreground must not wait for our own finalizer.
                "blockOwnerDeletion": False,
            }
        ]
    return body


def manifest(api_version: str, kind: str, meta: Mapping[str, Any], **parts: Any) -> Manifest:
    """Return an object from its parts, without those that are None."""
    body: Manifest = {"apiVersion": api_version, "kind": kind, "metadata": dict(meta)}
    body.update({key: value for key, value in parts.items() if value is not None})
    return body
