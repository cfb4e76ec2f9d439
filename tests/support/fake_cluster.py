"""An API server in memory: objects, versions, watches' events, server-side apply, owners.

No network and no time of its own: what happens, happens when a test calls. Bodies that are handed
out are never changed afterwards, so nothing is copied. `tests/support/fake_api.py` speaks HTTP over
it, and `tests/support/fake_controllers.py` does what the missing controllers would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from support.crd_schema import first_status, status_problems
from support.server_side_apply import merged

Body = Mapping[str, Any]
Name = tuple[str, str, str]
"""Kind, namespace and name."""
INSTANCE = "AppInstance"
TIME = "2026-01-01T00:00:00Z"
_WITHOUT_GENERATION = frozenset({"ConfigMap", "Secret", "ServiceAccount", "Event", "Namespace"})
_METADATA_CHANGEABLE = ("labels", "annotations", "ownerReferences", "finalizers")


class Refused(Exception):
    """A request that the API server refuses, with the status that it answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(eq=False)
class Stored:
    """One version of one object."""

    body: Body
    applied: Mapping[str, Any] | None = None
    """What the operator's field manager applied last."""
    replicas_held_by: frozenset[str] = frozenset()
    _text: bytes | None = field(default=None, repr=False)

    @property
    def text(self) -> bytes:
        """Return the object as JSON."""
        if self._text is None:
            self._text = msgspec.json.encode(self.body)
        return self._text

    @property
    def uid(self) -> str:
        """Return the object's uid."""
        return str(self.body["metadata"]["uid"])


@dataclass(frozen=True)
class Change:
    """What a watch would bring: one object was added, changed or deleted."""

    version: int
    before: Stored | None
    after: Stored | None
    """None: deleted; `last` is what a watch shows of it."""
    last: Stored


@dataclass(frozen=True)
class Write:
    """A change and who did it, for oracles."""

    writer: str
    verb: str
    name: Name
    before: Stored | None
    after: Stored | None


