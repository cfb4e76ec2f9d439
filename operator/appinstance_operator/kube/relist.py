"""Looking at all AppInstances anew: kopf watches them, and does not say what went during a break.

After a watch whose version has expired kopf lists what there is, and hands over each of them as an
event without a type. One that was deleted meanwhile is in no event; its metrics and alerts, and its
claim to a host, would stay for ever. So such an event asks for a list of our own, which the cache
compares with what it holds. An empty list brings no event at all, so there is one now and then too.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog

from appinstance_operator.api.errors import OperatorError

from .cache import EVERYWHERE, Cache, Key
from .client import Kube
from .kinds import APPINSTANCE

log = structlog.get_logger(__name__)

EVERY_SECONDS = 600.0
# kopf's list comes as many events; one comparison is for all of them.
_GATHER_SECONDS = 2.0
_AGAIN_SECONDS = 15.0


class Relist(threading.Thread):
    """A thread that compares the cache's AppInstances with all there are, when it is asked to."""

    def __init__(
        self,
        kube: Kube,
        cache: Cache,
        wake: Callable[[Key], None],
        namespaces: Sequence[str] = (),
        every: float = EVERY_SECONDS,
        gather: float = _GATHER_SECONDS,
    ) -> None:
        super().__init__(name="relist-appinstances", daemon=True)
        self._kube = kube
        self._cache = cache
        self._wake = wake
        self._scopes = tuple(namespaces) or (EVERYWHERE,)
        self._every = every
        self._gather = gather
        self._asked = threading.Event()
        self._stop_asked = threading.Event()

    def ask(self) -> None:
        """Ask for a comparison soon."""
        self._asked.set()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stop_asked.set()
        self._asked.set()

    def fill(self) -> set[Key]:
        """Compare now; return whom that is news to."""
        news: set[Key] = set()
        for scope in self._scopes:
            news |= self._fill(scope)
        return news

    def _fill(self, scope: str) -> set[Key]:
        version = 0

        def bodies() -> Iterator[dict[str, Any]]:
            nonlocal version
            for page in self._kube.pages(APPINSTANCE, "", scope or None):
                version = version or int(page["metadata"]["resourceVersion"])
                for body in page["items"] or ():
                    yield {
                        **body,
                        "apiVersion": APPINSTANCE.api_version,
                        "kind": APPINSTANCE.kind,
                    }

        return self._cache.replace_instances(bodies(), lambda: version, scope)

    def run(self) -> None:
        """Compare when asked to, and now and then, until told to stop."""
        wait = self._every
        while True:
            self._asked.wait(wait * random.uniform(0.9, 1.1))  # noqa: S311 - not for secrets
            if self._stop_asked.wait(self._gather if self._asked.is_set() else 0):
                return
            self._asked.clear()
            try:
                for key in self.fill():
                    self._wake(key)
                wait = self._every
            except OperatorError as error:
                wait = _AGAIN_SECONDS
                log.warning("AppInstances not compared", error=error.message)
