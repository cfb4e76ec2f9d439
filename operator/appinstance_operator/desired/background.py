"""Workers and jobs: without a Service, each with what it uses of the instance and no more.

They run under the backend's service account, and so with its role, only where they use the media
and ask for no role of their own; else under an account of their own, with that role or with none. A
token for STS is mounted in no other pod, but on EKS a webhook would add one to every pod of an
account with a role.
"""

from __future__ import annotations

from typing import Any

from appinstance_operator.api.background import DATABASE, MEDIA, Job, Process, Worker
from appinstance_operator.api.model import Facts, Manifest
from appinstance_operator.api.probes import HEALTH_PORT
from appinstance_operator.api.scheduling import Strategy
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance

from . import iam, names, pods
from .base import manifest, metadata
from .workloads import (
    autoscaler,
    deployment_of,
    digest,
    disruption_budget,
    scraping,
    secrets_hash,
    while_running,
)


def has_role(instance: AppInstance, settings: Settings, process: Process) -> bool:
    """Return whether a process goes to AWS by a role, the backend's or its own."""
    return iam.process_role_arn(instance, settings, process) is not None


def account(instance: AppInstance, settings: Settings, process: Process) -> str:
    """Return the part whose service account a process runs under."""
    shared = has_role(instance, settings, process) and process.role is None
    return "backend" if shared else process.name


def _variables(instance: AppInstance, settings: Settings, process: Process) -> list[dict[str, Any]]:
    variables = [
        pods.value("APP_ENVIRONMENT", "production"),
        pods.value("APP_PUBLIC_URL", f"https://{instance.host}"),
    ]
    if isinstance(process, Worker) and process.metrics.port is not None:
        variables.append(pods.value("APP_METRICS_PORT", str(process.metrics.port)))
    secret = names.of(instance, "app")
    variables += [pods.from_secret(name, secret, name) for name in process.secrets]
    variables += pods.spec_variables(process)
    if DATABASE in process.uses:
        variables += pods.database_variables(instance)
    if MEDIA in process.uses:
        role = iam.process_role_arn(instance, settings, process)
        variables += pods.cloud_variables(instance, settings, role)
    return variables


def _volumes(
    instance: AppInstance, settings: Settings, process: Process
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the volumes of a process, each with its mount."""
    found = []
    if DATABASE in process.uses:
        found.append(pods.ca_volume(instance))
    if has_role(instance, settings, process):
        found.append(pods.token_volume())
    return found


def _secret_names(instance: AppInstance, process: Process) -> tuple[str, ...]:
    parts = []
    if DATABASE in process.uses:
        parts.append("database")
    if process.secrets:
        parts.append("app")
    if MEDIA in process.uses and instance.legacy_key:
        parts.append("media")
    return tuple(names.of(instance, part) for part in parts)


def pod_spec(
    instance: AppInstance, settings: Settings, process: Process, kind: str, **parts: Any
) -> dict[str, Any]:
    """Return the pod of a process; its container is named for the `kind` of process."""
    volumes = _volumes(instance, settings, process)
    container: dict[str, Any] = {}
    if process.command is not None:
        container["command"] = list(process.command)
    if process.args:
        container["args"] = list(process.args)
    if isinstance(process, Worker) and process.metrics.port is not None:
        container["ports"] = [{"name": "metrics", "containerPort": HEALTH_PORT, "protocol": "TCP"}]
    return pods.pod_spec(
        instance,
        settings,
        account(instance, settings, process),
        [
            pods.container(
                process,
                kind,
                process.image,
                env=_variables(instance, settings, process),
                mounts=[mount for _, mount in volumes],
                **container,
            )
        ],
        [volume for volume, _ in volumes],
        **parts,
    )


def _annotations(
    instance: AppInstance, settings: Settings, process: Process, facts: Facts
) -> dict[str, str]:
    """Return what of a process's surroundings rolls its pods when it changes."""
    found = {}
    secrets = _secret_names(instance, process)
    if secrets:
        found[names.SECRETS_HASH] = secrets_hash(secrets, facts)
    if DATABASE in process.uses:
        found[names.DATABASE_CA_HASH] = digest(settings.database.ca_bundle)
    return found


def _deployment(
    instance: AppInstance, settings: Settings, worker: Worker, facts: Facts
) -> Manifest:
    annotations = {**_annotations(instance, settings, worker, facts), **scraping(worker)}
    pod = pod_spec(instance, settings, worker, "worker", **while_running(instance, worker))
    return deployment_of(instance, worker, annotations, pod, Strategy())


def _cron_job(instance: AppInstance, settings: Settings, job: Job) -> Manifest:
    labels = names.labels(instance, job.name)
    # The runs are Kubernetes', by the template: what is labelled as managed is the operator's own.
    of_a_run = {key: value for key, value in labels.items() if key != names.MANAGED_BY}
    name = names.of(instance, job.name)
    return manifest(
        "batch/v1",
        "CronJob",
        metadata(instance, name, job.name),
        spec={
            "schedule": job.schedule,
            "timeZone": job.time_zone,
            "suspend": job.suspend,
            "concurrencyPolicy": job.concurrency,
            "successfulJobsHistoryLimit": job.kept_successes,
            "failedJobsHistoryLimit": job.kept_failures,
            "startingDeadlineSeconds": job.starting_deadline,
            "jobTemplate": {
                "metadata": {"labels": of_a_run},
                "spec": {
                    "backoffLimit": job.retries,
                    "activeDeadlineSeconds": job.deadline,
                    # A drained node is not the job's fault.
                    "podFailurePolicy": {
                        "rules": [
                            {
                                "action": "Ignore",
                                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                            }
                        ]
                    },
                    "template": {
                        "metadata": {"labels": of_a_run},
                        "spec": pod_spec(
                            instance,
                            settings,
                            job,
                            "job",
                            restartPolicy="Never",
                            terminationGracePeriodSeconds=30,
                        ),
                    },
                },
            },
        },
    )


def jobs(instance: AppInstance, settings: Settings) -> tuple[Manifest, ...]:
    """Return the CronJobs of the jobs."""
    return tuple(_cron_job(instance, settings, job) for job in instance.jobs)


def workers(instance: AppInstance, settings: Settings, facts: Facts) -> tuple[Manifest, ...]:
    """Return the workers' Deployments and what goes with them."""
    objects: list[Manifest | None] = []
    for worker in instance.workers:
        objects += [
            _deployment(instance, settings, worker, facts),
            autoscaler(instance, worker),
            disruption_budget(instance, worker),
        ]
    return tuple(item for item in objects if item)
