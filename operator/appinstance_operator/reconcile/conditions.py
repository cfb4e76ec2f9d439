"""From a report to the conditions of an AppInstance. Pure; the vocabulary is the contract's.

`Reconciling` and `Stalled` are there only while true, so that kstatus and `kubectl wait` are right.
A condition keeps its transition time while its status stays, and nothing else here is a clock or a
counter: a reconcile that changes nothing gives the same conditions to the byte. Each type stands in
the list once, whatever the report holds: the API server refuses a list with two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .checks import ACCESS, AREAS, DATABASE, JOBS, REACHABLE, Check

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
_ORDER = {
    name: index
    for index, name in enumerate(
        (READY, RECONCILING, STALLED, *AREAS, DATABASE, JOBS, REACHABLE, ACCESS)
    )
}
# The CRD's bound is 32,768 characters; nobody reads so many.
_MAX_MESSAGE = 4096


@dataclass(frozen=True)
class Report:
    """What a look at an instance found: one check per area, and what is to be said over all."""

    checks: tuple[Check, ...] = ()
    suspended: bool = False
    refused: tuple[str, str] | None = None
    """Reason and sentence when the spec can't be carried out at all."""
    stalled: tuple[str, str] | None = None
    """Reason and message when only a change of spec or settings (or a person) helps."""
    retrying: str | None = None
    """Message of an error that is tried again."""
    drifted: bool = False
    held: str | None = None
    """Why new pods are held back although every area is fine."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what went wrong although nothing is amiss with the instance."""
        return tuple(check.warning for check in self.checks if check.warning)


def is_progress(report: Report) -> bool:
    """Return whether a report only says what is being waited for as usual."""
    ready = ready_check(report)
    return not ready.ok and ready.reason == "Progressing"


def ready_check(report: Report) -> Check:
    """Return the one condition that sums up the others."""
    if report.refused:
        return Check(READY, "False", "InvalidSpec", report.refused[1])
    if report.suspended:
        words = "suspended: workers and jobs are stopped"
        if report.retrying:
            words = f"suspended: not all workers and jobs are stopped yet ({report.retrying})"
        words = f"{words}; nothing else is changed until spec.suspend is false"
        return Check(READY, "False", "Suspended", words)
    by_type = {check.type: check for check in report.checks}
    judged = (*AREAS, DATABASE)
    blocked = next((item for item in report.checks if not item.ok and item.type in judged), None)
    complete = all(area in by_type for area in AREAS)
    if complete and blocked is None and not report.retrying and not report.stalled:
        return Check(READY, "True", "ReconcileSucceeded", _seen(by_type))
    message = blocked.message if blocked else (report.retrying or "not everything is looked at yet")
    if report.stalled:
        message = report.stalled[1]
    waits = blocked is None or blocked.waiting
    waits = waits and not report.stalled and not report.retrying
    return Check(READY, "False", "Progressing" if waits else "DependencyNotReady", message)


def _seen(by_type: Mapping[str, Check]) -> str:
    """Return what was looked at before saying that an instance is ready, and no more."""
    words = f"{by_type[AREAS[4]].message}; {by_type[AREAS[5]].message}"
    asked = by_type.get(REACHABLE)
    return f"{words}; {asked.message}" if asked else f"{words} (not asked over HTTPS)"


def _all_checks(report: Report, settled: bool, new: bool) -> list[Check]:
    found = [ready_check(report)]
    stalled = report.refused or report.stalled
    if stalled:
        found.append(Check(STALLED, "True", *stalled))
    elif not settled and (report.retrying or not report.suspended):
        new = new and not report.suspended
        reason = "NewGeneration" if new else "ProgressingWithRetry"
        if report.drifted and not new:
            reason = "DriftDetected"
        found.append(Check(RECONCILING, "True", reason, report.retrying or found[0].message))
    return [*found, *report.checks]


def conditions(
    report: Report, before: Sequence[Mapping[str, Any]], generation: int, now: str, *, new: bool
) -> list[dict[str, Any]]:
    """Return the whole list of conditions.

    Areas that this look did not come to keep what they said before, or are not there yet; a
    suspended or refused instance keeps all of them. `now` is an RFC 3339 time; `new` says that this
    generation has not been ready yet.
    """
    held = {item["type"]: item for item in before}
    found: dict[str, dict[str, Any]] = {}
    for check in _all_checks(report, ready_check(report).ok, new):
        old = held.get(check.type, {})
        same = old.get("status") == check.status
        worse = found.get(check.type, {}).get("status", "True") == "True"
        if worse:
            found[check.type] = {
                "type": check.type,
                "status": check.status,
                "reason": check.reason,
                "message": check.message[:_MAX_MESSAGE],
                "observedGeneration": generation,
                "lastTransitionTime": old.get("lastTransitionTime", now) if same else now,
            }
    # A look that was carried out has said all of the openings between instances, and of the jobs.
    passed = (ACCESS, JOBS) if report.refused or report.suspended else ()
    for area in (*AREAS, DATABASE, REACHABLE, *passed):
        if area in held and area not in found:
            found[area] = dict(held[area])
    return sorted(found.values(), key=lambda item: _ORDER[item["type"]])
