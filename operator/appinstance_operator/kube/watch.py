"""Watches: a thread for each kind keeps the cache current and wakes the instances concerned.

kopf watches the AppInstances. It could watch what they own, too, but prepares every event for
handlers that we do not have; at a few thousand children that was most of the operator's processor
time (docs/adr/0006).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import OperatorError

from .cache import EVERYWHERE, SELECTOR, Cache, Key
from .client import ApiError, Kube
from .kinds import Kind

log = structlog.get_logger(__name__)

_WATCH_SECONDS = 290
# A break is as long as this at the most: what happens meanwhile is neither seen nor repaired.
MOST_BLIND_SECONDS = 30.0
# A watch that ended sooner than this and brought nothing did not work.
_SHORT_SECONDS = 1.0
# After these the version that was reached still counts; after all others a list comes first.
_PASSING = frozenset({0, 429, 503})


class Sink(Protocol):
    """Where a watch puts what it hears; each returns whom to wake."""

    selector: str

    def replace(
        self, bodies: Iterable[dict[str, Any]], version: Callable[[], int], scope: str
    ) -> Iterable[Key]:
        """Take in a full list; its version is known when its first page was."""

    def put(self, body: dict[str, Any]) -> Iterable[Key]:
        """Take in an object that is new or has changed."""

    def drop(self, body: dict[str, Any], scope: str) -> Iterable[Key]:
        """Take out an object that is gone."""


class ChildSink:
    """What instances own."""

    selector = SELECTOR

    def __init__(self, cache: Cache, kind: Kind) -> None:
        self._cache = cache
        self._kind = kind

    def replace(
        self, bodies: Iterable[dict[str, Any]], version: Callable[[], int], scope: str
    ) -> Iterable[Key]:
        """Take in a full list."""
        return self._cache.replace(self._kind.kind, bodies, version, scope)

    def put(self, body: dict[str, Any]) -> Iterable[Key]:
        """Take in an object."""
        key = self._cache.put_child(body)
        return (key,) if key else ()

    def drop(self, body: dict[str, Any], scope: str) -> Iterable[Key]:
        """Take out an object."""
        key = self._cache.drop_child(body, scope)
        return (key,) if key else ()


class NamespaceSink:
    """The labels of namespaces."""

    selector = ""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def replace(
        self, bodies: Iterable[dict[str, Any]], version: Callable[[], int], scope: str
    ) -> Iterable[Key]:
        """Take in a full list."""
        gone, woken = set(self._cache.namespaces()), list[Key]()
        for body in bodies:
            gone.discard(body["metadata"]["name"])
            woken += self.put(body)
        for name in gone:
            self._cache.drop_namespace(name)
        return woken

    def put(self, body: dict[str, Any]) -> Iterable[Key]:
        """Take in a namespace."""
        return self._cache.put_namespace(
            body["metadata"]["name"], body["metadata"].get("labels") or {}
        )

    def drop(self, body: dict[str, Any], scope: str) -> Iterable[Key]:
        """Take out a namespace; what was in it goes by itself."""
        self._cache.drop_namespace(body["metadata"]["name"])
        return ()


class Watch(threading.Thread):
    """A thread that keeps the objects of one kind current, in one namespace or in all."""

    def __init__(
        self,
        kube: Kube,
        kind: Kind,
        sink: Sink,
        wake: Callable[[Key], None],
        namespace: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name=f"watch-{kind.plural}-{namespace or 'all'}", daemon=True)
        self.kind = kind
        self._kube = kube
        self._sink = sink
        self._wake = wake
        self._namespace = namespace
        self._scope = namespace or EVERYWHERE
        self._clock = clock
        self._version: str | None = None
        self._heard = clock()
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end; it does so with the current watch."""
        self._stop_asked.set()

    @property
    def age(self) -> float:
        """Return for how many seconds nothing was heard, not even a bookmark."""
        return self._clock() - self._heard

    def fill(self) -> set[Key]:
        """List all into the cache; return whom that is news to."""
        version = ""

        def bodies() -> Iterator[dict[str, Any]]:
            nonlocal version
            for page in self._kube.pages(self.kind, self._sink.selector, self._namespace):
                version = version or str(page["metadata"]["resourceVersion"])
                self._heard = self._clock()
                yield from map(self.cached, page["items"] or ())

        news = set(self._sink.replace(bodies(), lambda: int(version), self._scope))
        self._version = version
        return news

    def cached(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object with its kind: lists leave that out, metadata name their own."""
        known = {"kind": self.kind.kind, "apiVersion": self.kind.api_version}
        if self.kind.metadata_only:
            # Nothing else is asked for; whatever came all the same is not kept.
            return {**known, "metadata": body["metadata"]}
        return {**body, **known}

    def run(self) -> None:
        """Watch until told to stop. One that broke off goes on, a refused one starts with a list.

        What was heard last counts: after a watch that worked, the first pause is a short one again.
        """
        failures = 0
        while not self._stop_asked.is_set():
            start, heard = self._clock(), self._heard
            try:
                if self._version is None:
                    self._wake_all(self.fill())
                self._follow()
                worked = self._heard > heard or self._clock() - start > _SHORT_SECONDS
                failures = 0 if worked else failures + 1
            except OperatorError as error:
                failures = 1 if self._heard > heard else failures + 1
                if not isinstance(error, ApiError) or error.status not in _PASSING:
                    self._version = None
                log.warning("watch failed", kind=self.kind.kind, error=error.message)
            except Exception:
                failures += 1
                self._version = None
                log.exception("watch broke", kind=self.kind.kind)
            if failures:
                self._stop_asked.wait(min(backoff(failures), MOST_BLIND_SECONDS))

    def _follow(self) -> None:
        """Take in the events of one watch, until the server ends it."""
        # Not all at one moment: there are a dozen of them.
        seconds = int(_WATCH_SECONDS * random.uniform(0.8, 1.0))  # noqa: S311 - not for secrets
        watch = self._kube.watch(
            self.kind, self._sink.selector, self._version or "", seconds, self._namespace
        )
        for event in watch:
            body = event["object"]
            if event["type"] == "ERROR":
                raise ApiError(body.get("code", 0), body.get("message", "the watch expired"))
            version = str(body["metadata"]["resourceVersion"])
            if event["type"] == "DELETED":
                self._wake_all(self._sink.drop(self.cached(body), self._scope))
            elif event["type"] != "BOOKMARK":
                self._wake_all(self._sink.put(self.cached(body)))
            # Only now: an event that could not be taken in has not been heard.
            self._version = version
            self._heard = self._clock()

    def _wake_all(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._wake(key)
