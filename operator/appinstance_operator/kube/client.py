"""Talking to the API server: server-side apply, delete, list and watch. The one place that does.

Blocking; the reconciler runs in a thread. Objects are plain dicts, as the API has them: a typed
client would drop fields that it does not know yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes import client

from appinstance_operator.api.errors import Fate, OperatorError
from appinstance_operator.desired.names import MANAGER

from .credentials import client_configuration
from .kinds import BY_KIND, EVENT, Kind

_TIMEOUT_SECONDS = 30
# A watch brings at least a bookmark a minute; one that is silent for longer has died unnoticed.
_SILENCE_SECONDS = 90
# The library keeps 5 for each core; more threads than that would shake hands at every request.
_CONNECTIONS = 32
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_METADATA_WATCH = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class ApiError(OperatorError):
    """The API server refused a request, or gave no answer (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        if status in {400, 403, 422}:
            self.fate = Fate.STALL
            self.reason = "AccessDenied"


class Kube:
    """A client of one cluster. `on_request(verb, kind)` is told of every request."""

    def __init__(
        self,
        on_request: Callable[[str, str], None] | None = None,
        configuration: client.Configuration | None = None,
    ) -> None:
        self._configuration = configuration or client_configuration()
        self._configuration.connection_pool_maxsize = _CONNECTIONS
        self._pool = client.ApiClient(self._configuration).rest_client.pool_manager
        self._on_request = on_request or (lambda _verb, _kind: None)

    def _send(
        self,
        verb: str,
        kind: Kind,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        stream: bool = False,
    ) -> Any:
        self._on_request(verb, kind.kind)
        headers = {"Accept": accept, "User-Agent": MANAGER}
        settings: Mapping[str, Any] = self._configuration.auth_settings()
        for setting in settings.values():
            headers[setting["key"]] = setting["value"]
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        url = f"{self._configuration.host}{path}"
        if query:
            url += f"?{urlencode(query)}"
        timeout = urllib3.Timeout(connect=10, read=_SILENCE_SECONDS if stream else _TIMEOUT_SECONDS)
        try:
            response = self._pool.request(
                method, url, body=data, headers=headers, timeout=timeout,
                preload_content=not stream, retries=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, f"the API server gave no answer: {type(error).__name__}") from None
        if response.status >= 300:
            raise ApiError(response.status, _message(kind, response))
        return response if stream else json.loads(response.data or b"{}")

    def _path(self, kind: Kind, namespace: str | None, name: str = "", sub: str = "") -> str:
        parts = [kind.base]
        if namespace:
            parts += ["namespaces", namespace]
        parts.append(kind.plural)
        parts += [part for part in (name, sub) if part]
        return "/".join(parts)

    def list(self, kind: Kind, selector: str = "") -> dict[str, Any]:
        """Return the List of all objects of a kind, in all namespaces."""
        query = {"labelSelector": selector} if selector else {}
        accept = _METADATA_ONLY if kind.metadata_only else "application/json"
        made: dict[str, Any] = self._send(
            "list", kind, "GET", self._path(kind, None), query, accept=accept
        )
        return made

    def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Return one object, None when it is not there."""
        try:
            made: dict[str, Any] = self._send("get", kind, "GET", self._path(kind, namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return made

    def last_warning(self, namespace: str, kind: str, name: str) -> str | None:
        """Return the message of the newest Warning about an object, None when there is none."""
        selector = f"type=Warning,involvedObject.kind={kind},involvedObject.name={name}"
        path = self._path(EVENT, namespace)
        told = self._send("list", EVENT, "GET", path, {"fieldSelector": selector})
        events = told.get("items") or ()
        newest = max(events, key=_event_time, default=None)
        return str(newest.get("message", "")) if newest else None

    def watch(
        self,
        kind: Kind,
        selector: str,
        resource_version: str,
        seconds: int,
    ) -> Iterator[dict[str, Any]]:
        """Yield the watch events of a kind until the server ends the watch."""
        query = {
            "watch": "true", "labelSelector": selector, "resourceVersion": resource_version,
            "timeoutSeconds": str(seconds), "allowWatchBookmarks": "true",
        }  # fmt: skip
        accept = _METADATA_WATCH if kind.metadata_only else "application/json"
        response = self._send(
            "watch", kind, "GET", self._path(kind, None), query, accept=accept, stream=True
        )
        pending = b""
        try:
            for chunk in response.stream(amt=None, decode_content=False):
                pending += chunk
                *lines, pending = pending.split(b"\n")
                yield from (json.loads(line) for line in lines if line)
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, f"the watch broke off: {type(error).__name__}") from None
        finally:
            response.release_conn()

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Apply an object server-side, forced, and return it as the server has it then."""
        kind, meta = BY_KIND[manifest["kind"]], manifest["metadata"]
        made: dict[str, Any] = self._send(
            "patch", kind, "PATCH", self._path(kind, meta["namespace"], meta["name"]),
            {"fieldManager": MANAGER, "force": "true"}, dict(manifest),
            "application/apply-patch+yaml",
        )  # fmt: skip
        return made

    def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete an object of that uid; one that is gone or has been replaced counts as done."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            self._send("delete", kind, "DELETE", self._path(kind, namespace, name), body=body)
        except ApiError as error:
            if error.status not in {404, 409}:
                raise

    def merge(
        self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any], sub: str = ""
    ) -> dict[str, Any] | None:
        """Merge-patch an object (or its `sub` resource); None when it is not there any more."""
        try:
            made: dict[str, Any] = self._send(
                "patch", kind, "PATCH", self._path(kind, namespace, name, sub),
                {"fieldManager": MANAGER}, dict(patch), "application/merge-patch+json",
            )  # fmt: skip
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return made

    def create(self, kind: Kind, manifest: Mapping[str, Any]) -> None:
        """Create an object."""
        path = self._path(kind, manifest["metadata"]["namespace"])
        self._send("create", kind, "POST", path, body=dict(manifest))


def _event_time(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _message(kind: Kind, response: Any) -> str:
    data = response.data or b""
    try:
        said = json.loads(data).get("message", "")
    except ValueError:
        said = data.decode(errors="replace")[:200]
    return f"the API server refused a {kind.kind} ({response.status}): {said}"
