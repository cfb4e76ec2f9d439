"""Writing how an instance stands: its status, an Event when readiness changed, and the metrics."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from appinstance_operator.api.errors import OperatorError
from appinstance_operator.api.settings import Settings
from appinstance_operator.desired import names
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import ApiError, Kube
from appinstance_operator.kube.kinds import APPINSTANCE, EVENT
from appinstance_operator.signals.metrics import Metrics

from . import conditions
from .bodies import find_condition
from .conditions import READY, Report
from .status import Seen, status

log = structlog.get_logger(__name__)

_CONFLICT = 409
PROGRESS_SECONDS = 2.0
"""A new word of how far a start or a rollout has come waits so long after the last one."""


class Reporter:
    """Reports on instances. `woken(key)` says whether the next look at one follows at once."""

    def __init__(
        self,
        kube: Kube,
        cache: Cache,
        settings: Settings,
        metrics: Metrics,
        woken: Callable[[Key], bool] = lambda _key: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._cache = cache
        self._settings = settings
        self._metrics = metrics
        self._woken = woken
        self._clock = clock
        self._progress: dict[Key, float] = {}
        """When the last word of progress of those that are not ready was written."""
        self._left: set[Key] = set()
        """Those whose last report was left to the next look."""
        self._warned: dict[Key, tuple[str, ...]] = {}
        """What was last warned of, so that an Event tells of each once."""

    def forget(self, key: Key) -> None:
        """Drop what is remembered and shown of an instance that is gone."""
        self._left.discard(key)
        self._progress.pop(key, None)
        self._warned.pop(key, None)
        self._metrics.forget(*key)

    def write_or_leave(
        self, key: Key, body: dict[str, Any], seen: Seen | None, report: Report
    ) -> float | None:
        """Report, or leave it; return after how many seconds another look has to report at last.

        A new instance is woken by each answer of its children, several times a second. A status for
        each of these would be written for nobody, and one is the dearest of all requests for the
        API server (docs/performance.md). So of progress over progress a word is written every
        `PROGRESS_SECONDS`, and the first one may wait for the look that follows at once. What
        is more than progress is never left, nor where what stands there says that it is ready, or
        is of another spec.
        """
        progress = conditions.is_progress(report)
        ready = find_condition(body, READY)
        told = ready.get("observedGeneration") == body["metadata"].get("generation")
        if progress and ready.get("status") != "True":
            if self._woken(key) and key not in self._left:
                self._left.add(key)
                return None
            wait = self._progress.get(key, -PROGRESS_SECONDS) + PROGRESS_SECONDS - self._clock()
            if told and wait > 0:
                return wait
        self._left.discard(key)
        written = self.write(key, body, seen, report)
        if not progress:
            self._progress.pop(key, None)
        elif written:
            self._progress[key] = self._clock()
        return None

    def write(self, key: Key, body: dict[str, Any], seen: Seen | None, report: Report) -> bool:
        """Write the status if it changed, and an Event if readiness did; return whether it was."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        before = body.get("status") or {}
        after = status(body, seen, self._settings, report, now)
        self._metrics.set_conditions(
            *key, {item["type"]: item["status"] for item in after["conditions"]}
        )
        self._warn(key, body, report, now)
        if after == before:
            return False
        written = self._write_status(key, body, merge_patch(before, after))
        if written is None:
            return False
        self._cache.put_instance(written, written=True)
        was = find_condition(body, READY)
        is_now = find_condition(written, READY)
        if (was.get("status"), was.get("reason")) != (is_now["status"], is_now["reason"]):
            self._post_event(written, is_now, now)
        return True

    def _write_status(
        self, key: Key, body: Mapping[str, Any], change: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Write onto the version that was looked at, None where there is a newer one or none.

        The newer one may be another instance of the name, or be led by another operator; its event
        brings the next look.
        """
        patch = {
            "metadata": {"resourceVersion": body["metadata"]["resourceVersion"]},
            "status": change,
        }
        try:
            return self._kube.merge(APPINSTANCE, *key, patch, sub="status")
        except ApiError as error:
            if error.status == _CONFLICT:
                return None
            raise

    def _warn(self, key: Key, body: Mapping[str, Any], report: Report, now: str) -> None:
        """Post an Event for each warning that is new since the last report."""
        before = self._warned.get(key, ())
        for words in report.warnings:
            if words not in before:
                self._post(body, "Warning", "Degraded", words, now)
        if report.warnings:
            self._warned[key] = report.warnings
        else:
            self._warned.pop(key, None)

    def _post_event(self, body: Mapping[str, Any], ready: Mapping[str, Any], now: str) -> None:
        waits = ready["status"] == "True" or ready["reason"] in {"Progressing", "Suspended"}
        kind = "Normal" if waits else "Warning"
        self._post(body, kind, ready["reason"], ready["message"], now)

    def _post(
        self, body: Mapping[str, Any], kind: str, reason: str, message: str, now: str
    ) -> None:
        """Post an Event; failing to is no reason to fail the reconcile."""
        meta = body["metadata"]
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{meta['name']}.", "namespace": meta["namespace"]},
            "involvedObject": {
                "apiVersion": body["apiVersion"],
                "kind": body["kind"],
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "type": kind,
            "reason": reason,
            "message": message[:1024],
            "source": {"component": names.MANAGER},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            self._kube.create(EVENT, event)
        except OperatorError as error:
            log.warning("event not posted", error=error.message)


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7386) from one document to another; lists go whole."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            inner = merge_patch(old, value)
            if inner:
                patch[key] = inner
        elif value != old:
            patch[key] = value
    return patch
