"""Processes of an instance without traffic, workers and jobs, and what each of them may use.

Least is the default: who names nothing gets no credentials and reaches nothing but DNS
(docs/adr/0038, 0039).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cron import schedule_problem, zone_problem
from .probes import HEALTH_PORT, Metrics
from .scaling import Autoscaling, parsed_autoscaling
from .variables import Answered, Plain, parsed_variables

if TYPE_CHECKING:
    from .spec import AppInstance

DATABASE, MEDIA, EGRESS = "database", "media", "egress"
OWN, READ_ONLY = "Own", "ReadOnly"
"""Roles that a process may have instead of the backend's."""
WORKER = "worker-"
"""Begins a worker's component, so that no name of a worker is ever another part's."""
MAX_WORKER = 15
"""With the instance's 40 and what stands between, names of objects stay within 63 characters."""
JOB = "job-"
"""Begins a job's component."""
MAX_JOB = 40
MAX_JOB_AND_INSTANCE = 47
"""A CronJob's name may have 52 characters, and has five more than these two."""
_OTHERS = re.compile(r"(^|-)(backend|frontend|migrate|secrets|worker|job)(-|$)", re.ASCII)
"""Words by which `<instance>-worker-<name>` might be the account of another instance's part."""
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class Process:
    """What runs beside the serving parts: a command of an image, and what it may use."""

    name: str
    """The component: `worker-` or `job-`, and the name in the spec."""
    field: str
    """Where it stands in the spec, for sentences about it."""
    image: str
    own_image: bool
    command: tuple[str, ...] | None
    args: tuple[str, ...] | None
    resources: Mapping[str, Any] | None
    env: Plain
    pod_env: Answered
    uses: frozenset[str]
    secrets: tuple[str, ...]
    """Names of `spec.secrets` that it gets."""
    role: str | None
    """`OWN` or `READ_ONLY`: it goes to AWS by a role of its own; None: as the backend does."""

    @property
    def short(self) -> str:
        """Return the name as the spec has it."""
        return self.name.partition("-")[2]


@dataclass(frozen=True)
class Worker(Process):
    """A process that runs all the time."""

    replicas: int
    autoscaling: Autoscaling | None
    metrics: Metrics

    @property
    def most_replicas(self) -> int:
        """Return how many pods there are at the most."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas


@dataclass(frozen=True)
class Job(Process):
    """A process that runs to its end, by the clock."""

    schedule: str
    time_zone: str
    suspend: bool
    concurrency: str
    kept_successes: int
    kept_failures: int
    retries: int
    deadline: int
    """After so many seconds a run counts as failed."""
    starting_deadline: int
    """So many seconds late a run may still begin."""


def _process(
    prefix: str, field: str, raw: Mapping[str, Any], spec: Mapping[str, Any]
) -> dict[str, Any]:
    env, pod_env = parsed_variables(raw.get("env", ()))
    return {
        "name": prefix + raw["name"],
        "field": f"{field}[{raw['name']}]",
        "image": raw.get("image", spec["backend"]["image"]),
        "own_image": "image" in raw,
        "command": tuple(raw["command"]) if "command" in raw else None,
        "args": tuple(raw["args"]) if "args" in raw else None,
        "resources": raw.get("resources"),
        "env": env,
        "pod_env": pod_env,
        "uses": frozenset(raw.get("uses", ())),
        "secrets": tuple(raw.get("secrets", ())),
        "role": raw.get("role"),
    }


def _metrics(raw: Mapping[str, Any] | None) -> Metrics:
    """Return where metrics are read: nowhere, where they are not asked for."""
    return Metrics(None) if raw is None else Metrics(HEALTH_PORT, raw.get("path", "/metrics"))


def parsed_workers(spec: Mapping[str, Any]) -> tuple[Worker, ...]:
    """Return the workers that a spec names."""
    return tuple(
        Worker(
            **_process(WORKER, "workers", raw, spec),
            replicas=raw.get("replicas", 1),
            autoscaling=parsed_autoscaling(raw.get("autoscaling")),
            metrics=_metrics(raw.get("metrics")),
        )
        for raw in spec.get("workers", ())
    )


def parsed_jobs(spec: Mapping[str, Any]) -> tuple[Job, ...]:
    """Return the jobs that a spec names."""
    return tuple(
        Job(
            **_process(JOB, "jobs", raw, spec),
            schedule=raw["schedule"],
            time_zone=raw.get("timeZone", "Etc/UTC"),
            suspend=raw.get("suspend", False),
            concurrency=raw.get("concurrencyPolicy", "Forbid"),
            kept_successes=raw.get("successfulJobsHistoryLimit", 3),
            kept_failures=raw.get("failedJobsHistoryLimit", 3),
            retries=raw.get("backoffLimit", 2),
            deadline=raw.get("activeDeadlineSeconds", 3600),
            starting_deadline=raw.get("startingDeadlineSeconds", 300),
        )
        for raw in spec.get("jobs", ())
    )


def background_violations(instance: AppInstance) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with the workers and the jobs."""
    for field, parts in (("workers", instance.workers), ("jobs", instance.jobs)):
        names = [part.name for part in parts]
        if len(set(names)) != len(names):
            yield f"{field}: two have the same name; rename one"
    for worker in instance.workers:
        if not _NAME.fullmatch(worker.short) or len(worker.short) > MAX_WORKER:
            yield (
                f"{worker.field}: a worker's name has at most {MAX_WORKER} lower-case letters, "
                "digits and hyphens, and begins with a letter"
            )
        yield from _process_violations(worker, instance)

    for job in instance.jobs:
        yield from _job_violations(job, instance)
        yield from _process_violations(job, instance)


