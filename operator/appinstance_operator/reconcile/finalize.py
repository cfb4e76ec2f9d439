"""The end of an instance: what lies outside of the cluster is removed before it may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from appinstance_operator.api.errors import CloudUnconfigured, InstanceGone, OperatorError
from appinstance_operator.api.request import Request, What
from appinstance_operator.api.settings import Settings
from appinstance_operator.aws.keeper import DoomedRole, RoleKeeper
from appinstance_operator.desired import iam, names
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import APPINSTANCE
from appinstance_operator.signals.faults import point

from .checks import CLOUD, Check
from .conditions import Report
from .requests import Requests
from .status import pending_arns, recorded_arns

POLL_SECONDS = 30.0


@dataclass(frozen=True)
class Finalized:
    """What became of it: a report while it waits, an error when it failed."""

    report: Report | None = None
    error: str | None = None
    again_after: float = POLL_SECONDS


@dataclass(frozen=True)
class _Remains:
    """What has to go with an instance. Small: there is one of each instance."""

    uid: str
    retain: bool
    recorded: tuple[str, ...]
    """ARNs of roles, by its status."""
    made: bool
    """Whether one of them was seen in place."""
    database: bool = False
    """Whether a database goes with it: only one that was made for it, and only by its word."""
    former: tuple[str, ...] = ()
    """ARNs of roles of those of its name that went before it without our having been asked."""

    @classmethod
    def of(cls, body: Mapping[str, Any], settings: Settings) -> _Remains:
        retain = body.get("spec", {}).get("deletionPolicy", "Delete") == "Retain"
        spec = body.get("spec", {})
        provisioned = spec.get("database", {}).get("provision", False)
        database = provisioned and spec.get("deletionPolicy") == "Delete"
        uid = str(body["metadata"].get("uid"))
        recorded = recorded_roles(body, settings)
        pending = pending_arns(body).values()
        made = any(arn not in pending for arn in recorded)
        return cls(uid, retain, recorded, made, database)


class Finalizer:
    """Holds instances by a finalizer, and lets them go."""

    def __init__(
        self,
        kube: Kube,
        cache: Cache,
        keeper: RoleKeeper,
        settings: Settings,
        requests: Requests,
    ) -> None:
        self._requests = requests
        self._kube = kube
        self._cache = cache
        self._keeper = keeper
        self._settings = settings
        self._known: dict[Key, _Remains] = {}
        """What is to go with each instance, should it go without us having been asked."""

    def note(self, body: Mapping[str, Any]) -> None:
        """Remember what is to go with an instance, should its finalizer be taken off by others."""
        if names.FINALIZER in (body["metadata"].get("finalizers") or ()):
            self._known[_key(body)] = self._remains(body)

    def _remains(self, body: Mapping[str, Any]) -> _Remains:
        now, before = _Remains.of(body, self._settings), self._known.get(_key(body))
        if before is None or before.retain:
            return now
        former = before.former if before.uid == now.uid else (*before.former, *before.recorded)
        return replace(now, former=former)

    def hold(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the instance with our finalizer on it, before anything is made outside.

        Raises InstanceGone: what would be made of one that is gone already, nobody would remove.
        """
        finalizers = body["metadata"].get("finalizers") or []
        if names.FINALIZER in finalizers:
            return body
        point("before-finalizer")
        held = self._set_finalizers(body, [*finalizers, names.FINALIZER])
        if held is None:
            raise InstanceGone("the AppInstance was deleted before it was held by a finalizer")
        point("after-finalizer")
        self.note(held)
        return held

    def expect(self, body: dict[str, Any], roles: Mapping[str, str]) -> dict[str, Any]:
        """Return the instance with a status that has all of these roles, by component.

        Names of workers and jobs are without number: of a role that no status told of before it was
        asked for, nobody would know once the spec names its worker no more.
        """
        known = recorded_roles(body, self._settings)
        pending = {part: arn for part, arn in roles.items() if arn not in known}
        if not pending:
            return body
        meta = body["metadata"]
        patch = {
            "metadata": {"resourceVersion": meta["resourceVersion"]},
            "status": {"pendingRoles": pending},
        }
        told = self._kube.merge(APPINSTANCE, meta["namespace"], meta["name"], patch, sub="status")
        if told is None:
            raise InstanceGone("the AppInstance was deleted before its status told of a role")
        self._cache.put_instance(told, written=True)
        point("after-pending-roles")
        self.note(told)
        return told

    def finalize(self, key: Key, body: dict[str, Any]) -> Finalized:
        """Remove what lies outside of the cluster, then let the resource go."""
        finalizers = body["metadata"].get("finalizers") or []
        if names.FINALIZER not in finalizers:
            self._known.pop(key, None)
            return Finalized()
        try:
            remains = self._remains(body)
            waiting = self._remove_roles(key, remains)
            if waiting:
                return Finalized(Report(checks=(waiting,), retrying="deletion waits for IAM"))
            again = self._remove_database(key, remains)
            if again:
                check, seconds = again
                words = f"deletion waits for the database: {check.message}"
                return Finalized(Report(checks=(check,), retrying=words), again_after=seconds)
            point("before-finalizer-removal")
            self._known.pop(key, None)
            self._set_finalizers(body, [item for item in finalizers if item != names.FINALIZER])
        except OperatorError as error:
            check = Check(CLOUD, "False", error.reason, error.message)
            report = Report(checks=(check,), retrying=f"deletion waits: {error.message}")
            return Finalized(report, error.message)
        return Finalized()

    def collect(self, key: Key, uid: str) -> float | None:
        """Remove the roles of an instance that went without its finalizer having been lifted by us.

        Returns after how many seconds to ask again, None when nothing is left to do.
        """
        remains = self._known.get(key)
        if remains is None or remains.uid != uid:
            self._keeper.forget(key)
            return None
        try:
            waiting = self._remove_roles(key, remains)
        except OperatorError:
            return POLL_SECONDS
        if waiting:
            return POLL_SECONDS
        try:
            again = self._remove_database(key, remains)
        except OperatorError:
            return POLL_SECONDS
        if again:
            return again[1]
        del self._known[key]
        self._keeper.forget(key)
        return None

    def _remove_roles(self, key: Key, remains: _Remains) -> Check | None:
        """Remove the roles; return a check while IAM has not answered. Raises OperatorError."""
        if remains.retain:
            return None
        state = self._keeper.removed(
            key,
            remains.uid,
            _roles_of(key, (*remains.recorded, *remains.former), self._settings),
        )
        if isinstance(state.error, CloudUnconfigured) and not remains.made:
            return None  # an operator without an AWS role has made none
        if state.error:
            raise state.error
        if state.pending:
            return Check(CLOUD, "False", "RolePending", "the IAM roles are being removed")
        return None

    def _remove_database(self, key: Key, remains: _Remains) -> tuple[Check, float] | None:
        """Ask for the database's end; None when it is there. Raises OperatorError."""
        if not remains.database:
            return None
        check, again = self._requests.answered(Request(What.DELETE, *key), remains.uid)
        return None if again is None else (check, again)

    def _set_finalizers(self, body: dict[str, Any], finalizers: list[str]) -> dict[str, Any] | None:
        """Return the instance with these finalizers, None when it is not there any more."""
        meta = body["metadata"]
        # With the version, so that a finalizer that somebody else added meanwhile is not lost.
        patch = {"metadata": {"finalizers": finalizers, "resourceVersion": meta["resourceVersion"]}}
        after = self._kube.merge(APPINSTANCE, meta["namespace"], meta["name"], patch)
        if after is not None:
            self._cache.put_instance(after, written=True)
        return after


