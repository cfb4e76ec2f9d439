"""Server-side apply of one field manager, as far as the operator's manifests show it. Pure.

What the manager applied before and leaves out now goes, what it applies is set, and all else stays.
Lists of the API's list-map type are merged by their keys, others are replaced whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_KEYS: Mapping[str, tuple[str, ...]] = {
    "ownerReferences": ("uid",),
    "containers": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "conditions": ("type",),
}
_ATOMIC_MAPS = frozenset({"selector", "podSelector", "namespaceSelector", "labelSelector"})
_CONTAINER_PORT = ("containerPort", "protocol")
_SERVICE_PORT = ("port", "protocol")
_SERVERS = frozenset({"name", "namespace", "uid", "resourceVersion", "generation"})


def _keys(kind: str, field: str, items: Sequence[Any]) -> tuple[str, ...] | None:
    """Return by which fields an element of a list is known; None for a list that goes whole."""
    if field == "ports":
        if all(isinstance(item, Mapping) and "containerPort" in item for item in items):
            return _CONTAINER_PORT
        return _SERVICE_PORT if kind == "Service" else None
    return _KEYS.get(field)


def _by_key(items: Any, keys: tuple[str, ...]) -> dict[tuple[Any, ...], Any]:
    return {tuple(item.get(key) for key in keys): item for item in items or ()}


def _list(kind: str, field: str, live: Any, before: Any, wanted: Sequence[Any]) -> Any:
    keys = _keys(kind, field, wanted)
    if keys is None:
        return list(wanted)
    there, ours, ask = _by_key(live, keys), _by_key(before, keys), _by_key(wanted, keys)
    result = [_map(kind, there.get(key, {}), ours.get(key, {}), item) for key, item in ask.items()]
    result += [item for key, item in there.items() if key not in ask and key not in ours]
    return result


def _without(live: Any, ours: Any) -> Any:
    """Return what stays of a value when its manager gives it up; None when nothing does."""
    if isinstance(live, Mapping) and isinstance(ours, Mapping):
        left = {
            key: inner if key not in ours else _without(inner, ours[key])
            for key, inner in live.items()
        }
        return {key: value for key, value in left.items() if value is not None} or None
    return None


def _map(
    kind: str, live: Mapping[str, Any], before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    result = dict(live)
    for field in before.keys() - wanted.keys():
        left = _without(result.pop(field, None), before[field])
        if left is not None:
            result[field] = left
    for field, value in wanted.items():
        held, ours = result.get(field), before.get(field)
        if isinstance(value, Mapping) and field in _ATOMIC_MAPS:
            result[field] = dict(value)
        elif isinstance(value, Mapping):
            result[field] = _map(
                kind,
                held if isinstance(held, Mapping) else {},
                ours if isinstance(ours, Mapping) else {},
                value,
            )
        elif isinstance(value, (list, tuple)):
            result[field] = _list(kind, field, held, ours, value)
        else:
            result[field] = value
    return result


def _fields(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a manifest a manager may own: identity and version are the server's."""
    meta = {key: value for key, value in manifest["metadata"].items() if key not in _SERVERS}
    return {**manifest, "metadata": meta}


def merged(
    live: Mapping[str, Any], before: Mapping[str, Any] | None, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the object after `wanted` was applied by who had applied `before`, forced."""
    ours = _fields(before) if before else {}
    return _map(str(wanted["kind"]), live, ours, _fields(wanted))
