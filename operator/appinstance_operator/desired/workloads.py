"""Deployments, and what goes with each: Service, HorizontalPodAutoscaler, PodDisruptionBudget."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from appinstance_operator.api.background import Worker
from appinstance_operator.api.model import Facts, Manifest
from appinstance_operator.api.probes import HEALTH_PORT, Probe, Probes
from appinstance_operator.api.scheduling import Strategy
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, Component

from . import files, iam, names, pods
from .base import manifest, metadata

# The load balancer needs a moment to stop sending; then the app drains.
_PRE_STOP_SECONDS = 10
_GRACE_SECONDS = 45
_PROGRESS_SECONDS = 300
_REVISIONS = 3


def secret_names(instance: AppInstance) -> tuple[str, ...]:
    """Return the names of the Secrets that the backend's variables and files come from."""
    parts = []
    if instance.database_key:
        parts.append("database")
    if instance.secrets:
        parts.append("app")
    if instance.backend.files:
        parts.append("files")
    if instance.legacy_key:
        parts.append("media")
    if instance.cloud_front:
        parts.append("cloudfront")
    return tuple(names.of(instance, part) for part in parts)


def secrets_hash(secrets: Iterable[str], facts: Facts) -> str:
    """Return one hash over Secrets, by their names; a change of it rolls the pods."""
    hashes = {name: facts.secret_hashes.get(name, "") for name in secrets}
    return digest(json.dumps(hashes, sort_keys=True))


def digest(text: str) -> str:
    """Return a short hash, by which a change is known."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _probes(asked: Probes) -> dict[str, Any]:
    def get(probe: Probe) -> dict[str, Any]:
        # By default not the serving port: that one admits the edge alone, and no probe waits
        # behind people.
        return {
            "httpGet": {"path": probe.path, "port": asked.port, "scheme": "HTTP"},
            "timeoutSeconds": probe.timeout,
            "periodSeconds": probe.period,
            "failureThreshold": probe.failures,
        }

    return {
        "startupProbe": get(asked.startup),
        "readinessProbe": get(asked.readiness),
        "livenessProbe": get(asked.liveness),
    }


def _arguments(component: Component, *default: str) -> dict[str, Any]:
    given = component.args if component.args is not None else default
    return {"args": list(given)} if given else {}


def _container(instance: AppInstance, settings: Settings, component: Component) -> dict[str, Any]:
    # Health, and what else only the platform may ask: the backend's metrics.
    beside = "health" if component.metrics.port is None else "metrics"
    ports = [
        {"name": "http", "containerPort": component.port, "protocol": "TCP"},
        {"name": beside, "containerPort": HEALTH_PORT, "protocol": "TCP"},
    ]
    pre_stop = {"preStop": {"sleep": {"seconds": _PRE_STOP_SECONDS}}}
    if component.name == "frontend":
        return pods.container(
            component,
            "frontend",
            component.image,
            env=pods.page_variables(instance, component),
            ports=ports,
            lifecycle=pre_stop,
            **_arguments(component),
            **_probes(component.probes),
        )
    mounts = [pods.ca_volume(instance)[1]] if instance.database else []
    if iam.backend_role_arn(instance, settings):
        mounts.append(pods.token_volume()[1])
    mounts += files.mounts(instance)
    return pods.container(
        component,
        "backend",
        component.image,
        env=[
            *pods.app_variables(instance),
            *pods.database_variables(instance),
            *pods.cloud_variables(instance, settings, iam.backend_role_arn(instance, settings)),
            *pods.delivery_variables(instance),
        ],
        mounts=mounts,
        ports=ports,
        lifecycle=pre_stop,
        **_arguments(component, "serve"),
        **_probes(component.probes),
    )


def scraping(component: Component | Worker) -> dict[str, str]:
    """Return how Prometheus finds metrics, by its usual annotations, where the spec says where."""
    metrics = component.metrics
    if metrics.port is None or metrics.path is None:
        return {}
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(metrics.port),
        "prometheus.io/path": metrics.path,
    }


def _volumes(instance: AppInstance, settings: Settings, component: Component) -> list[Any]:
    if component.name == "frontend":
        return []
    volumes = [pods.ca_volume(instance)[0]] if instance.database else []
    if iam.backend_role_arn(instance, settings):
        volumes.append(pods.token_volume()[0])
    return [*volumes, *files.volumes(instance)]


def _spread(instance: AppInstance, component: Component | Worker) -> list[dict[str, Any]]:
    """Return constraints that spread the pods over zones and nodes, where there is room."""
    found: list[dict[str, Any]] = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": names.selector(instance, component.name)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    if instance.scheduling.spread == "Required":
        # By version, or the old pods would decide where the new ones are, and then go.
        found[0] |= {
            "whenUnsatisfiable": "DoNotSchedule",
            "matchLabelKeys": ["pod-template-hash"],
        }
    return found


def deployment(
    instance: AppInstance, settings: Settings, component: Component, facts: Facts
) -> Manifest:
    """Return a component's Deployment. With an HPA, `replicas` is left to it."""
    annotations = {}
    if component.name == "backend":
        annotations[names.SECRETS_HASH] = secrets_hash(secret_names(instance), facts)
        if instance.database:
            annotations[names.DATABASE_CA_HASH] = digest(settings.database.ca_bundle)
        annotations.update(scraping(component))
    pod = pods.pod_spec(
        instance,
        settings,
        component.name,
        [_container(instance, settings, component)],
        _volumes(instance, settings, component),
        **while_running(instance, component),
    )
    return deployment_of(instance, component, annotations, pod, component.strategy)


