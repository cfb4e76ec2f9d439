"""A RoleManager that does as a test tells it: it fails, hangs, and remembers what it was asked.

And a keeper over it, without threads, whose clock stands still.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence

from appinstance_operator.api.errors import CloudUnavailable, OperatorError
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.aws.keeper import DoomedRole, RoleKeeper, RoleState
from appinstance_operator.aws.roles import RoleManager
from support.iam_roles import ROLE, TAGS

WAIT_SECONDS = 30.0


class ScriptedRoles(RoleManager):
    """Roles in memory. `failures[name]` are raised one after the other, then it goes well."""

    def __init__(self) -> None:
        super().__init__(None)
        self.calls: list[str] = []
        self.there: dict[str, DesiredRole] = {}
        self.failures: dict[str, list[Exception]] = {}
        self.hangs: dict[str, threading.Event] = {}
        self.arrived: dict[str, threading.Event] = {}
        self.in_work: list[str] = []
        self.most_at_once = 0
        self._lock = threading.Lock()

    def hang(self, name: str) -> threading.Event:
        """Let calls for a role hang until the event that is returned is set."""
        self.arrived[name] = threading.Event()
        return self.hangs.setdefault(name, threading.Event())

    def _enter(self, call: str, name: str) -> None:
        with self._lock:
            assert name not in self.in_work, f"{name} is in work twice"
            self.calls.append(call)
            self.in_work.append(name)
            self.most_at_once = max(self.most_at_once, len(self.in_work))
        try:
            if name in self.hangs:
                self.arrived[name].set()
                assert self.hangs[name].wait(WAIT_SECONDS)
            failures = self.failures.get(name)
            if failures:
                raise failures.pop(0)
        finally:
            with self._lock:
                self.in_work.remove(name)

    def ensure(self, wanted: DesiredRole, *, new: bool = False) -> str:
        """Note the call, and fail, hang or go well."""
        self._enter(f"{'create' if new else 'ensure'} {wanted.name}", wanted.name)
        self.there[wanted.name] = wanted
        return f"{ROLE.path}{wanted.name}"

    def delete(self, name: str, accepted_tags: Sequence[Mapping[str, str]]) -> None:
        """Note the call, and fail, hang or go well."""
        self._enter(f"delete {name}", name)
        self.there.pop(name, None)


def always(error: OperatorError) -> list[Exception]:
    """Return failures that do not end."""
    return [error] * 10_000


KEY = ("team", "shop")
OTHER = ("team", "store")
ROLES = tuple(dataclasses.replace(ROLE, name=f"appi-{part}") for part in ("backend", "secrets"))
DOOMED = tuple(DoomedRole(role.name, (TAGS,)) for role in ROLES)
READY = RoleState(ready=True, pending=False, error=None, verified=True)
PENDING = RoleState(ready=False, pending=True, error=None, verified=False)
THROTTLED = CloudUnavailable("IAM answered Throttling")


class Bench:
    """A keeper without threads, over scripted roles and a clock that stands still."""

    def __init__(self, reads_per_second: float = 1e9) -> None:
        self.now = 1000.0
        self.roles = ScriptedRoles()
        self.woken: list[tuple[str, str]] = []
        self.keeper = RoleKeeper(
            self.roles, self.woken.append, lambda: self.now, 4, reads_per_second
        )

    def ensured(self, roles: tuple[DesiredRole, ...] = ROLES, uid: str = "u") -> RoleState:
        """Ask whether the roles of the instance are in place."""
        return self.keeper.ensured(KEY, uid, roles)

    def removed(self, uid: str = "u") -> RoleState:
        """Ask whether they are gone."""
        return self.keeper.removed(KEY, uid, DOOMED)

    def later(self, seconds: float) -> None:
        """Let time pass and do what is due then."""
        self.now += seconds
        for _ in range(10):
            self.now += 1e-6
            self.keeper.run()

    def settle(self) -> None:
        """Bring the roles in place, and forget how."""
        self.ensured()
        self.later(0)
        assert self.ensured() == READY
        self.roles.calls.clear()
        self.woken.clear()
