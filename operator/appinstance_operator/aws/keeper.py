"""What is known of the instances' roles, and the threads that ask IAM for the rest.

A reconcile asks here and has its answer at once; IAM may hang, throttle or fail meanwhile. The
keeper does only what was asked of it lately: each answer wakes the instance, and a failed try is
done again when its back-off has passed and the instance has asked again. So what an instance no
longer wants (suspended, gone, `Retain`) is not done either. What was seen in place stays known
when a later look fails.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from appinstance_operator.api.backoff import backoff
from appinstance_operator.api.errors import CloudUnavailable, NotLeader, OperatorError
from appinstance_operator.api.model import DesiredRole

from .knowledge import DoomedRole, Knowledge, Known, RoleState, digest, state_of
from .roles import READS_PER_LOOK, RoleManager
from .turns import Ident, Turns

__all__ = ["DoomedRole", "RoleKeeper", "RoleState"]

log = structlog.get_logger(__name__)

Key = tuple[str, str]
BELIEVED_SECONDS = 600.0
"""How long an answer is believed, and how long one that nobody asks for again is kept."""


class RoleKeeper:
    """Knows how roles stand. `start` starts its threads; without them `run` does what is due.

    `wake` is called with the key of an instance when there is news of its roles. Looks at roles
    that nobody waits for take at most `reads_per_second` requests and half of the threads.
    """

    def __init__(
        self,
        manager: RoleManager,
        wake: Callable[[Key], None],
        clock: Callable[[], float] = time.monotonic,
        workers: int = 4,
        reads_per_second: float = 10.0,
    ) -> None:
        self._manager = manager
        self._wake = wake
        self._clock = clock
        self._workers = workers
        self._turns = Turns(reads_per_second / READS_PER_LOOK, max(1, workers // 2))
        self._instances: dict[Key, Knowledge] = {}
        self._expiry: list[tuple[float, Ident]] = []
        """When to look whether an answer about a doomed role is still asked for."""
        self._changed = threading.Condition()
        self._stopped = False
        self._threads: list[threading.Thread] = []

    # Questions

    def ensured(
        self,
        key: Key,
        uid: str,
        roles: Sequence[DesiredRole],
        *,
        new: bool = False,
        urgent: bool = False,
    ) -> RoleState:
        """Return whether an instance's roles are in place; what is not known is found out.

        Of the instance's other roles nothing is kept but what is being removed. `new`: they
        probably do not exist. `urgent`: somebody waits for the answer. A changed wish is urgent.
        """
        with self._changed:
            known = self._of(key, uid)
            wanted = {role.name for role in roles}
            for name in [name for name, one in known.items() if not one.doomed]:
                if name not in wanted:
                    self._drop(key, name)
            answers = [self._ask(key, role, new=new, urgent=urgent or new) for role in roles]
            self._tidy(key)
            return state_of(answers)

    def removed(
        self, key: Key, uid: str, doomed: Sequence[DoomedRole], *, urgent: bool = True
    ) -> RoleState:
        """Return whether roles are gone (or are not the instance's); else they are removed."""
        with self._changed:
            self._of(key, uid)
            answers = [self._ask(key, role, urgent=urgent) for role in doomed]
            self._tidy(key)
            return state_of(answers)

    def forget(self, key: Key) -> None:
        """Drop what is known of an instance's roles, and what is still to be done to them.

        That a role is gone stays known for a while, for whom waits for the end of it.
        """
        with self._changed:
            instance = self._instances.get(key)
            for name, one in list(instance.roles.items() if instance else ()):
                if one.doomed:
                    self._turns.drop((key, name))
                else:
                    self._drop(key, name)
            self._tidy(key)

    def _of(self, key: Key, uid: str) -> dict[str, Known]:
        """Return what is known of the roles of this very instance; one of before is forgotten."""
        self._expire()
        instance = self._instances.get(key)
        if instance is not None and instance.uid != uid:
            for name in list(instance.roles):
                self._drop(key, name)
            instance = None
        if instance is None:
            instance = self._instances[key] = Knowledge(uid)
        return instance.roles

    def _ask(
        self, key: Key, role: DesiredRole | DoomedRole, *, urgent: bool, new: bool = False
    ) -> Known:
        known, now = self._instances[key].roles, self._clock()
        ident, wish = (key, role.name), digest(role)
        one = known.get(role.name)
        if one is None or one.wish != wish:
            doomed = isinstance(role, DoomedRole)
            urgent = urgent or one is not None
            one = known[role.name] = Known(wish, doomed, new=new, urgent=urgent)
            self._turns.drop(ident)
            if doomed:
                heapq.heappush(self._expiry, (now + BELIEVED_SECONDS, ident))
        one.asked_at = now
        if one.working:
            return one
        if self._turns.waits(ident):
            if urgent and not (one.seen or one.urgent) and one.not_before is None:
                one.urgent = True
                self._queue(ident, one)
        elif not one.seen or one.error or now >= one.believed_until:
            one.todo = role
            one.urgent = (urgent or one.urgent) and not one.seen
            self._queue(ident, one)
        return one

    def _queue(self, ident: Ident, one: Known) -> None:
        self._turns.put(ident, urgent=one.urgent, at=one.not_before)
        self._changed.notify()

    def _drop(self, key: Key, name: str) -> None:
        self._turns.drop((key, name))
        self._instances[key].roles.pop(name, None)

    def _tidy(self, key: Key) -> None:
        """Keep nothing of an instance that nothing is known of."""
        instance = self._instances.get(key)
        if instance is not None and not instance.roles:
            del self._instances[key]

    def _expire(self) -> None:
        """Forget about doomed roles that nobody has asked for in a while."""
        now = self._clock()
        while self._expiry and self._expiry[0][0] <= now:
            _, (key, name) = heapq.heappop(self._expiry)
            instance = self._instances.get(key)
            one = instance.roles.get(name) if instance else None
            if one is None or not one.doomed:
                continue
            until = one.asked_at + BELIEVED_SECONDS
            if one.working or until > now:
                heapq.heappush(self._expiry, (max(until, now + 1.0), (key, name)))
            else:
                self._drop(key, name)
                self._tidy(key)

    # Answers

    def start(self) -> None:
        """Start the threads. They are daemons: one that IAM holds up keeps no process alive."""
        for number in range(self._workers):
            thread = threading.Thread(target=self._work, name=f"iam-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, seconds: float = 0.0) -> bool:
        """Let the threads end after what they have in hand; return whether they did in time."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def run(self) -> None:
        """Do here and now what is due, for a process without the threads."""
        while True:
            with self._changed:
                turn = self._take()
            if turn is None:
                return
            self._do(*turn)

    def _work(self) -> None:
        while True:
            with self._changed:
                turn = self._take()
                while turn is None and not self._stopped:
                    self._changed.wait(self._turns.delay(self._clock()))
                    turn = self._take()
            if turn is None:
                return
            self._do(*turn)

    def _take(self) -> tuple[Ident, Known] | None:
        ident = None if self._stopped else self._turns.take(self._clock())
        if ident is None:
            return None
        key, name = ident
        one = self._instances[key].roles[name]
        one.working = True
        one.not_before = None
        return ident, one

    def _do(self, ident: Ident, one: Known) -> None:
        error: OperatorError | None = None
        try:
            if isinstance(one.todo, DoomedRole):
                self._manager.delete(one.todo.name, one.todo.accepted_tags)
            elif one.todo is not None:
                self._manager.ensure(one.todo, new=one.new)
        except OperatorError as failure:
            error = failure
        except Exception:
            log.exception("a role broke the operator's code", role=ident[1])
            error = CloudUnavailable(f"the operator failed at IAM role {ident[1]}; see its log")
        with self._changed:
            self._turns.done(ident[1])
            one.working = False
            news = self._note(ident, one, error)
            # This thread takes one turn of those that may come now, and another one the second:
            # that of a role by this name, and that of a look.
            self._changed.notify()
        if news and not self._stopped:
            self._wake(ident[0])

    def _note(self, ident: Ident, one: Known, error: OperatorError | None) -> bool:
        """Note an answer; return whether the instance should look at it."""
        key, name = ident
        instance = self._instances.get(key)
        if instance is None or instance.roles.get(name) is not one:
            return False  # it is not asked for any more, or something else is
        now = self._clock()
        one.todo, one.new = None, False
        if error is None:
            news = not one.seen or one.error is not None
            one.seen, one.error, one.failures = True, None, 0
            spread = random.uniform(0.9, 1.1)  # noqa: S311 - not for secrets
            one.believed_until = now + BELIEVED_SECONDS * spread
            return news
        one.failures += 1
        one.not_before = now + backoff(one.failures)
        if isinstance(error, NotLeader):
            return False  # nobody's fault; whoever holds the lease asks anew
        one.error = error
        one.seen = one.seen and not error.amiss
        return True
