"""The Job that migrates the database, once per image and database settings.

Its name has a hash of what it depends on, so a new image makes a new Job and an unchanged one none.
It is kept while it is current (there is no TTL): its being complete is what says that the rollout
may go on, also after the operator was restarted.
"""

from __future__ import annotations

import hashlib
import json

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance

from . import files, names, pods
from .base import manifest, metadata

_TRIES = 2
FINAL_EXIT_CODE = 78
"""With it (EX_CONFIG of sysexits.h) an image says that trying again cannot help."""


def job_name(instance: AppInstance) -> str:
    """Return the name of the current migration Job."""
    facts = {"image": instance.backend.image, "database": instance.database_key}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
    return names.of(instance, f"migrate-{digest}")


def job(instance: AppInstance, settings: Settings, attempt: int = 1) -> Manifest | None:
    """Return the migration Job, or None where the spec turns migrations off."""
    if not instance.migrate:
        return None
    volume, mount = pods.ca_volume(instance)
    return manifest(
        "batch/v1",
        "Job",
        metadata(instance, job_name(instance), "migrate", {names.ATTEMPT: str(attempt)}),
        spec={
            "backoffLimit": _TRIES,
            "podFailurePolicy": {
                "rules": [
                    # A drained node is not the image's fault.
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    },
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": "migrate",
                            "operator": "In",
                            "values": [FINAL_EXIT_CODE],
                        },
                    },
                ]
            },
            "activeDeadlineSeconds": settings.pods.migration_seconds,
            "completions": 1,
            "parallelism": 1,
            "template": {
                "metadata": {"labels": names.labels(instance, "migrate")},
                "spec": pods.pod_spec(
                    instance,
                    settings,
                    "migrate",
                    [
                        pods.container(
                            None,
                            "migrate",
                            instance.backend.image,
                            args=["migrate"],
                            env=[
                                *pods.app_variables(instance),
                                *pods.database_variables(instance),
                            ],
                            mounts=[mount, *files.mounts(instance)],
                        )
                    ],
                    [volume, *files.volumes(instance)],
                    restartPolicy="Never",
                    terminationGracePeriodSeconds=30,
                ),
            },
        },
    )
