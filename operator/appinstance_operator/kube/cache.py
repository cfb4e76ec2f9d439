"""What is: a cache of AppInstances, of the objects they own, and of their Secrets' hashes.

Fed by watches, and by the answers to our own writes, so that a reconcile reads nothing from the API
server. An event that is older than what the cache holds is dropped: the answer to a write may
overtake the watch. (Resource versions of one kind are ordered numbers since Kubernetes 1.35.)
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from appinstance_operator.api.spec import KIND
from appinstance_operator.desired.names import INSTANCE, MANAGED_BY, MANAGER

from .kinds import SECRET

Key = tuple[str, str]
"""Namespace and name of an AppInstance."""

DATA_HASH = "reconcile.external-secrets.io/data-hash"
SELECTOR = f"{MANAGED_BY}={MANAGER}"


def _version(body: Mapping[str, Any]) -> int:
    return int(body.get("metadata", {}).get("resourceVersion") or 0)


def owner_key(body: Mapping[str, Any]) -> Key | None:
    """Return which instance an object belongs to, by its owner or (Secrets) by its label."""
    meta = body.get("metadata", {})
    for owner in meta.get("ownerReferences") or ():
        if owner.get("kind") == KIND:
            return meta["namespace"], owner["name"]
    name = (meta.get("labels") or {}).get(INSTANCE)
    return (meta["namespace"], name) if name else None


class Cache:
    """Objects by kind, namespace and name. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._instances: dict[Key, dict[str, Any]] = {}
        self._children: dict[Key, dict[tuple[str, str], dict[str, Any]]] = {}
        self._gone: dict[tuple[str, str, str], int] = {}

    def put_instance(self, body: Mapping[str, Any]) -> bool:
        """Take in an instance; False when it is no news."""
        key = (body["metadata"]["namespace"], body["metadata"]["name"])
        with self._lock:
            held = self._instances.get(key)
            if held and _same_object(held, body) and _version(body) <= _version(held):
                return False
            self._instances[key] = kept(body)
            return True

    def drop_instance(self, key: Key) -> None:
        """Forget an instance that is gone, with its children (the cluster collects those)."""
        with self._lock:
            self._instances.pop(key, None)
            self._children.pop(key, None)

    def instance(self, key: Key) -> dict[str, Any] | None:
        """Return an instance's body, None when there is none."""
        with self._lock:
            return self._instances.get(key)

    def keys(self) -> tuple[Key, ...]:
        """Return the keys of all instances."""
        with self._lock:
            return tuple(self._instances)

    def put_child(self, body: Mapping[str, Any]) -> Key | None:
        """Take in an object; return the instance to wake, None when it is no news."""
        key = owner_key(body)
        if key is None:
            return None
        name = (body["kind"], body["metadata"]["name"])
        with self._lock:
            children = self._children.setdefault(key, {})
            held = children.get(name)
            if held and _same_object(held, body) and _version(body) <= _version(held):
                return None
            if _version(body) <= self._gone.get((key[0], *name), -1):
                return None
            children[name] = kept(body)
            return key

    def drop_child(self, body: Mapping[str, Any]) -> Key | None:
        """Forget an object that was deleted; return the instance to wake."""
        key = owner_key(body)
        if key is None:
            return None
        name = (body["kind"], body["metadata"]["name"])
        with self._lock:
            held = self._children.get(key, {}).get(name)
            if held and not _same_object(held, body):
                return None  # already replaced by one of the same name
            self._children.get(key, {}).pop(name, None)
            self._gone[(key[0], *name)] = max(_version(body), _version(held or {}))
            return key

    def correct(
        self, kind: str, namespace: str, name: str, found: Mapping[str, Any] | None
    ) -> None:
        """Take in what a look at the API server itself found (None: nothing) of one object."""
        with self._lock:
            for key, children in self._children.items():
                if key[0] == namespace:
                    children.pop((kind, name), None)
            key_of_found = owner_key(found) if found else None
            if found and key_of_found:
                self._children.setdefault(key_of_found, {})[kind, name] = kept(found)

    def children(self, key: Key) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the instance's objects by (kind, name)."""
        with self._lock:
            return dict(self._children.get(key, {}))

    def replace(self, kind: str, bodies: Iterable[Mapping[str, Any]]) -> set[Key]:
        """Take in a full list of one kind: what is not in it is gone. Return whom to wake."""
        woken: set[Key] = set()
        seen = set()
        for body in bodies:
            seen.add((body["metadata"]["namespace"], body["metadata"]["name"]))
            key = self.put_child(body)
            if key:
                woken.add(key)
        with self._lock:
            for owner, children in self._children.items():
                for held_kind, name in list(children):
                    if held_kind == kind and (owner[0], name) not in seen:
                        del children[(held_kind, name)]
                        woken.add(owner)
        return woken


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


def _same_object(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["metadata"].get("uid") == other["metadata"].get("uid"))


def secret_hashes(children: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, str]:
    """Return Secret name → hash of its content, as External Secrets notes it in an annotation."""
    made = {}
    for (kind, name), body in children.items():
        if kind == SECRET.kind:
            annotations = body["metadata"].get("annotations") or {}
            made[name] = annotations.get(DATA_HASH, "")
    return made
