"""The state of one look at one instance, and what is remembered from look to look."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from appinstance_operator.api.access import NOBODY, Agreed
from appinstance_operator.api.errors import Fate, OperatorError
from appinstance_operator.api.spec import AppInstance
from appinstance_operator.kube.children import Children
from appinstance_operator.kube.kinds import SECRET

from .checks import Check

Object = tuple[str, str]
"""Kind and name of an object in the instance's namespace."""


@dataclass
class Memory:
    """What is remembered of one AppInstance (by uid); losing it costs reads, nothing else."""

    uid: str
    failures: int = 0
    failed_for: int | None = None
    """The generation whose failures are counted."""
    crashes: int = 0
    reference: str | None = None
    """Under which the log has the first of the crashes in a row."""
    swept_for: int | None = None
    """The generation that was seen to have no role but its own."""
    runs: bool = False
    """It has been Ready: something of it may be in use."""
    attempts: dict[str, int] = field(default_factory=dict)
    """Name of a migration Job → the attempt that comes next."""


@dataclass
class Look:
    """One look: the instance, what it has, and what was found out about it."""

    instance: AppInstance
    body: dict[str, Any]
    children: Children
    memory: Memory
    agreed: Agreed = NOBODY
    """The openings that other instances want as well."""
    checks: dict[str, Check] = field(default_factory=dict)
    errors: list[OperatorError] = field(default_factory=list)
    drifted: bool = False
    stalled: tuple[str, str] | None = None
    retrying: str | None = None
    held: str | None = None
    provisioned: str | None = None
    """The request for a database that was carried out for this instance last."""
    failed_runs: tuple[dict[str, str], ...] = ()
    """The last runs of jobs that failed, as the status has them."""
    moving: bool = False
    """Whether the roles that serve are to be followed by others, which are not there yet."""
    applied: dict[str, list[str]] = field(default_factory=dict)
    """Why → the objects that were applied."""
    due: list[float] = field(default_factory=list)
    """Seconds after which somebody has to look again."""

    def set(self, check: Check) -> None:
        """Keep how an area stands; a bad word about it is not covered up by a later good one."""
        held = self.checks.get(check.type)
        if held is None or held.ok:
            self.checks[check.type] = check

    def fail(self, error: OperatorError) -> None:
        """Take in an error: the rest of the look goes on."""
        self.errors.append(error)
        if error.fate is Fate.STALL:
            self.stalled = self.stalled or (error.reason, error.message)
        else:
            self.retrying = self.retrying or error.message

    @functools.cached_property
    def spec_hash(self) -> str:
        """Return a hash of the spec, by which pods are known as made for it."""
        spec = json.dumps(self.body.get("spec"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(spec.encode()).hexdigest()[:16]

    @property
    def own(self) -> Mapping[Object, dict[str, Any]]:
        """Return the objects that are this very instance's; by these it is judged."""
        return _Own(self)

    def owns(self, live: Mapping[str, Any]) -> bool:
        """Return whether an object is this instance's: by owner, not by name or label."""
        owners = live["metadata"].get("ownerReferences") or ()
        return any(owner.get("uid") == self.instance.uid for owner in owners)


class _Own(Mapping[Object, dict[str, Any]]):
    """Of what stands under an instance's name, what is its own.

    An earlier instance of the name may have left objects that the cluster has not collected yet,
    and others may have put its labels on theirs. Secrets are External Secrets', by their labels.
    """

    def __init__(self, look: Look) -> None:
        self._look = look

    def __getitem__(self, item: Object) -> dict[str, Any]:
        body = self._look.children[item]
        if item[0] != SECRET.kind and not self._look.owns(body):
            raise KeyError(item)
        return body

    def __contains__(self, item: object) -> bool:
        # What was found fine for this instance need not be decoded to know whose it is.
        look = self._look
        known = item in look.children and look.children.fine(cast("Object", item), look.memory.uid)
        return bool(known) or super().__contains__(item)

    def __iter__(self) -> Iterator[Object]:
        return (item for item in self._look.children if item in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
