"""One operator process without threads and network: its parts are real, a test turns the crank.

The client, the cache, the watches, the role manager and the reconciler are the operator's own. What
a process would do by itself (follow its watches, take keys from the queue, do IAM's work in the
background) happens here when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from appinstance_operator.api.errors import NotLeader, OperatorError
from appinstance_operator.api.settings import Settings
from appinstance_operator.kube.cache import Key
from appinstance_operator.kube.client import ApiError
from appinstance_operator.kube.kinds import APPINSTANCE
from support.fake_api import FakeApi
from support.fake_cluster import FakeCluster
from support.fake_iam import FakeIam, FakeIamClient
from support.operator_wiring import Wired, wire

INSTANCES = "AppInstance"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.ahead = 0.0
        """By how much the operator's machine is ahead of the cluster's."""

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def of_day(self) -> float:
        """Return the time that the operator's machine takes it to be; it may jump."""
        return self.now + self.ahead


class FakeOperator:
    """A process. `leads()` says whether it holds the lease: its fence asks before each write."""

    def __init__(
        self,
        cluster: FakeCluster,
        iam: FakeIam,
        settings: Settings,
        clock: Clock,
        name: str = "operator",
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.leads = leads
        self.api = FakeApi(cluster, name)
        self.iam = FakeIamClient(iam, name)
        self.awake: dict[Key, None] = {}
        self.timers: dict[Key, float] = {}
        self.working: Mapping[str, Any] | None = None
        """The instance that is being looked at, as this process knew it when the look began."""
        self.errors: list[str] = []
        """Exceptions that a reconcile let out and that are no OperatorError."""
        self._instances_version: str | None = None
        self._again = False
        self.parts: Wired = wire(self.api, self.iam, settings, clock, self.fence, self)
        self.watches = {watch.kind.kind: watch for watch in self.parts.watches}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that the process follows."""
        return (INSTANCES, *self.watches)

    def fence(self) -> None:
        """Raise NotLeader where this process may not write."""
        if not self.leads():
            raise NotLeader("this process does not hold the lease")

    # The queue

    def wake(self, key: Key) -> None:
        """Queue a key."""
        self.timers.pop(key, None)
        self.awake[key] = None

    def wake_all(self) -> None:
        """Queue every instance, as one does that comes to lead."""
        for key in tuple(self.parts.cache.keys()):
            self.wake(key)

    def woken(self, key: Key) -> bool:
        """Return whether a key that is being worked on will be queued again."""
        return key in self.awake

    def due(self) -> None:
        """Queue what is to be looked at by now."""
        for key, when in tuple(self.timers.items()):
            if when <= self.clock.now:
                self.wake(key)

    # What the process does

    def lead(self) -> None:
        """Begin to work, as runtime/operator.py does once it has the lease."""
        while True:
            try:
                self.parts.catch_up()
            except OperatorError:
                continue
            break
        self.wake_all()

    def fill(self) -> None:
        """List everything, as at the start of a process: it waits for an API server in trouble."""
        for kind in self.kinds:
            self.follow(kind)
            while self.version_of(kind) is None:
                self.follow(kind)

    def filled(self) -> bool:
        """Return whether everything has been listed once."""
        return all(self.version_of(kind) is not None for kind in self.kinds)

    def follow(self, kind: str, most: int | None = None) -> None:
        """Take in at most so many events of a kind; what was missed is listed anew."""
        self.api.most_events = most
        try:
            if kind == INSTANCES:
                self._follow_instances()
            else:
                self._follow_children(kind)
        except OperatorError:
            pass  # the loop of the watch waits and comes again
        finally:
            self.api.most_events = None

    def lags(self, kind: str) -> bool:
        """Return whether something of a kind happened that this process has not seen."""
        version = self.version_of(kind)
        known = self.api.cluster.changes.get(kind)
        last = known[-1].version if known else self.api.cluster.compacted.get(kind, 0)
        return version is None or int(version) < last

    def version_of(self, kind: str) -> str | None:
        """Return up to which version a kind has been followed."""
        if kind == INSTANCES:
            return self._instances_version
        version: str | None = self.watches[kind]._version
        return version

    def rewind(self, kind: str, versions: int) -> None:
        """Have the next events of a kind come once more, as from a server that lags behind."""
        version = self.version_of(kind)
        if version is None:
            return
        older = str(max(int(version) - versions, 0))
        if kind == INSTANCES:
            self._instances_version = older
        else:
            self.watches[kind]._version = older

    def _follow_children(self, kind: str) -> None:
        watch = self.watches[kind]
        try:
            if watch._version is None:
                for key in sorted(watch.fill()):
                    self.wake(key)
            watch._follow()
        except ApiError as error:
            if error.status:
                watch._version = None
            raise

    def _follow_instances(self) -> None:
        cache = self.parts.cache
        try:
            if self._instances_version is None:
                version = str(self.api.cluster.version)
                for key in sorted(self.parts.relist.fill()):
                    self.wake(key)
                self._instances_version = version
            for event in self._instance_events():
                body = event["object"]
                key = (body["metadata"]["namespace"], body["metadata"]["name"])
                if event["type"] == "DELETED":
                    cache.drop_instance(key)
                    self.wake(key)
                elif cache.put_instance(body):
                    self.wake(key)
        except ApiError as error:
            if error.status:
                self._instances_version = None
            raise

    def _instance_events(self) -> Iterator[Any]:
        version = self._instances_version or ""
        for event in self.parts.kube.watch(APPINSTANCE, "", version, 60):
            body = event["object"]
            if event["type"] == "ERROR":
                raise ApiError(body.get("code", 0), body.get("message", ""))
            self._instances_version = str(body["metadata"]["resourceVersion"])
            if event["type"] != "BOOKMARK":
                yield event

    def work(self) -> Key | None:
        """Reconcile the next key of the queue; None when it is empty."""
        key = next(iter(self.awake), None)
        if key is None:
            return None
        del self.awake[key]
        wait: float | None = 60.0
        self.working = self.parts.cache.instance(key)
        try:
            wait = self.parts.reconciler.reconcile(key).again_after
        except NotLeader:
            wait = None
        except Exception as error:  # noqa: BLE001 - a defect, which the oracles tell of
            self.errors.append(f"{key}: {type(error).__name__}: {error}")
        finally:
            self.working = None
        if wait is not None and key not in self.awake:
            self.timers[key] = min(self.clock.now + wait, self.timers.get(key, float("inf")))
        return key

    def settle(self, rounds: int = 200) -> None:
        """Follow, do IAM's work and reconcile until nothing is left to do."""
        for _ in range(rounds):
            for kind in self.kinds:
                if self.lags(kind):
                    self.follow(kind)
            self.parts.background()
            if self.work() is None and not any(map(self.lags, self.kinds)):
                return
        raise AssertionError(f"{self.name} does not come to rest: {list(self.awake)}")
