"""What the API server says of a resource's metadata when it is created."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import schema
from .schema import Problem

_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_OWNER = {
    "type": "object",
    "properties": {
        "apiVersion": _TEXT,
        "kind": _TEXT,
        "name": _TEXT,
        "uid": _TEXT,
        "controller": {"type": "boolean"},
        "blockOwnerDeletion": {"type": "boolean"},
    },
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "generateName": _TEXT,
        "namespace": _TEXT,
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": {"type": "array", "items": _TEXT},
        "ownerReferences": {"type": "array", "items": _OWNER},
        "creationTimestamp": {"type": "string", "format": "date-time"},
        "deletionTimestamp": {"type": "string", "format": "date-time"},
        "deletionGracePeriodSeconds": {"type": "integer", "format": "int64"},
        "generation": {"type": "integer", "format": "int64"},
        "resourceVersion": _TEXT,
        "selfLink": _TEXT,
        "uid": _TEXT,
        "managedFields": {"type": "array", "items": {"type": "object"}},
    },
}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_ANNOTATIONS = 256 * 1024
_GENERATED = 5  # letters and digits that the API server appends to generateName
_LONGEST_GENERATED = 63 - _GENERATED


def name_problems(name: str) -> Iterator[str]:
    """Yield what is wrong with the name of any object."""
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        yield "must have only lower-case letters, digits, hyphens and dots, such as acme"


def generated(start: str) -> str:
    """Return a name such as the API server makes of `generateName`."""
    return f"{start[:_LONGEST_GENERATED]}{'x' * _GENERATED}"


def _is_qualified(key: str) -> bool:
    """Return whether a text is a qualified name, such as `team` or `example.com/team`."""
    prefix, slash, part = key.rpartition("/")
    if slash and not (len(prefix) <= 253 and _DOMAIN.fullmatch(prefix)):
        return False
    return bool(_PART.fullmatch(part))


def problems(meta: Any) -> list[Problem]:
    """Return what is wrong with the metadata of a resource that is to be created."""
    if meta is None:
        meta = {}
    found = schema.problems(SCHEMA, _without_nulls(meta), "metadata")
    return found or list(_content(_without_nulls(meta)))


def _without_nulls(value: Any) -> Any:
    """Return metadata as Go decodes it: null is the empty value."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _content(meta: Mapping[str, Any]) -> Iterator[Problem]:
    name, start = meta.get("name", ""), meta.get("generateName", "")
    if not name and not start:
        yield Problem("metadata.name", "is missing; it is required")
    if name:
        yield from (Problem("metadata.name", words) for words in name_problems(name))
    if start:
        named = name_problems(generated(start))
        yield from (Problem("metadata.generateName", words) for words in named)
    namespace = meta.get("namespace", "")
    if namespace and not (len(namespace) <= 63 and _LABEL.fullmatch(namespace)):
        yield Problem("metadata.namespace", "must be the name of a namespace, such as acme")
    if meta.get("resourceVersion"):
        yield Problem("metadata.resourceVersion", "must not be set on what is to be created")
    for key, value in meta.get("labels", {}).items():
        field = f"metadata.labels[{key}]"
        if not _is_qualified(key):
            yield Problem(field, "is not a label's name, such as team or example.com/team")
        if value and not _PART.fullmatch(value):
            yield Problem(field, "must have at most 63 letters, digits, hyphens, dots, underscores")
    annotations = meta.get("annotations", {})
    for key in annotations:
        if not _is_qualified(key.lower()):
            yield Problem(f"metadata.annotations[{key}]", "is not an annotation's name")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS:
        yield Problem("metadata.annotations", "must have at most 256 KiB in all")
    for index, finalizer in enumerate(meta.get("finalizers", ())):
        if not _is_qualified(finalizer):
            yield Problem(f"metadata.finalizers[{index}]", "must be such as example.com/name")
    yield from _owners(meta.get("ownerReferences", ()))


def _owners(owners: Any) -> Iterator[Problem]:
    controllers = 0
    for index, owner in enumerate(owners):
        field = f"metadata.ownerReferences[{index}]"
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                yield Problem(f"{field}.{key}", "is missing; it is required")
        version = owner.get("apiVersion", "")
        if version.count("/") > 1 or (version.count("/") == 1 and not all(version.split("/"))):
            yield Problem(f"{field}.apiVersion", "must be such as apps/v1")
        if version.startswith("v1") and owner.get("kind") == "Event":
            yield Problem(field, "an Event owns nothing")
        controllers += owner.get("controller") is True
    if controllers > 1:
        yield Problem("metadata.ownerReferences", "only one may be the controller")
