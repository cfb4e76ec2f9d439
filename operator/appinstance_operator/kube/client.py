"""Talking to the API server: server-side apply, delete, list and watch. The one place that does.

Blocking; the reconciler runs in a thread. Objects are plain dicts, as the API has them: a typed
client would drop fields that it does not know yet.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import urllib3

from appinstance_operator.api.errors import NameTaken, OperatorError
from appinstance_operator.desired.names import INSTANCE, MANAGED_BY, MANAGER

from .access import Access
from .kinds import BY_KIND, EVENT, POD, SECRET, Kind
from .transport import PLAIN, ApiError, Transport

__all__ = ["NONE_YET", "ApiError", "Kube", "Outdated", "has_owner_of", "path_of"]

_PAGE = 200
_FEW = 20
_METADATA_LIST = f"{PLAIN};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_METADATA_WATCH = f"{PLAIN};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

# "There is none yet". No object has this version (etcd's first revision is not one of an object),
# so where one of the name exists, the API server answers 409 before it changes anything; where none
# does, it drops what the request says of the version. Both in `Store.Update` of k8s.io/apiserver,
# pkg/registry/generic/registry/store.go, which serves custom resources, too:
# `newResourceVersion != existingResourceVersion`, and `rest.WipeObjectMetaSystemFields`.
NONE_YET = "1"


class Outdated(OperatorError):
    """What the caller knew of an object was old; nothing was written.

    `found` is the object as it is (the instance's own), None when there is none.
    """

    def __init__(self, message: str, found: dict[str, Any] | None) -> None:
        super().__init__(message)
        self.found = found


def _nothing() -> None:
    pass


class Kube:
    """A client of one cluster.

    `on_request(verb, kind)` is called for every request. `fence()` is called before each one that
    writes; it raises `NotLeader` where this process may not (any more). `retries` is for programs
    that have nothing else to do than to wait for an answer.
    """

    def __init__(
        self,
        on_request: Callable[[str, str], None] | None = None,
        *,
        access: Access | None = None,
        fence: Callable[[], None] = _nothing,
        retries: urllib3.Retry | None = None,
    ) -> None:
        if access is None:
            # Late: it loads the `kubernetes` package.
            from . import credentials

            access = credentials.access()
        self._transport = Transport(access, fence, retries)
        self._on_request = on_request or (lambda _verb, _kind: None)

    def _send(
        self,
        verb: str,
        kind: Kind,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = PLAIN,
        accept: str = PLAIN,
    ) -> Any:
        self._on_request(verb, kind.kind)
        return self._transport.send(method, path, query, body, content_type, accept)

    # Reading

    def list(
        self,
        kind: Kind,
        selector: str = "",
        namespace: str | None = None,
        *,
        name: str = "",
        more: str = "",
        limit: int = 0,
    ) -> dict[str, Any]:
        """Return the List of all objects of a kind, in one namespace or in all.

        `name` narrows it to one object. `limit` asks for a page; its `metadata.continue` is given
        as `more` for the next one.
        """
        query = _query(selector, name)
        query |= {"limit": str(limit)} if limit else {}
        query |= {"continue": more} if more else {}
        accept = _METADATA_LIST if kind.metadata_only else PLAIN
        path = path_of(kind, namespace)
        listed: dict[str, Any] = self._send("list", kind, "GET", path, query, accept=accept)
        return listed

    def pages(
        self, kind: Kind, selector: str = "", namespace: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield one List after the other, of one moment together; never all objects at once."""
        more = ""
        while True:
            page = self.list(kind, selector, namespace, more=more, limit=_PAGE)
            yield page
            more = page["metadata"].get("continue") or ""
            if not more:
                return

    def find(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Return one object, None when it is not there; asked as a list, for want of a right."""
        items = self.list(kind, "", namespace, name=name).get("items") or ()
        return {**items[0], "apiVersion": kind.api_version, "kind": kind.kind} if items else None

    def secret_is_foreign(self, namespace: str, name: str, instance: str) -> bool:
        """Return whether there is a Secret of that name which is not the instance's.

        External Secrets puts the instance's labels on each Secret that it makes for it, but would
        also take over one that it finds. Of the Secret only its metadata is asked for.
        """
        found = self.find(SECRET, namespace, name)
        if found is None:
            return False
        labels = found["metadata"].get("labels") or {}
        return (labels.get(MANAGED_BY), labels.get(INSTANCE)) != (MANAGER, instance)

    def log(self, namespace: str, pod: str) -> str:
        """Return what a pod has written. Not for the operator, which has no right to it."""
        self._on_request("log", POD.kind)
        return self._transport.text(path_of(POD, namespace, pod, "log"))

    def last_warning(self, namespace: str, kind: str, name: str) -> str | None:
        """Return the message of the newest Warning about an object, None when there is none.

        Few are asked for: whoever edits the namespace may have written any number, of any size.
        """
        selector = f"type=Warning,involvedObject.kind={kind},involvedObject.name={name}"
        path = path_of(EVENT, namespace)
        query = {"fieldSelector": selector, "limit": str(_FEW)}
        listed = self._send("list", EVENT, "GET", path, query)
        newest = max(listed.get("items") or (), key=_event_time, default=None)
        return str(newest.get("message", "")) if newest else None

    def watch(
        self,
        kind: Kind,
        selector: str,
        version: str,
        seconds: int,
        namespace: str | None = None,
        *,
        name: str = "",
    ) -> Generator[dict[str, Any]]:
        """Yield the watch events of a kind until the server ends the watch."""
        query = _query(selector, name)
        query |= {
            "watch": "true", "resourceVersion": version,
            "timeoutSeconds": str(seconds), "allowWatchBookmarks": "true",
        }  # fmt: skip
        self._on_request("watch", kind.kind)
        accept = _METADATA_WATCH if kind.metadata_only else PLAIN
        yield from self._transport.lines(path_of(kind, namespace), query, accept)

    # Writing

    def apply(
        self, manifest: Mapping[str, Any], *, live: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Apply an object server-side, forced, and return it as the server has it then.

        `live` is what the caller knows of it, None when it knows of none. Only an object that has
        the manifest's owner is changed: NameTaken where there is another one of that name, whatever
        the caller knew; Outdated where what the caller knew is not so (any more).
        """
        kind, meta = BY_KIND[manifest["kind"]], manifest["metadata"]
        namespace, name = meta["namespace"], meta["name"]
        if live is None:
            held = {"resourceVersion": NONE_YET}
        elif has_owner_of(live, manifest):
            held = {"uid": live["metadata"]["uid"]}
        else:
            raise _name_taken(kind, name)
        try:
            applied: dict[str, Any] = self._send(
                "patch", kind, "PATCH", path_of(kind, namespace, name),
                {"fieldManager": MANAGER, "force": "true"},
                {**manifest, "metadata": {**meta, **held}}, "application/apply-patch+yaml",
            )  # fmt: skip
        except ApiError as error:
            # 409: there is one, or none any more; 422: also where it has another uid by now.
            if error.status not in {409, 422}:
                raise
            found = self.find(kind, namespace, name)
            if error.status == 422 and (found is None or live is None or _same_uid(found, live)):
                raise
        else:
            return applied
        if found is not None and not has_owner_of(found, manifest):
            raise _name_taken(kind, name)
        raise Outdated(f"the {kind.kind} {name} changed meanwhile", found)

    def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete an object of that uid; one that is gone or has been replaced counts as done."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            self._send("delete", kind, "DELETE", path_of(kind, namespace, name), body=body)
        except ApiError as error:
            if error.status not in {404, 409}:
                raise

    def merge(
        self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any], sub: str = ""
    ) -> dict[str, Any] | None:
        """Merge-patch an object (or its `sub` resource); None when it is not there any more."""
        try:
            merged: dict[str, Any] = self._send(
                "patch", kind, "PATCH", path_of(kind, namespace, name, sub),
                {"fieldManager": MANAGER}, dict(patch), "application/merge-patch+json",
            )  # fmt: skip
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return merged

    def create(self, kind: Kind, manifest: Mapping[str, Any]) -> None:
        """Create an object."""
        path = path_of(kind, manifest["metadata"]["namespace"])
        self._send("create", kind, "POST", path, body=dict(manifest))


def has_owner_of(body: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Return whether an object belongs to the owner that a manifest names."""
    wanted, owners = (
        {item["uid"] for item in one["metadata"].get("ownerReferences") or ()}
        for one in (manifest, body)
    )
    return not wanted.isdisjoint(owners)


def _same_uid(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["metadata"]["uid"] == other["metadata"]["uid"])


def _name_taken(kind: Kind, name: str) -> NameTaken:
    return NameTaken(
        f"there is a {kind.kind} {name} that is not this instance's, and it was left as it is; "
        "remove or rename it, or give the AppInstance another name"
    )


def path_of(kind: Kind, namespace: str | None, name: str = "", sub: str = "") -> str:
    """Return the URL path of a kind, of an object, or of its `sub` resource."""
    where = ("namespaces", namespace) if namespace else ()
    return "/".join(part for part in (kind.base, *where, kind.plural, name, sub) if part)


def _query(selector: str, name: str) -> dict[str, str]:
    query = {"labelSelector": selector} if selector else {}
    return {**query, "fieldSelector": f"metadata.name={name}"} if name else query


def _event_time(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
