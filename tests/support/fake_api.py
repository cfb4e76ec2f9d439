"""HTTP over the in-memory API server: what `Kube` holds in place of its connection pool.

So the operator's real client is under test too: its paths, its preconditions, what it takes for an
error. Every request passes `before`, where a test may let it fail, or let the world change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import urllib3

from appinstance_operator.kube import kinds
from support.fake_cluster import FakeCluster, Refused, Stored

_PLURALS = {item.plural: item for item in kinds.BY_KIND.values()} | {
    "namespaces": kinds.Kind("v1", "Namespace", "namespaces"),
    "cronjobs": kinds.CRON_JOB,
}
_METADATA = "as=PartialObjectMetadata"


@dataclass(frozen=True)
class Request:
    """A request as the API server understands it."""

    verb: str
    kind: str
    namespace: str
    name: str
    sub: str


class LostAnswer(Exception):
    """Raised by `before`: the request is carried out, but no answer arrives."""


@dataclass
class Response:
    """What of urllib3's response the client uses."""

    status: int
    data: bytes = b""
    lines: tuple[bytes, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield a watch's events, each in a chunk of its own."""
        yield from self.lines

    def read(self, *_: Any, **__: Any) -> bytes:
        """Return the body."""
        return self.data

    def release_conn(self) -> None:
        """Do nothing: there is no connection."""

    def drain_conn(self) -> None:
        """Do nothing: there is no connection."""

    def close(self) -> None:
        """Do nothing: there is no connection."""


def no_answer() -> Exception:
    """Return what urllib3 raises when no answer comes."""
    return urllib3.exceptions.ProtocolError("Connection aborted.")


class FakeApi:
    """The connection pool of one client, known to the cluster as `writer`."""

    def __init__(self, cluster: FakeCluster, writer: str) -> None:
        self.cluster = cluster
        self.writer = writer
        self.before: Callable[[Request], None] = lambda _request: None
        self.most_events: int | None = None
        """How many events one watch brings before it ends; None: all that there are."""
        self.seen_secrets: list[str] = []
        """Secrets whose values were handed out."""
        self.writes = 0
        """How many requests that may change something were sent."""

    def connection_from_url(self, _url: str) -> FakeApi:
        """Return the connections to the one server there is."""
        return self

    def urlopen(
        self,
        method: str,
        url: str,
        *_: Any,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **__: Any,
    ) -> Response:
        """Answer a request as urllib3's pool would."""
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        asked = _request(method, parts.path, query)
        accept = (headers or {}).get("Accept", "")
        content = msgspec.json.decode(body) if body else {}
        self.writes += method != "GET"
        try:
            self.before(asked)
        except LostAnswer:
            self._answer(asked, query, content, accept)
            raise no_answer() from None
        except Refused as error:
            return _refusal(error)
        return self._answer(asked, query, content, accept)

    def _answer(
        self, asked: Request, query: Mapping[str, str], content: Any, accept: str
    ) -> Response:
        try:
            return self._carried_out(asked, query, content, accept)
        except Refused as error:
            return _refusal(error)

    def _carried_out(
        self, asked: Request, query: Mapping[str, str], content: Any, accept: str
    ) -> Response:
        cluster, where = self.cluster, (asked.namespace, asked.name)
        if asked.verb == "list":
            return Response(200, self._list(asked, query, accept))
        if asked.verb == "watch":
            return Response(200, lines=tuple(self._watch(asked, query, accept)))
        if asked.verb == "get":
            found = cluster.objects.get((asked.kind, *where))
            if found is None:
                raise Refused(404, f"{asked.kind} {asked.name!r} not found")
            return Response(200, self._text(found, accept))
        if asked.verb == "create":
            body = cluster.create(self.writer, asked.kind, content)
        elif asked.verb == "apply":
            body = cluster.apply(self.writer, query["fieldManager"], content)
        elif asked.verb == "merge":
            body = cluster.merge(self.writer, asked.kind, where, content, asked.sub)
        elif asked.verb == "delete":
            uid = content.get("preconditions", {}).get("uid")
            cluster.delete(self.writer, (asked.kind, *where), uid)
            return Response(200, b'{"kind": "Status", "status": "Success"}')
        else:
            raise Refused(405, f"{asked.verb} is not known here")
        held = cluster.objects.get((asked.kind, asked.namespace, body["metadata"]["name"]))
        text = self._text(held, accept) if held and held.body is body else msgspec.json.encode(body)
        return Response(200, text)

    def _text(self, stored: Stored, accept: str) -> bytes:
        if _METADATA in accept:
            return msgspec.json.encode(_partial(stored))
        if stored.body.get("kind") == "Secret":
            self.seen_secrets.append(stored.body["metadata"]["name"])
        return stored.text

    def _list(self, asked: Request, query: Mapping[str, str], accept: str) -> bytes:
        items = [
            self._text(stored, accept)
            for stored in self.cluster.of_kind(asked.kind, asked.namespace or None)
            if _selected(stored, query)
        ]
        head = msgspec.json.encode({"resourceVersion": str(self.cluster.version)})
        return b'{"metadata": ' + head + b', "items": [' + b",".join(items) + b"]}"

    def _watch(self, asked: Request, query: Mapping[str, str], accept: str) -> Iterator[bytes]:
        since = int(query.get("resourceVersion") or 0)
        try:
            changes = self.cluster.since(asked.kind, since)
        except Refused as error:
            status = {"kind": "Status", "code": error.status, "message": error.message}
            yield msgspec.json.encode({"type": "ERROR", "object": status}) + b"\n"
            return
        sent = 0
        for change in changes:
            if self.most_events is not None and sent >= self.most_events:
                return
            shown = change.after or change.last
            if asked.namespace and shown.body["metadata"].get("namespace") != asked.namespace:
                continue
            now = change.after is not None and _selected(change.after, query)
            was = change.before is not None and _selected(change.before, query)
            if now or was:
                sent += 1
                kind = ("MODIFIED" if was else "ADDED") if now else "DELETED"
                yield _event(kind, self._text(shown, accept))
        if self.most_events is None:
            meta = {"resourceVersion": str(self.cluster.version)}
            mark = {"kind": asked.kind, "metadata": meta}
            yield _event("BOOKMARK", msgspec.json.encode(mark))


def _event(kind: str, text: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + text + b"}\n"


def _partial(stored: Stored) -> dict[str, Any]:
    meta = stored.body["metadata"]
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}


def _refusal(error: Refused) -> Response:
    status = {"kind": "Status", "code": error.status, "message": error.message}
    return Response(error.status, msgspec.json.encode(status))


def _request(method: str, path: str, query: Mapping[str, str]) -> Request:
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    kind = _PLURALS[parts[0]].kind
    name, sub = (*parts[1:], "", "")[:2]
    if method == "GET":
        verb = "get" if name else "watch" if query.get("watch") else "list"
    elif method == "PATCH":
        verb = "apply" if "force" in query else "merge"
    else:
        verb = {"POST": "create", "DELETE": "delete"}[method]
    return Request(verb, kind, namespace, name, sub)


def _selected(stored: Stored, query: Mapping[str, str]) -> bool:
    labels = stored.body["metadata"].get("labels") or {}
    for term in filter(None, query.get("labelSelector", "").split(",")):
        key, _, value = term.partition("=")
        if labels.get(key) != value:
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = term.partition("=")
        found: Any = stored.body
        for part in path.split("."):
            found = (found or {}).get(part)
        if found != value:
            return False
    return True
