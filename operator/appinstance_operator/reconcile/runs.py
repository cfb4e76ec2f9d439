"""Which jobs' last runs failed. A failed run takes an instance's readiness nothing, and is told.

A CronJob's status says when its last run was to begin, which runs go on, and when one succeeded
last; so the Job itself is asked for only where a run is over and did not succeed, and only once:
what came of it stays in the status until a later run succeeds. Kubernetes makes a run's name of the
CronJob's and the minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appinstance_operator.api.background import Job
from appinstance_operator.api.errors import OperatorError
from appinstance_operator.desired import names
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import BY_KIND

from .bodies import find_condition, seconds
from .checks import JOBS, Check
from .look import Look

_WORDS = 300


@dataclass(frozen=True)
class FailedRun:
    """The last run of a job that is over, where it failed."""

    job: str
    run: str
    time: str
    why: str

    def as_status(self) -> dict[str, str]:
        """Return it as the status has it."""
        return {"job": self.job, "run": self.run, "time": self.time, "message": self.why}

    @property
    def words(self) -> str:
        """Return a sentence."""
        return (
            f"job {self.job} failed at {self.time} ({self.why}); read `kubectl logs job/{self.run}`"
        )


class Runs:
    """Judges the jobs of an instance."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def judge(self, look: Look) -> None:
        """Note which jobs' last runs failed; who can't be asked stays as it was known."""
        if not look.instance.jobs:
            return
        before = {run.job: run for run in recorded_runs(look.body)}
        found = [self._failed(job, before.get(job.short), look) for job in look.instance.jobs]
        look.failed_runs = tuple(run.as_status() for run in found if run)
        words = "; ".join(run.words for run in found if run)
        if words:
            look.set(Check(JOBS, "False", "RunFailed", words, warning=words))
        else:
            look.set(Check(JOBS, "True", "NoRunFailed", "no job's last run failed"))

    def _failed(self, job: Job, before: FailedRun | None, look: Look) -> FailedRun | None:
        name = names.of(look.instance, job.name)
        live = look.own.get(("CronJob", name), {})
        status = live.get("status") or {}
        begun, succeeded = status.get("lastScheduleTime"), status.get("lastSuccessfulTime")
        if not begun:
            return None
        if before and seconds(succeeded) > seconds(before.time):
            before = None
        if status.get("active"):
            return before
        if seconds(succeeded) >= seconds(begun):
            return None
        run = f"{name}-{int(seconds(begun)) // 60}"
        if before and before.run == run:
            return before
        try:
            ended = self._kube.find(BY_KIND["Job"], look.instance.namespace, run)
        except OperatorError:
            return before
        return _of(job, ended, str(live["metadata"]["uid"]), before, str(begun))


def going_on(look: Look) -> frozenset[str]:
    """Return the components of the jobs of which a run goes on."""
    found = set()
    for job in look.instance.jobs:
        live = look.own.get(("CronJob", names.of(look.instance, job.name)), {})
        if (live.get("status") or {}).get("active"):
            found.add(job.name)
    return frozenset(found)


def _of(
    job: Job, ended: Mapping[str, Any] | None, owner: str, before: FailedRun | None, begun: str
) -> FailedRun | None:
    """Return what a run's Job says of it; one of somebody else's making says nothing."""
    if ended is None:
        return before
    owners = ended["metadata"].get("ownerReferences") or ()
    if not any(item.get("uid") == owner for item in owners):
        return before
    if find_condition(ended, "Complete").get("status") == "True":
        return None
    failed = find_condition(ended, "Failed")
    if failed.get("status") != "True":
        return before
    why = f"{failed.get('reason', 'no reason')}: {failed.get('message', 'no message')}"
    time = str(failed.get("lastTransitionTime") or begun)
    return FailedRun(job.short, str(ended["metadata"]["name"]), time, why[:_WORDS])


def recorded_runs(body: Mapping[str, Any]) -> tuple[FailedRun, ...]:
    """Return the failed runs that the status knows."""
    held = (body.get("status") or {}).get("failedRuns") or ()
    return tuple(
        FailedRun(item["job"], item["run"], item["time"], item["message"]) for item in held
    )
