"""Which of the replicas leads: a `coordination.k8s.io` Lease, by the rules of client-go's election.

Only one replica writes. Times in the Lease are for people: a candidate counts, on its own clock,
from when it last saw the Lease change, so clocks that differ do no harm. Each change names the
version that it replaces, so of two that try at once one is refused. A leader that could not renew
for the renew deadline has lost the Lease and its process ends; others may take it only a third of
the duration later. `fence` holds a leader to that which was stopped meanwhile and does not know it.

The rules were read in k8s.io/client-go/tools/leaderelection; docs/adr/0013 says where ours differ.
"""

from __future__ import annotations

import datetime
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from appinstance_operator.api.errors import NotLeader, OperatorError
from appinstance_operator.kube.transport import ApiError

log = structlog.get_logger(__name__)

DURATION_SECONDS = 15
_MISSING = {404, 409}  # the Lease was deleted or changed since it was last seen
_NEVER = float("-inf")


def running_clock() -> float:
    """Return seconds of a clock that runs on while the process, or the machine, is stopped."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def new_identity(name: str) -> str:
    """Return a name that no other process has, not even one of the same pod after a restart."""
    return f"{name}_{uuid.uuid4().hex[:12]}"


class LeaseApi(Protocol):
    """What the election asks of a client (kube.leases.LeaseClient)."""

    def get(self) -> dict[str, Any] | None:
        """Return the Lease, None when there is none."""

    def create(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Create the Lease; ApiError 409 when there is one."""

    def update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the version that the body names; ApiError 409 when there is a newer one."""


@dataclass(frozen=True)
class Timing:
    """How long a Lease lasts unrenewed, and what follows from that; in seconds."""

    duration: int = DURATION_SECONDS

    @property
    def renew_deadline(self) -> float:
        """Return for how long after its last renewal a leader may write."""
        return self.duration * 2 / 3

    @property
    def retry(self) -> float:
        """Return the time between two renewals."""
        return self.duration / 7.5

    @property
    def request_timeout(self) -> float:
        """Return how long one request may take, so that a deadline leaves time for a second."""
        return min(self.renew_deadline / 2, 10.0)


class Lease:
    """One candidate. `on_acquired` and `on_lost` are called, once each, in its thread.

    It has a thread of its own: a busy event loop loses no Lease. But a loop that is stuck should,
    because nothing is reconciled meanwhile. So the loop calls `beat`, and when that has been
    silent for the Lease's duration there is no more renewal.
    """

    def __init__(
        self,
        api: LeaseApi,
        identity: str,
        timing: Timing,
        on_acquired: Callable[[], None],
        on_lost: Callable[[], None],
        clock: Callable[[], float] = running_clock,
    ) -> None:
        self.identity = identity
        self.timing = timing
        self._api = api
        self._on_acquired = on_acquired
        self._on_lost = on_lost
        self._clock = clock
        self._deadline = _NEVER
        self._leading = False
        self._over = threading.Event()
        """Set when this candidate takes no further part: it lost the Lease, or was stopped."""
        self._seen: dict[str, Any] | None = None
        """The Lease as it was last seen."""
        self._seen_at = _NEVER
        self._beat_at = clock()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    # What the rest of the process asks

    @property
    def held(self) -> bool:
        """Return whether this process may write now."""
        return not self._over.is_set() and self._clock() < self._deadline

    def fence(self) -> None:
        """Raise NotLeader unless the last renewal, counted from before it was sent, still holds."""
        if not self.held:
            raise NotLeader("this process does not hold the operator's Lease; it writes nothing")

    def beat(self) -> None:
        """Note that the event loop runs."""
        self._beat_at = self._clock()

    def start(self) -> None:
        """Begin to stand for election."""
        self._thread.start()

    def stop(self, *, release: bool) -> None:
        """Take no further part; `release` gives the Lease up, so that another may take it at once.

        Only for when nothing of this process is writing any more; else it has to run out.
        """
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2 * self.timing.request_timeout)
        if release and not self._thread.is_alive():
            self._release()

    # The election

    def _run(self) -> None:
        while not self._over.is_set():
            self._over.wait(self.step())

    def step(self) -> float:
        """Try once to acquire or to renew; return the seconds until the next try."""
        if self._leading and not self.held:
            self._lose("it was not renewed in time")
        elif not self._loop_is_stuck():
            self._try()
        if not self._leading:
            # Oftener than client-go looks, so that one that was released is taken at once.
            return self.timing.retry / 4 * random.uniform(1.0, 1.2)  # noqa: S311 - no secret
        return max(0.0, min(self.timing.retry, self._deadline - self._clock()))

    def _loop_is_stuck(self) -> bool:
        return self._clock() - self._beat_at > self.timing.duration

    def _try(self) -> None:
        try:
            written = self._write()
        except OperatorError as error:
            log.warning("the Lease could not be read or written", error=error.message)
            return
        # Stopped between the request and here, it may be another's already.
        if written and self.held and not self._leading:
            self._leading = True
            log.info("leading", identity=self.identity)
            self._on_acquired()

    def _write(self) -> bool:
        """Return whether the Lease is ours now and was written just so."""
        if self._leading and self._seen is not None:
            try:
                return self._update(self._seen)
            except ApiError as error:
                if error.status not in _MISSING:
                    raise
        current = self._api.get()
        if current is None:
            # Deleted under its holder, who may not know yet: that one's time has to pass, too.
            return not self._is_anothers(self._seen) and self._create()
        if self._seen is None or _spec(current) != _spec(self._seen):
            self._see(current)
        else:
            self._seen = current  # a label may have changed, and with it the version
        holder = _holder(current)
        if self._leading and holder != self.identity:
            self._lose(f"{holder or 'nobody'} holds it")
            return False
        return not self._is_anothers(current) and self._update(current)

    def _is_anothers(self, body: Mapping[str, Any] | None) -> bool:
        """Return whether somebody else holds it whose time, since it last changed, is not over."""
        if body is None or _holder(body) in {"", self.identity}:
            return False
        duration = _spec(body).get("leaseDurationSeconds") or self.timing.duration
        return self._clock() < self._seen_at + float(duration)

    def _create(self) -> bool:
        asked = self._clock()
        created = self._api.create(self._term(0, None))
        self._hold(created, asked)
        return True

    def _update(self, current: Mapping[str, Any]) -> bool:
        spec = _spec(current)
        transitions, since = spec.get("leaseTransitions") or 0, spec.get("acquireTime")
        if _holder(current) != self.identity:
            transitions, since = transitions + 1, None
        asked = self._clock()
        body = {**current, "spec": {**spec, **self._term(transitions, since)}}
        self._hold(self._api.update(body), asked)
        return True

    def _term(self, transitions: int, since: str | None) -> dict[str, Any]:
        now = _micro_time()
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": self.timing.duration,
            "acquireTime": since or now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    def _hold(self, body: dict[str, Any], asked: float) -> None:
        self._see(body)
        # From before the request was sent: whoever else counts began later.
        self._deadline = asked + self.timing.renew_deadline

    def _see(self, body: dict[str, Any]) -> None:
        self._seen, self._seen_at = body, self._clock()

    def _lose(self, why: str) -> None:
        self._leading = False
        self._over.set()
        log.error("the Lease is lost; this process ends", why=why, identity=self.identity)
        self._on_lost()

    def _release(self) -> None:
        now = _micro_time()
        nobody = {
            "holderIdentity": "", "leaseDurationSeconds": 1, "acquireTime": now, "renewTime": now,
        }  # fmt: skip
        try:
            current = self._api.get()
            if current is None or _holder(current) != self.identity:
                return
            self._api.update({**current, "spec": {**_spec(current), **nobody}})
            log.info("the Lease is released", identity=self.identity)
        except OperatorError as error:
            log.warning("the Lease could not be released; it runs out", error=error.message)


def _spec(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return body.get("spec") or {}


def _holder(body: Mapping[str, Any]) -> str:
    return str(_spec(body).get("holderIdentity") or "")


def _micro_time() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