def recorded_roles(body: Mapping[str, Any], settings: Settings) -> tuple[str, ...]:
    """Return the ARNs of operator's roles that the status says the instance has or had."""
    status = body.get("status") or {}
    arns = [*recorded_arns(body).values(), *pending_arns(body).values()]
    arns += status.get("retiringRoles") or ()
    return tuple(dict.fromkeys(arn for arn in arns if iam.is_managed(arn, settings)))


def names_of_roles(key: Key, settings: Settings) -> tuple[str, ...]:
    """Return the names of the roles that any instance may have under these settings.

    Those of workers and jobs are not among them: which there are, or may be, its status says.
    """
    return tuple(iam.role_of(*key, settings, part) for part in ("backend", "secrets"))


def _roles_of(key: Key, recorded: Iterable[str], settings: Settings) -> tuple[DoomedRole, ...]:
    """Return every role that an instance may have: those of its name, and those on record."""
    known = (arn.rpartition("/")[2] for arn in recorded)
    return doomed(key, (*names_of_roles(key, settings), *known), settings)


def doomed(key: Key, role_names: Iterable[str], settings: Settings) -> tuple[DoomedRole, ...]:
    """Return roles to be removed, with the tags by which they are known as the instance's."""
    tags = (
        iam.owner_tags_of(*key, settings),
        iam.earlier_role_tags_of(*key, settings),
    )
    return tuple(DoomedRole(name, tags) for name in dict.fromkeys(role_names))


def _key(body: Mapping[str, Any]) -> Key:
    return body["metadata"]["namespace"], body["metadata"]["name"]
