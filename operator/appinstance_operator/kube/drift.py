"""Where a live object no longer holds what we want of it. Pure.

Only what we ask for is looked at: the API server fills in defaults, and others own fields of their
own. Values are compared as Kubernetes means them, so that `500m` equals `0.5`.

Where an addition changes the meaning of what we ask for, nothing may be added: one more label in a
selector makes it choose other pods, one more path in an Ingress serves something else under our
host, and one more field in a NetworkPolicy, or one more group of a pod, may open it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from appinstance_operator.api.quantity import quantity

# By which of its fields an element of a list of objects is known, tried in this order; as in the
# API's own list-map keys.
_KEYS = ("name", "mountPath", "containerPort", "topologyKey", "type", "uid", "ip", "path")
_EXACT_MAPS = frozenset({"selector", "matchLabels", "podSelector", "namespaceSelector"})
# Lists of objects that the API calls atomic: whoever adds an element has taken ours over.
_EXACT_LISTS = frozenset({"metrics", "paths"})
_EXACT_KINDS = frozenset({"NetworkPolicy", "SecurityGroupPolicy"})
_COMPARED_METADATA = ("labels", "annotations", "ownerReferences")


def _empty(value: object) -> bool:
    return value is None or value == {} or value == [] or value == ""


def _same(wanted: object, live: object) -> bool:
    if wanted == live:
        return True
    one, other = quantity(wanted), quantity(live)
    return one is not None and one == other


def _key(items: Sequence[Any]) -> str | None:
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for key in _KEYS:
        values = [item.get(key) for item in items]
        if None not in values and len(set(map(str, values))) == len(values):
            return key
    return None


def _lists(wanted: Sequence[Any], live: Sequence[Any], path: str) -> Iterator[str]:
    key = _key(wanted)
    if key and len(live) >= len(wanted) and all(isinstance(item, Mapping) for item in live):
        by_key = {str(item.get(key)): item for item in live}
        for item in wanted:
            found = by_key.get(str(item[key]))
            where = f"{path}[{item[key]}]"
            if found is None:
                yield where
            else:
                yield from _values(item, found, where)
        return
    if len(wanted) != len(live):
        yield path
        return
    for index, (one, other) in enumerate(zip(wanted, live, strict=True)):
        yield from _values(one, other, f"{path}[{index}]")


def _values(wanted: object, live: object, path: str) -> Iterator[str]:
    if wanted == live:
        return  # most of it is; found out at once, without a walk
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            if not (_empty(live) and all(_empty(value) for value in wanted.values())):
                yield path
            return
        for name, value in wanted.items():
            inner = f"{path}.{name}" if path else str(name)
            if name in _EXACT_MAPS and _added(value, live.get(name)):
                yield inner
            if name in _EXACT_LISTS and _longer(value, live.get(name)):
                yield inner
            if name not in live and _empty(value):
                continue
            yield from _values(value, live.get(name), inner)
    elif isinstance(wanted, (list, tuple)):
        if _empty(live) and not wanted:
            return
        if not isinstance(live, (list, tuple)):
            yield path
        else:
            yield from _lists(wanted, live, path)
    elif not _same(wanted, live) and not (_empty(wanted) and _empty(live)):
        yield path


def _added(wanted: object, live: object) -> bool:
    """Return whether a live map has a key more."""
    return (
        isinstance(wanted, Mapping) and isinstance(live, Mapping) and not set(live) <= set(wanted)
    )


def _longer(wanted: object, live: object) -> bool:
    """Return whether a live list has an element more."""
    return isinstance(wanted, list) and isinstance(live, list) and len(live) > len(wanted)


def _without_empties(value: object) -> object:
    if isinstance(value, Mapping):
        cleaned = {key: _without_empties(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if not _empty(item)}
    if isinstance(value, (list, tuple)):
        # An empty rule in a list means "everything": it stays.
        return [_without_empties(item) for item in value]
    return value


def _says_more(wanted: object, live: object) -> bool:
    return wanted != live and _without_empties(wanted) != _without_empties(live)


def differences(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the dotted paths of what `wanted` says and `live` does not hold; status is ignored."""
    body = {key: value for key, value in wanted.items() if key not in {"metadata", "status"}}
    found = list(_values(body, live, ""))
    if wanted.get("kind") in _EXACT_KINDS and _says_more(wanted.get("spec"), live.get("spec")):
        found.append("spec")
    meta, live_meta = wanted.get("metadata", {}), live.get("metadata", {})
    for part in _COMPARED_METADATA:
        if part in meta:
            found += _values(meta[part], live_meta.get(part), f"metadata.{part}")
    return tuple(found)
