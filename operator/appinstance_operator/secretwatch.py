"""Watch the instances' Secrets by their metadata alone: never a value passes through here.

kopf would fetch whole objects, so this one watch is ours. RBAC knows no "metadata only"; what keeps
the values out is this request's Accept header, and the label selector keeps others' Secrets out
(docs/adr/0001).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from .errors import OperatorError
from .kube import SECRET, ApiError, Kube
from .observe import SELECTOR, Cache, Key
from .workqueue import backoff

log = structlog.get_logger(__name__)

_WATCH_SECONDS = 290


class SecretWatch(threading.Thread):
    """A thread that keeps the cache's Secrets current and wakes their instances."""

    def __init__(self, kube: Kube, cache: Cache, wake: Callable[[Key], None]) -> None:
        super().__init__(name="secret-watch", daemon=True)
        self._kube = kube
        self._cache = cache
        self._wake = wake
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end; it does so with the current watch."""
        self._stop_asked.set()

    def run(self) -> None:
        """List, then watch, for ever; a broken watch starts again with a list."""
        failures = 0
        while not self._stop_asked.is_set():
            try:
                version = self._list()
                while not self._stop_asked.is_set():
                    version = self._watch(version)
                    failures = 0
            except OperatorError as error:
                failures += 1
                log.warning("watch of secrets' metadata failed", error=error.message)
                self._stop_asked.wait(backoff(failures))

    def _list(self) -> str:
        told = self._kube.list(SECRET, SELECTOR, metadata_only=True)
        self._wake_all(self._cache.replace(SECRET.kind, map(as_secret, told["items"] or ())))
        return str(told["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> str:
        for event in self._kube.watch_metadata(SECRET, SELECTOR, version, _WATCH_SECONDS):
            body = event["object"]
            if event["type"] == "ERROR":
                raise ApiError(body.get("code", 0), body.get("message", "the watch expired"))
            version = str(body["metadata"]["resourceVersion"])
            if event["type"] == "BOOKMARK":
                continue
            secret = as_secret(body)
            gone = event["type"] == "DELETED"
            key = self._cache.drop_child(secret) if gone else self._cache.put_child(secret)
            self._wake_all([key] if key else [])
        return version

    def _wake_all(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._wake(key)


def as_secret(body: dict[str, Any]) -> dict[str, Any]:
    """Return a PartialObjectMetadata under the kind that it is the metadata of."""
    return {"kind": SECRET.kind, "apiVersion": SECRET.api_version, "metadata": body["metadata"]}