def while_running(instance: AppInstance, part: Component | Worker) -> dict[str, Any]:
    """Return what the pod of anything that runs all the time has besides its containers."""
    return {
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "topologySpreadConstraints": _spread(instance, part),
    }


def deployment_of(
    instance: AppInstance,
    part: Component | Worker,
    annotations: Mapping[str, str],
    pod: Mapping[str, Any],
    strategy: Strategy,
) -> Manifest:
    """Return the Deployment of a pod, whose template has these annotations."""
    template_meta: dict[str, Any] = {"labels": names.labels(instance, part.name)}
    if annotations:
        template_meta["annotations"] = annotations
    spec: dict[str, Any] = {
        "progressDeadlineSeconds": _PROGRESS_SECONDS,
        "revisionHistoryLimit": _REVISIONS,
        "selector": {"matchLabels": names.selector(instance, part.name)},
        # A bad new version must not take capacity from the old one, unless the spec lets it.
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxUnavailable": strategy.max_unavailable,
                "maxSurge": strategy.max_surge,
            },
        },
        "template": {"metadata": template_meta, "spec": pod},
    }
    if part.autoscaling is None:
        spec["replicas"] = part.replicas
    name = names.of(instance, part.name)
    return manifest("apps/v1", "Deployment", metadata(instance, name, part.name), spec=spec)


def service(instance: AppInstance, component: Component) -> Manifest:
    """Return a component's Service; its port is the container's, as policies are on that one."""
    return manifest(
        "v1",
        "Service",
        metadata(instance, names.of(instance, component.name), component.name),
        spec={
            "type": "ClusterIP",
            "selector": names.selector(instance, component.name),
            "ports": [
                {
                    "name": "http",
                    "port": component.port,
                    "targetPort": component.port,
                    "protocol": "TCP",
                }
            ],
        },
    )


def autoscaler(instance: AppInstance, component: Component | Worker) -> Manifest | None:
    """Return the component's HPA, if the spec asks for one."""
    scaling = component.autoscaling
    if scaling is None:
        return None
    name = names.of(instance, component.name)
    return manifest(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        metadata(instance, name, component.name),
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {
                            "type": "Utilization",
                            "averageUtilization": scaling.target_cpu,
                        },
                    },
                }
            ],
        },
    )


def disruption_budget(instance: AppInstance, component: Component | Worker) -> Manifest | None:
    """Return the component's PDB. With one pod it would only block node upgrades."""
    if component.most_replicas < 2:
        return None
    return manifest(
        "policy/v1",
        "PodDisruptionBudget",
        metadata(instance, names.of(instance, component.name), component.name),
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": names.selector(instance, component.name)},
            # A pod that is not ready anyway must not block a drain.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )


def workloads(instance: AppInstance, settings: Settings, facts: Facts) -> tuple[Manifest, ...]:
    """Return the Deployments and what goes with them."""
    objects: list[Manifest | None] = []
    for component in instance.components:
        objects += [
            deployment(instance, settings, component, facts),
            service(instance, component),
            autoscaler(instance, component),
            disruption_budget(instance, component),
        ]
    return tuple(item for item in objects if item)
