"""What is: AppInstances, the objects they own, their Secrets' hashes, and namespaces' labels.

Fed by watches, and by the answers to our own writes, so that a reconcile reads nothing from the API
server. An event that is older than what the cache holds is dropped: the answer to a write may
overtake the watch. (Resource versions of one kind are ordered numbers; Kubernetes says so since
1.35, and etcd's revisions were before.)
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from appinstance_operator.api.access import Agreed
from appinstance_operator.desired.names import MANAGED_BY, MANAGER

from .agreements import Agreements
from .children import ChildKey, Children
from .claims import Claim, Claims, Key
from .objects import DATA_HASH, kept, owner_key, secret_hashes, version_of
from .shelf import Item, Shelf

__all__ = ["DATA_HASH", "SELECTOR", "Cache", "Claim", "Key", "kept", "owner_key", "secret_hashes"]

SELECTOR = f"{MANAGED_BY}={MANAGER}"
EVERYWHERE = ""
_INGRESS = "Ingress"


class Cache:
    """Objects by kind, namespace and name. Safe for threads; nobody may change what it returns.

    `made_way(key)` is called with each AppInstance to which a change of another one matters.
    """

    def __init__(self) -> None:
        self.made_way: Callable[[Key], None] = lambda _key: None
        self._lock = threading.RLock()
        self._shelf = Shelf()
        self._instances: dict[Key, Item] = {}
        self._children: dict[Key, dict[ChildKey, Item]] = {}
        self._claims, self._agreements = Claims(), Agreements()
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._vouched: dict[tuple[str, str], int] = {}
        """Kind and where it is watched → the version up to which what is not here is gone."""

    # AppInstances

    def put_instance(self, body: Mapping[str, Any], *, written: bool = False) -> bool:
        """Take in an instance; False when it is no news, as is what was `written` of one gone."""
        key = (body["metadata"]["namespace"], body["metadata"]["name"])
        with self._lock:
            held = self._instances.get(key)
            if (held and _no_news(held, body)) or (written and not held):
                return False
            if held:
                self._shelf.forget(held)
            self._instances[key] = self._shelf.put(kept(body))
            rivals = self._claims.put_instance(key, body) | self._agreements.put_instance(key, body)
        self._tell(rivals)
        return True

    def drop_instance(self, key: Key) -> None:
        """Forget an instance that is gone; what it owned goes as the cluster collects it."""
        with self._lock:
            held = self._instances.pop(key, None)
            if held:
                self._shelf.forget(held)
            rivals = self._claims.drop_instance(key) | self._agreements.drop_instance(key)
        self._tell(rivals)

    def replace_instances(
        self,
        bodies: Iterable[Mapping[str, Any]],
        version: Callable[[], int] | None = None,
        scope: str = EVERYWHERE,
    ) -> set[Key]:
        """Take in a full list as `replace` does."""
        news, seen = set(), set()
        for body in bodies:
            key = (body["metadata"]["namespace"], body["metadata"]["name"])
            seen.add(key)
            if self.put_instance(body):
                news.add(key)
        with self._lock:
            gone = [
                key
                for key, held in self._instances.items()
                if key not in seen
                and scope in (EVERYWHERE, key[0])
                and (version is None or held.version <= version())
            ]
        for key in gone:
            self.drop_instance(key)
        return news.union(gone)

    def instance(self, key: Key) -> dict[str, Any] | None:
        """Return an instance's body, None when there is none."""
        with self._lock:
            held = self._instances.get(key)
            return self._shelf.body(held) if held else None

    def keys(self) -> tuple[Key, ...]:
        """Return the keys of all instances."""
        with self._lock:
            return tuple(self._instances)

    def host_claims(self, host: str) -> list[Claim]:
        """Return who claims a host; the first one holds it."""
        with self._lock:
            return self._claims.of(host)

    def agreed(self, key: Key) -> Agreed:
        """Return which openings an instance and others want of each other."""
        with self._lock:
            return self._agreements.of(key)

    # What they own

    def put_child(self, body: Mapping[str, Any]) -> Key | None:
        """Take in an object; return the instance to wake, None when it is no news."""
        key = owner_key(body)
        if key is None:
            return None
        name = _name(body)
        with self._lock:
            held = self._children.get(key, {}).get(name)
            if held and _no_news(held, body):
                return None
            if not held and self._is_gone(body):
                return None
            rivals = self._put(key, name, body)
        self._tell(rivals)
        return key

    def drop_child(self, body: Mapping[str, Any], scope: str = EVERYWHERE) -> Key | None:
        """Forget an object whose end a watch of `scope` has seen; return the instance to wake."""
        key = owner_key(body)
        if key is None:
            return None
        name = _name(body)
        with self._lock:
            self._vouch(body["kind"], scope, version_of(body))
            held = self._children.get(key, {}).get(name)
            if held and held.uid != (body["metadata"].get("uid") or ""):
                return None  # already replaced by one of the same name
            rivals = self._drop(key, name)
        self._tell(rivals)
        return key

    def correct(
        self, kind: str, namespace: str, name: str, found: Mapping[str, Any] | None
    ) -> None:
        """Take in what a look at the API server itself found (None: nothing) of one object."""
        rivals: set[Key] = set()
        with self._lock:
            owner = owner_key(found) if found else None
            holders = [key for key, held in self._children.items()
                       if key[0] == namespace and (kind, name) in held]  # fmt: skip
            for key in holders:
                if key != owner:
                    rivals |= self._drop(key, (kind, name))
            if found and owner and not self._is_gone(found):
                rivals |= self._put(owner, (kind, name), found)
            elif owner in holders and not found:
                rivals |= self._drop(owner, (kind, name))
        self._tell(rivals)

    def children(self, key: Key) -> Children:
        """Return the instance's objects by (kind, name), as they are now."""
        with self._lock:
            return Children(self._children.get(key, {}), self._decode)

    def replace(
        self,
        kind: str,
        bodies: Iterable[Mapping[str, Any]],
        version: Callable[[], int] | None = None,
        scope: str = EVERYWHERE,
    ) -> set[Key]:
        """Take in a full list of one kind in a scope: what is not in it is gone.

        What is newer than the list's version (known when its first page is) stays. Return whom to
        wake.
        """
        woken: set[Key] = set()
        rivals: set[Key] = set()
        seen: set[tuple[Key, str]] = set()
        for body in bodies:
            key, name = owner_key(body), body["metadata"]["name"]
            if key is None:
                continue
            seen.add((key, name))
            with self._lock:
                held = self._children.get(key, {}).get((kind, name))
                if not held or not _no_news(held, body):
                    rivals |= self._put(key, (kind, name), body)
                    woken.add(key)
        with self._lock:
            if version is not None:
                self._vouch(kind, scope, version())
            for key, name in list(self._of_kind(kind, scope)):
                held = self._children[key][kind, name]
                if (key, name) not in seen and (version is None or held.version <= version()):
                    rivals |= self._drop(key, (kind, name))
                    woken.add(key)
        self._tell(rivals)
        return woken

    # Namespaces

    def put_namespace(self, name: str, labels: Mapping[str, str]) -> tuple[Key, ...]:
        """Take in a namespace's labels; return whom to wake, nobody when they are no news."""
        with self._lock:
            if self._namespaces.get(name) == labels:
                return ()
            self._namespaces[name] = dict(labels)
            return tuple(key for key in self._instances if key[0] == name)

    def drop_namespace(self, name: str) -> None:
        """Forget a namespace."""
        with self._lock:
            self._namespaces.pop(name, None)

    def knows_namespaces(self) -> bool:
        """Return whether the labels of any namespace are known."""
        return bool(self._namespaces)

    def namespaces(self) -> tuple[str, ...]:
        """Return the names of the namespaces whose labels are known."""
        with self._lock:
            return tuple(self._namespaces)

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Return a namespace's labels; none where namespaces are not watched."""
        with self._lock:
            return self._namespaces.get(namespace, {})

    # Under the lock

    def _put(self, key: Key, name: ChildKey, body: Mapping[str, Any]) -> set[Key]:
        children = self._children.setdefault(key, {})
        held = children.get(name)
        if held:
            self._shelf.forget(held)
        children[name] = self._shelf.put(kept(body))
        return self._claims.put_ingress(key, body) if name[0] == _INGRESS else set()

    def _drop(self, key: Key, name: ChildKey) -> set[Key]:
        children = self._children.get(key, {})
        held = children.pop(name, None)
        if held is None:
            return set()
        self._shelf.forget(held)
        if not children:
            del self._children[key]
        return self._claims.drop_ingress(key, name[1]) if name[0] == _INGRESS else set()

    def _of_kind(self, kind: str, scope: str) -> Iterator[tuple[Key, str]]:
        for key, children in self._children.items():
            if scope in (EVERYWHERE, key[0]):
                yield from ((key, name) for held_kind, name in children if held_kind == kind)

    def _vouch(self, kind: str, scope: str, version: int) -> None:
        self._vouched[kind, scope] = max(version, self._vouched.get((kind, scope), 0))

    def _is_gone(self, body: Mapping[str, Any]) -> bool:
        """Return whether a watch that has seen more than this state would know the object.

        It does not know those without our label; and what it has seen of one is no older than the
        last end of an object that it saw, so nothing has to be remembered of each.
        """
        meta = body["metadata"]
        if (meta.get("labels") or {}).get(MANAGED_BY) != MANAGER:
            return False
        return version_of(body) <= max(
            self._vouched.get((body["kind"], scope), 0) for scope in (EVERYWHERE, meta["namespace"])
        )

    # Without the lock

    def _decode(self, item: Item) -> dict[str, Any]:
        with self._lock:
            return self._shelf.body(item)

    def _tell(self, rivals: set[Key]) -> None:
        for key in rivals:
            self.made_way(key)


def _name(body: Mapping[str, Any]) -> ChildKey:
    # The kind's name once, not once for each object.
    return sys.intern(body["kind"]), body["metadata"]["name"]


def _no_news(held: Item, body: Mapping[str, Any]) -> bool:
    same = held.uid == (body["metadata"].get("uid") or "")
    return same and version_of(body) <= held.version