class FakeCluster:
    """The objects of all kinds."""

    def __init__(self) -> None:
        self.objects: dict[Name, Stored] = {}
        self.version = 1
        self.changes: dict[str, list[Change]] = {}
        self.compacted: dict[str, int] = {}
        self.problems: list[str] = []
        """Statuses that were refused."""
        self.on_write: Callable[[Write], None] = lambda _write: None
        self._uids = 0
        self._names = 0

    # Reading

    def get(self, kind: str, namespace: str, name: str) -> Body | None:
        """Return an object, None when there is none."""
        held = self.objects.get((kind, namespace, name))
        return held.body if held else None

    def of_kind(self, kind: str, namespace: str | None = None) -> Iterator[Stored]:
        """Yield the objects of a kind, in the order of their creation."""
        for (held_kind, held_namespace, _), stored in tuple(self.objects.items()):
            if held_kind == kind and namespace in {None, held_namespace}:
                yield stored

    def since(self, kind: str, version: int) -> list[Change]:
        """Return what happened to a kind after a version; 410 when that is too long ago."""
        if version < self.compacted.get(kind, 0):
            raise Refused(410, "too old resource version")
        known = self.changes.get(kind, [])
        start = len(known)
        while start and known[start - 1].version > version:
            start -= 1
        return known[start:]

    def compact(self, kind: str) -> None:
        """Forget the events of a kind: who has not seen them must list."""
        self.compacted[kind] = self.version
        self.changes[kind] = []

    # Writing

    def create(self, writer: str, kind: str, manifest: Body, applied: Body | None = None) -> Body:
        """Create an object."""
        meta = dict(manifest["metadata"])
        if "name" not in meta:
            self._names += 1
            meta["name"] = f"{meta.pop('generateName')}{self._names}"
        name = (kind, str(meta.get("namespace", "")), str(meta["name"]))
        if name in self.objects:
            raise Refused(409, f"{kind} {meta['name']!r} already exists")
        self._uids += 1
        for key in ("resourceVersion", "uid"):
            meta.pop(key, None)
        meta |= {"uid": f"uid-{self._uids}", "creationTimestamp": _moment(self._uids)}
        if kind not in _WITHOUT_GENERATION:
            meta["generation"] = 1
        body = {**manifest, "metadata": meta}
        if kind == INSTANCE:
            body["status"] = first_status()
        return self._put(writer, "create", name, None, _filled(body), applied).body

    def apply(self, writer: str, manager: str, manifest: Body) -> Body:
        """Apply server-side, forced, as `manager`."""
        kind, meta = str(manifest["kind"]), manifest["metadata"]
        name = (kind, str(meta["namespace"]), str(meta["name"]))
        held = self.objects.get(name)
        if held is None:
            if meta.get("uid"):
                raise Refused(409, f"Precondition failed: UID: {meta['uid']}, UID in object: ''")
            return self.create(writer, kind, {**manifest}, manifest)
        self._expect(held, meta.get("uid"), meta.get("resourceVersion"))
        body = merged(held.body, held.applied, manifest)
        spec = body.get("spec", {})
        if kind == "Deployment" and "replicas" not in spec and held.replicas_held_by - {manager}:
            body["spec"] = {**spec, "replicas": held.body["spec"]["replicas"]}
        return self._change(writer, "apply", name, held, body, manifest).body

    def merge(self, writer: str, kind: str, name: tuple[str, str], patch: Body, sub: str) -> Body:
        """Merge-patch an object, or its status alone."""
        full = (kind, *name)
        held = self._held(full)
        meta = patch.get("metadata") or {}
        self._expect(held, meta.get("uid"), meta.get("resourceVersion"))
        body = dict(_patched(held.body, patch))
        if sub == "status":
            body = {**held.body, "status": body.get("status") or {}}
            if kind == INSTANCE:
                self._check_status(full, body["status"])
        elif kind == INSTANCE:
            body = {**body, "status": held.body["status"]}
        return self._change(writer, f"merge/{sub}", full, held, body, held.applied).body

    def edit(self, writer: str, name: Name, change: Callable[[Body], Body]) -> None:
        """Change an object as some other client, if it is there."""
        held = self.objects.get(name)
        if held:
            body = change(held.body)
            holders = held.replicas_held_by
            if body.get("spec", {}).get("replicas") != held.body.get("spec", {}).get("replicas"):
                holders = frozenset({writer})
            self._change(writer, "edit", name, held, body, held.applied, holders)

    def set_status(self, writer: str, name: Name, status: Body) -> None:
        """Replace the status of an object, if it is there."""
        self.edit(writer, name, lambda body: {**body, "status": status})

    def delete(self, writer: str, name: Name, uid: str | None = None) -> None:
        """Delete an object; one with finalizers is marked and stays until they are gone."""
        held = self._held(name)
        self._expect(held, uid, None)
        meta = held.body["metadata"]
        if meta.get("finalizers"):
            if not meta.get("deletionTimestamp"):
                marked = {**meta, "deletionTimestamp": TIME}
                if "generation" in meta:
                    marked["generation"] = meta["generation"] + 1
                body = {**held.body, "metadata": marked}
                self._put(writer, "delete", name, held, body, held.applied)
            return
        self._remove(writer, "delete", name, held)

    def collect_garbage(self) -> None:
        """Delete what is owned by nothing that exists any more."""
        found = True
        while found:
            uids = {stored.uid for stored in self.objects.values()}
            found = False
            for name, stored in tuple(self.objects.items()):
                owners = stored.body["metadata"].get("ownerReferences") or ()
                if owners and not any(owner["uid"] in uids for owner in owners):
                    self._remove("garbage-collector", "delete", name, stored)
                    found = True

    # Inside

    def _held(self, name: Name) -> Stored:
        held = self.objects.get(name)
        if held is None:
            raise Refused(404, f"{name[0]} {name[2]!r} not found")
        return held

    def _expect(self, held: Stored, uid: object, version: object) -> None:
        meta = held.body["metadata"]
        if uid and uid != meta["uid"]:
            raise Refused(409, f"Precondition failed: UID: {uid}, UID in object: {meta['uid']}")
        if version and version != meta["resourceVersion"]:
            raise Refused(409, "the object has been modified; please apply your changes to it")

    def _check_status(self, name: Name, status: Body) -> None:
        found = status_problems(status)
        if found:
            self.problems += [f"{'/'.join(name)}: {problem}" for problem in found]
            raise Refused(422, "; ".join(found))

    def _change(
        self, writer: str, verb: str, name: Name, held: Stored, body: Body,
        applied: Body | None, holders: frozenset[str] | None = None,
    ) -> Stored:  # fmt: skip
        meta, before = dict(body["metadata"]), held.body
        for key in before["metadata"].keys() - meta.keys():
            if key not in _METADATA_CHANGEABLE:
                meta[key] = before["metadata"][key]
        meta["resourceVersion"] = before["metadata"]["resourceVersion"]
        _refuse_immutable(name[0], before, body)
        changed = _filled({**body, "metadata": meta})
        if changed == before:
            held.applied = applied
            return held
        spec = {key: value for key, value in changed.items() if key not in {"metadata", "status"}}
        old = {key: value for key, value in before.items() if key not in {"metadata", "status"}}
        if spec != old and "generation" in meta:
            meta["generation"] = before["metadata"]["generation"] + 1
        return self._put(writer, verb, name, held, {**changed, "metadata": meta}, applied, holders)

    def _put(
        self, writer: str, verb: str, name: Name, before: Stored | None, body: Body,
        applied: Body | None, holders: frozenset[str] | None = None,
    ) -> Stored:  # fmt: skip
        meta = body["metadata"]
        if meta.get("deletionTimestamp") and not meta.get("finalizers") and before:
            self._remove(writer, verb, name, before)
            return before
        self.version += 1
        meta = {**meta, "resourceVersion": str(self.version)}
        if name[0] == "Deployment":
            holders = _holders(writer, before, applied, holders)
            meta["managedFields"] = [
                {"manager": who, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
                for who in sorted(holders)
            ]
        after = Stored({**body, "metadata": meta}, applied, holders or frozenset())
        self.objects[name] = after
        self._note(Write(writer, verb, name, before, after), after)
        return after

    def _remove(self, writer: str, verb: str, name: Name, held: Stored) -> None:
        self.version += 1
        del self.objects[name]
        meta = {**held.body["metadata"], "resourceVersion": str(self.version)}
        self._note(Write(writer, verb, name, held, None), Stored({**held.body, "metadata": meta}))

    def _note(self, write: Write, last: Stored) -> None:
        change = Change(self.version, write.before, write.after, last)
        self.changes.setdefault(write.name[0], []).append(change)
        self.on_write(write)


def _moment(number: int) -> str:
    """Return a time that grows with a number."""
    return f"2026-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"


def _holders(
    writer: str, before: Stored | None, applied: Body | None, holders: frozenset[str] | None
) -> frozenset[str]:
    """Return who holds a Deployment's number of pods."""
    held = holders if holders is not None else (before.replicas_held_by if before else frozenset())
    manager = "appinstance-operator"
    if applied and "replicas" in applied.get("spec", {}):
        return held | {manager}
    return held - {manager}


def _patched(body: Body, patch: Body) -> Body:
    """Return the result of a JSON merge patch (RFC 7386)."""
    result = dict(body)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            old = result.get(key)
            result[key] = _patched(old if isinstance(old, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _filled(body: dict[str, Any]) -> dict[str, Any]:
    """Return an object with what the API server fills in or leaves away."""
    kind, spec = body.get("kind"), body.get("spec")
    if kind == "Deployment" and spec and "replicas" not in spec:
        body = {**body, "spec": {**spec, "replicas": 1}}
    elif kind == "Service" and spec and "clusterIP" not in spec:
        body = {**body, "spec": {**spec, "clusterIP": "10.96.0.9", "sessionAffinity": "None"}}
    elif kind == "NetworkPolicy" and spec:
        kept = {key: value for key, value in spec.items() if value != []}
        body = {**body, "spec": kept}
    return body


def _refuse_immutable(kind: str, before: Body, after: Body) -> None:
    part = {"Deployment": "selector", "Job": "template"}.get(kind)
    if part and before["spec"].get(part) != after["spec"].get(part):
        raise Refused(422, f"{kind} is invalid: spec.{part}: field is immutable")
