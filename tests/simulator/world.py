"""The simulated world: a cluster, IAM, controllers with moods, two operator processes, one clock.

Everything happens in one thread and in the order in which rules call it, so that a run is the same
each time. What may go wrong in the middle of a reconcile is a trap: it waits for the n-th request
(or fault point) and springs there.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from support.fake_api import LostAnswer, Request, no_answer
from support.fake_cluster import FakeCluster, Name, Refused
from support.fake_controllers import Controllers, Mood
from support.fake_iam import FakeIam, LostReply, failure, no_reply
from support.fake_operator import Clock, FakeOperator

from appinstance_operator.api.settings import Settings
from appinstance_operator.signals import faults
from simulator import specs
from simulator.oracles import Oracles

SETTINGS = specs.settings()
MANAGER = "appinstance-operator"


class Crash(BaseException):
    """The process is gone. No handler of the operator's may catch it."""


@dataclass
class Trap:
    """Something that happens at the n-th step from now inside of a reconcile."""

    steps: int
    spring: Callable[[str], None]
    """Called with the place: `kube`, `iam` or `point`; may raise."""


class World:
    """All of it."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.settings = settings
        """Those that a new process begins with."""
        self.clock = Clock()
        self.cluster = FakeCluster()
        self.iam = FakeIam()
        self.controllers = Controllers(self.cluster, self.now)
        self.oracles = Oracles(self)
        self.cluster.on_write = self.oracles.on_write
        self.iam.on_write = self.oracles.on_role_write
        self.traps: list[Trap] = []
        self.api_failures: list[int] = []
        """Statuses with which the next requests are answered; 0: no answer at all."""
        self.iam_mood = "works"
        self.foreign: dict[Name, bytes] = {}
        self.foreign_roles: dict[str, Any] = {}
        self.retained: set[tuple[str, str]] = set()
        self.orphaned: set[tuple[str, str]] = set()
        """Places whose instance went without its finalizer: only who knew it can tidy."""
        self.seen_secrets: list[str] = []
        """Secrets whose values any process was handed."""
        self.lost: set[str] = set()
        """Roles of the operator's that others have removed or changed since it looked at them."""
        self.term = 0
        self._processes: dict[str, FakeOperator] = {}
        self._busy = False
        self.former: FakeOperator | None = None
        """Who led before, and has not noticed yet that it does not any more."""
        self.leader = self._process()
        self.standby = self._process()
        for namespace in sorted({place[0] for place in specs.PLACES}):
            manifest = {
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {
                    "name": namespace, "namespace": "",
                    "labels": {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
                },
            }  # fmt: skip
            self.cluster.create("admin", "Namespace", manifest)
        self.leader.fill()

    def now(self) -> str:
        """Return the clock's time as the API writes it."""
        moment = datetime.datetime.fromtimestamp(self.clock.now, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    # Processes

    def _process(self) -> FakeOperator:
        self.term += 1
        process: FakeOperator = FakeOperator(
            self.cluster, self.iam, self.settings, self.clock, f"operator-{self.term}",
            lambda: process is self.leader,
        )  # fmt: skip
        self._processes[process.name] = process
        process.api.seen_secrets = self.seen_secrets
        process.api.before = lambda request: self._before_request(process, request)
        process.iam.before = lambda action, _role: self._before_call(process, action)
        return process

    def process(self, name: str) -> FakeOperator:
        """Return a process by its name, also one that is gone."""
        return self._processes[name]

    def crash(self) -> None:
        """Lose the leader; a new process with nothing in its memory takes its place."""
        self.leader = self._process()
        self.leader.fill()
        self.leader.wake_all()

    def upgrade(self, settings: Settings, *, lead: bool) -> None:
        """Replace the standby by one with other settings, which may lead at once."""
        self.settings = settings
        self.standby = self._process()
        if lead:
            self.take_over()

    def overtake(self) -> None:
        """Let the standby lead and get far, before the request that is on its way arrives."""
        self.take_over()
        self.make_progress(3)

    def take_over(self, *, behind: bool = False) -> None:
        """Let the standby lead, perhaps `behind` in what it has seen; a new one stands by.

        Whoever led before goes on for a while as one does that slept through it (`haunt`).
        """
        self.former, self.leader, self.standby = self.leader, self.standby, self._process()
        if not (behind and self.leader.filled()):
            self.leader.fill()
        self.leader.lead()

    def haunt(self) -> None:
        """Let who led before go on with its work: it may write nothing."""
        process = self.former
        if process is None:
            return
        process.wake_all()
        self._guarded(process, process.work)
        self._guarded(process, process.parts.background)
        self.oracles.after_work(process)

    def work(self) -> None:
        """Let the leader reconcile the next key."""
        process = self.leader
        process.due()
        self._guarded(process, process.work)
        self.oracles.after_work(process)

    def background(self) -> None:
        """Let the leader's threads that talk to IAM do what waits for them."""
        if self.iam_mood != "hangs":
            process = self.leader
            self._guarded(process, process.parts.background)

    def _guarded(self, process: FakeOperator, call: Callable[[], object]) -> None:
        """Call where traps may spring; a crash ends the process."""
        try:
            with self._hooked():
                call()
        except Crash:
            if process is self.leader:
                self.crash()
            else:
                self.former = None

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        before = self._busy, faults.hook
        faults.hook = lambda _name: self._tick("point")
        self._busy = True
        try:
            yield
        finally:
            self._busy, faults.hook = before

    # Traps and failures

    def _tick(self, where: str) -> None:
        if not self._busy or not self.traps:
            return
        trap = self.traps[0]
        trap.steps -= 1
        if trap.steps <= 0:
            self.traps.remove(trap)
            self._busy = False  # what a trap does is not itself trapped
            try:
                trap.spring(where)
            finally:
                self._busy = True

    def _before_request(self, process: FakeOperator, request: Request) -> None:
        if self.api_failures:
            status = self.api_failures.pop()
            if status:
                raise Refused(status, "as the simulator said")
            raise no_answer()
        self._on_its_way(process, "kube" if request.verb != "watch" else None)

    def _before_call(self, process: FakeOperator, action: str) -> None:
        if self.iam_mood == "throttles":
            raise failure("Throttling", action)
        if self.iam_mood == "denies":
            raise failure("AccessDenied", action)
        if self.iam_mood == "silent":
            raise no_reply()
        self._on_its_way(process, "iam")

    def _on_its_way(self, process: FakeOperator, where: str | None) -> None:
        """Let a trap spring under a request: one that was sent while leading still lands."""
        self.oracles.in_flight.discard(process.name)
        if process is not self.leader or where is None:
            return
        try:
            self._tick(where)
        finally:
            if process is not self.leader:
                self.oracles.in_flight.add(process.name)

    def lose_answer(self, where: str) -> None:
        """Spring: the request is carried out, the answer is lost."""
        if where == "kube":
            raise LostAnswer
        if where == "iam":
            raise LostReply

    # Users

    def set_spec(self, place: tuple[str, str], number: int) -> None:
        """Create an instance, or give it another spec."""
        wanted = specs.body(place, number)
        name: Name = ("AppInstance", *place)
        if name in self.cluster.objects:
            self.cluster.edit("user", name, lambda body: {**body, "spec": wanted["spec"]})
        else:
            self.cluster.create("user", "AppInstance", wanted)

    def delete(self, place: tuple[str, str], *, force: bool = False) -> None:
        """Delete an instance; with force, its finalizer is patched away first."""
        name: Name = ("AppInstance", *place)
        held = self.cluster.objects.get(name)
        if held is None:
            return
        if force:
            self.orphaned.add(place)

            def bare(body: Any) -> Any:
                meta = {key: val for key, val in body["metadata"].items() if key != "finalizers"}
                return {**body, "metadata": meta}

            if held.body["metadata"].get("deletionTimestamp"):
                self.cluster.edit("user", name, bare)
                return
            self.cluster.edit("user", name, bare)
        self.cluster.delete("user", name)

    def in_the_way(self, name: Name, body: Any) -> None:
        """Make an object that is nobody's business, if its name is free."""
        if name not in self.cluster.objects:
            self.cluster.create("stranger", name[0], body)
            self.foreign[name] = self.cluster.objects[name].text

    # The end

    def end_faults(self) -> None:
        """Stop everything that goes wrong."""
        self.traps.clear()
        self.former = None
        self.clock.ahead = 0.0
        self.api_failures.clear()
        self.iam_mood = "works"
        self.controllers.all_work()

    def end_foreign(self) -> None:
        """Check that nothing foreign was touched, and remove it."""
        self.oracles.check_foreign()
        for name in self.foreign:
            if name in self.cluster.objects:
                self.cluster.delete("stranger", name)
        self.foreign.clear()
        for role_name in self.foreign_roles:
            self.iam.put("stranger", "delete_role", role_name, None)
        self.foreign_roles.clear()

    def come_to_rest(self, turns: int = 60) -> bool:
        """Let everything run until twice a resync brings nothing new; False when it never does."""
        quiet = 0
        for _ in range(turns):
            before = self._written()
            self.make_progress(12)
            quiet = quiet + 1 if before == self._written() else 0
            if quiet >= 3:
                return True
            self.clock.now += 350
            self.leader.due()
        return False

    def make_progress(self, rounds: int) -> bool:
        """Let controllers and the leader work; return whether nothing was left to do."""
        for _ in range(rounds):
            before = (self.cluster.version, dict(self.iam.roles))
            self.controllers.step()
            self._run_leader()
            if before == (self.cluster.version, self.iam.roles):
                return True
        return False

    def _written(self) -> tuple[int, Any, str, int, int]:
        """Return what differs after any write, also after one that changed nothing."""
        process = self.leader
        roles = dict(self.iam.roles)
        return self.cluster.version, roles, process.name, process.api.writes, process.iam.writes

    def _run_leader(self) -> None:
        for _ in range(400):
            process = self.leader
            for kind in process.kinds:
                if process.lags(kind):
                    process.follow(kind)
            self.background()
            if not self.leader.awake:
                if not any(map(self.leader.lags, self.leader.kinds)):
                    return
                continue
            self.work()
        self.oracles.violation(f"the queue never empties: {list(process.awake)}")


def mood(number: int) -> Mood:
    """Return a mood by a number; most of the time things work."""
    return (Mood.WORKS, Mood.REFUSES, Mood.HANGS)[number % 3]