def _job_violations(job: Job, instance: AppInstance) -> Iterator[str]:
    if not _NAME.fullmatch(job.short) or len(job.short) > MAX_JOB:
        yield (
            f"{job.field}: a job's name has at most {MAX_JOB} lower-case letters, digits and "
            "hyphens, and begins with a letter"
        )
    if len(job.short) + len(instance.name) > MAX_JOB_AND_INSTANCE:
        yield (
            f"{job.field}: the names of the instance and of a job may have {MAX_JOB_AND_INSTANCE} "
            "characters together; shorten one"
        )
    problem = schedule_problem(job.schedule)
    if problem:
        yield f"{job.field}.schedule: {problem}"
    problem = zone_problem(job.time_zone)
    if problem:
        yield f"{job.field}.timeZone: {problem}"


def _process_violations(process: Process, instance: AppInstance) -> Iterator[str]:
    if not process.own_image and process.command is None and process.args is None:
        yield (
            f"{process.field} would run the backend's image as the backend does; name its args, "
            "its command or its image"
        )
    unknown = process.uses - {DATABASE, MEDIA, EGRESS}
    if unknown:
        yield f"{process.field}.uses: {', '.join(sorted(unknown))} is not among what there is"
    has = {DATABASE: instance.database, MEDIA: instance.media}
    for part in sorted(part for part in process.uses if not has.get(part, True)):
        yield f"{process.field}.uses: the spec has no {part}; leave it out here, too"
    yield from _role_violations(process, instance)
    known = {extra.name for extra in instance.secrets}
    for name in process.secrets:
        if name not in known:
            yield f"{process.field}.secrets: {name} is not one of spec.secrets; add it there"
    names = [name for name, _ in (*process.env, *process.pod_env)] + list(process.secrets)
    if len(set(names)) != len(names):
        yield f"{process.field}: env and secrets name a variable twice; remove one"


def _role_violations(process: Process, instance: AppInstance) -> Iterator[str]:
    if process.role is None:
        return
    if process.role not in (OWN, READ_ONLY):
        yield f"{process.field}.role must be {OWN} or {READ_ONLY}; left out, it is the backend's"
    if MEDIA not in process.uses:
        yield (
            f"{process.field}.role is for what uses the media; name media under uses, or leave "
            "role out"
        )
    if _OTHERS.search(process.short):
        yield (
            f"{process.field}.role: with one, no word of the name may be backend, frontend, "
            "migrate, secrets, worker or job, as another AppInstance's account might be called the "
            "same; rename it"
        )
    if instance.legacy_key:
        yield (
            f"{process.field}.role: media.legacyCredentials are keys in place of roles; leave one "
            "of them out"
        )
