"""One level-based look at one instance: observe, desire, apply, report.

Whatever woke it, it looks at what is and what should be. It runs in a thread and blocks; the queue
sees to it that an instance is in one thread at a time. Every step may be the last one before a
crash: what comes after finds its way from what is there. Here is who may be looked at and what
became of it; converge.py has the steps.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import (
    HostTaken,
    InvalidSpec,
    NotAllowed,
    NotLeader,
    OperatorError,
)
from appinstance_operator.api.model import Plan
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, parse
from appinstance_operator.api.tenancy import resolved
from appinstance_operator.desired.plan import check
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.signals.faults import point

from .access import access_check
from .applier import log_applied
from .conditions import Report, ready_check
from .converge import Converger
from .finalize import Finalizer
from .hosts import Hosts
from .look import Look, Memory
from .report import Reporter
from .runs import Runs
from .status import Seen

log = structlog.get_logger(__name__)

RESYNC_SECONDS = 600.0
# More instances than these two allow are looked at later: what a look costs, of IAM too, is per
# second then and not per instance (docs/adr/0020).
RESYNCS_PER_SECOND = 2.0
_MAX_FAILURES = 15


@dataclass(frozen=True)
class Outcome:
    """When to come back by oneself (None: only when woken), and whether this one failed."""

    again_after: float | None = None
    error: str | None = None


class Reconciler:
    """Reconciles instances of one cluster under one set of settings."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        converger: Converger,
        finalizer: Finalizer,
        hosts: Hosts,
        reporter: Reporter,
        runs: Runs,
        stop_background: Callable[[AppInstance], None],
        reference: Callable[[], str] = lambda: uuid.uuid4().hex[:8],
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._converger = converger
        self._finalizer = finalizer
        self._hosts = hosts
        self._reporter = reporter
        self._runs = runs
        self._stop_background = stop_background
        self._reference = reference
        self._memories: dict[Key, Memory] = {}

    def reconcile(self, key: Key) -> Outcome:
        """Bring one instance nearer to what it should be and report how it stands."""
        body = self._cache.instance(key)
        if body is None:
            return self._after_it_is_gone(key)
        memory = self._memory(key, body)
        try:
            outcome = self._look(key, body, memory)
        except NotLeader as error:
            return Outcome(error=error.message)
        except OperatorError as error:
            # The report itself could not be written: the next look writes it.
            memory.failures += 1
            return Outcome(backoff(memory.failures), error.message)
        except Exception as error:  # noqa: BLE001 - told in the log and in the status
            outcome = self._crashed(key, body, memory, error)
        else:
            memory.crashes, memory.reference = 0, None
        return outcome

    def runs(self, key: Key) -> bool:
        """Return whether an instance was Ready in this process: something of it may be in use."""
        memory = self._memories.get(key)
        return memory is not None and memory.runs

    def _look(self, key: Key, body: dict[str, Any], memory: Memory) -> Outcome:
        if body["metadata"].get("deletionTimestamp"):
            return self._finalize(key, body, memory)
        self._finalizer.note(body)
        try:
            instance = resolved(parse(body), self._settings)
            check(instance, self._settings)
            instance, taken = self._hosts.given(instance, body)
        except (InvalidSpec, NotAllowed, HostTaken) as error:
            self._converger.pass_over(key)
            self._reporter.write(key, body, None, Report(refused=(error.reason, error.message)))
            return Outcome(self._resync(), error.message)
        if instance.suspend:
            self._converger.pass_over(key)
            return self._suspend(key, body, instance, memory)
        return self._converge(key, body, instance, memory, taken)

    def _suspend(
        self, key: Key, body: dict[str, Any], instance: AppInstance, memory: Memory
    ) -> Outcome:
        """Stop what runs in the background, and only then say so."""
        try:
            self._stop_background(instance)
        except NotLeader:
            raise
        except OperatorError as error:
            memory.failures += 1
            report = Report(suspended=True, retrying=error.message)
            self._reporter.write(key, body, None, report)
            return Outcome(backoff(memory.failures), error.message)
        memory.failures = 0
        self._reporter.write(key, body, None, Report(suspended=True))
        return Outcome()

    def _converge(
        self,
        key: Key,
        body: dict[str, Any],
        instance: AppInstance,
        memory: Memory,
        taken: HostTaken | None,
    ) -> Outcome:
        look = Look(instance, body, self._cache.children(key), memory, self._cache.agreed(key))
        access = access_check(instance.access, look.agreed)
        if access:
            look.set(access)
        if taken:
            look.fail(taken)
        result = None
        self._runs.judge(look)
        try:
            result = self._converger.converge(key, look)
        except NotLeader:
            raise
        except OperatorError as error:
            look.fail(error)
        else:
            self._hosts.keep_only(key, instance.served_hosts)
        finally:
            log_applied(look)
        self._count_failures(look)
        point("before-status")
        self._report(key, look, result.plan if result else None, result.retiring if result else ())
        return self._outcome(look)

    def _report(self, key: Key, look: Look, plan: Plan | None, retiring: tuple[str, ...]) -> None:
        report = Report(
            checks=tuple(look.checks.values()),
            stalled=look.stalled,
            retrying=look.retrying,
            drifted=look.drifted,
            held=look.held,
        )
        look.memory.runs = look.memory.runs or ready_check(report).ok
        seen = None
        if plan is not None:
            order = tuple((item["kind"], item["metadata"]["name"]) for item in plan.objects)
            seen = Seen(
                look.instance, look.own, order, retiring, look.moving, look.failed_runs,
                look.provisioned, look.agreed,
            )  # fmt: skip
        wait = self._reporter.write_or_leave(key, look.body, seen, report)
        if wait is not None:
            look.due.append(wait)

    def _count_failures(self, look: Look) -> None:
        memory = look.memory
        generation = look.instance.generation
        if memory.failed_for != generation:
            memory.failures, memory.failed_for = 0, generation
        if not look.retrying:
            memory.failures = 0
            return
        memory.failures += 1
        if memory.failures >= _MAX_FAILURES and look.stalled is None:
            words = f"given up after {_MAX_FAILURES} tries: {look.retrying}"
            look.stalled = ("RetriesExhausted", words)
        log.warning(
            "reconcile failed",
            namespace=look.instance.namespace,
            name=look.instance.name,
            errors=[error.message for error in look.errors],
        )

    def _outcome(self, look: Look) -> Outcome:
        error = look.retrying or (look.stalled[1] if look.stalled else None)
        # Also what waits for something is looked at now and then: what it waits for is not all.
        due = [self._resync(), *look.due]
        if look.retrying:
            due.append(backoff(look.memory.failures))
        return Outcome(min(due), error)

    def _resync(self) -> float:
        """Return in how many seconds an instance is looked at though nothing was heard of it."""
        seconds = max(RESYNC_SECONDS, len(self._memories) / RESYNCS_PER_SECOND)
        return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - not for secrets

    # Beginning and end

    def _memory(self, key: Key, body: dict[str, Any]) -> Memory:
        """Return what is remembered of this very instance: one made anew is another one."""
        uid = str(body["metadata"].get("uid"))
        memory = self._memories.get(key)
        if memory is None or memory.uid != uid:
            if memory is not None:
                self._converger.forget(key)
            memory = self._memories[key] = Memory(uid)
        return memory

    def _finalize(self, key: Key, body: dict[str, Any], memory: Memory) -> Outcome:
        self._converger.forget(key)
        result = self._finalizer.finalize(key, body)
        if result.report:
            self._reporter.write(key, body, None, result.report)
        if result.error:
            memory.failures += 1
            return Outcome(backoff(memory.failures), result.error)
        # What was asked of IAM long ago is not done any more: it has to be asked for.
        return Outcome(result.again_after if result.report else None)

    def _after_it_is_gone(self, key: Key) -> Outcome:
        """Forget an instance; remove what is outside where nobody was asked to."""
        self._reporter.forget(key)
        self._converger.forget(key)
        self._hosts.keep_only(key, ())
        memory = self._memories.get(key)
        if memory is None:
            return Outcome()
        wait = self._finalizer.collect(key, memory.uid)
        if wait is None:
            del self._memories[key]
        return Outcome(wait)

    def _crashed(self, key: Key, body: dict[str, Any], memory: Memory, error: Exception) -> Outcome:
        """Say in the status that a look broke; the log has the rest under the same reference.

        The same words while it goes on, so that it is written once; and again where that was lost.
        """
        reference = memory.reference = memory.reference or self._reference()
        memory.crashes += 1
        log.error(
            "reconcile broke",
            namespace=key[0],
            name=key[1],
            reference=reference,
            exc_info=error,
        )
        words = (
            f"the operator broke on this AppInstance (reference {reference} in its log); what ran "
            "before goes on, and it is tried again"
        )
        try:
            self._reporter.write(key, body, None, Report(stalled=("InternalError", words)))
        except NotLeader:
            raise
        except OperatorError as failure:
            log.warning("not told in the status", error=failure.message)
        return Outcome(backoff(memory.crashes + 4), f"{type(error).__name__}: {error}")
