"""Watches of what instances own: a thread for each kind keeps the cache current.

kopf watches the AppInstances. It could watch these, too, but prepares every event for handlers that
we do not have; at a few thousand children that was most of the operator's processor time
(docs/adr/0012).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import OperatorError

from .cache import SELECTOR, Cache, Key
from .client import ApiError, Kube
from .kinds import Kind

log = structlog.get_logger(__name__)

_WATCH_SECONDS = 290


class ChildWatch(threading.Thread):
    """A thread that keeps the cache's objects of one kind current and wakes their instances."""

    def __init__(self, kube: Kube, cache: Cache, wake: Callable[[Key], None], kind: Kind) -> None:
        super().__init__(name=f"watch-{kind.plural}", daemon=True)
        self.kind = kind
        self._kube = kube
        self._cache = cache
        self._wake = wake
        self._version: str | None = None
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end; it does so with the current watch."""
        self._stop_asked.set()

    def fill(self) -> set[Key]:
        """List all into the cache; return whom that is news to."""
        told = self._kube.list(self.kind, SELECTOR)
        news = self._cache.replace(self.kind.kind, map(self.cached, told["items"] or ()))
        self._version = str(told["metadata"]["resourceVersion"])
        return news

    def cached(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return an object with its kind: lists leave that out, metadata name their own."""
        known = {"kind": self.kind.kind, "apiVersion": self.kind.api_version}
        if self.kind.metadata_only:
            # Nothing else is asked for; whatever came all the same is not kept.
            return {**known, "metadata": body["metadata"]}
        return {**body, **known}

    def run(self) -> None:
        """Watch for ever. A watch that broke off goes on; a refused one starts with a list."""
        failures = 0
        while not self._stop_asked.is_set():
            try:
                if self._version is None:
                    self._wake_all(self.fill())
                while not self._stop_asked.is_set():
                    self._follow()
                    failures = 0
            except OperatorError as error:
                failures += 1
                if failures > 1 or not isinstance(error, ApiError) or error.status:
                    self._version = None
                log.warning("watch failed", kind=self.kind.kind, error=error.message)
            except Exception:
                failures += 1
                self._version = None
                log.exception("watch broke", kind=self.kind.kind)
            if failures:
                self._stop_asked.wait(backoff(failures))

    def _follow(self) -> None:
        """Take in the events of one watch, until the server ends it."""
        version = self._version or ""
        for event in self._kube.watch(self.kind, SELECTOR, version, _WATCH_SECONDS):
            body = event["object"]
            if event["type"] == "ERROR":
                raise ApiError(body.get("code", 0), body.get("message", "the watch expired"))
            self._version = str(body["metadata"]["resourceVersion"])
            if event["type"] == "BOOKMARK":
                continue
            child = self.cached(body)
            gone = event["type"] == "DELETED"
            key = self._cache.drop_child(child) if gone else self._cache.put_child(child)
            self._wake_all([key] if key else [])

    def _wake_all(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._wake(key)
