"""What all pods of an instance share: Pod Security "restricted", a read-only root, no API token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appinstance_operator.api.background import Process
from appinstance_operator.api.probes import HEALTH_PORT
from appinstance_operator.api.quantity import quantity
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import AppInstance, Component

from . import names
from .iam import AUDIENCE
from .secrets import CA_KEY, CLOUDFRONT_KEY, LEGACY_KEYS

UID = 10001
CA_FOLDER = "/etc/appinstance/database-ca"
TOKEN_FOLDER = "/var/run/secrets/eks.amazonaws.com/serviceaccount"  # noqa: S105
_TOKEN_SECONDS = 3600
_TMP_SIZE = "128Mi"

_DATABASE_VARIABLES = {
    "DB_HOST": "host",
    "DB_PORT": "port",
    "DB_USERNAME": "username",
    "DB_PASSWORD": "password",
    "DB_NAME": "dbname",
}
_DEFAULT_RESOURCES = {
    "backend": {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"memory": "512Mi"}},
    "frontend": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
    "migrate": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "384Mi"}},
    "job": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "384Mi"}},
    "worker": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "384Mi"}},
}


def value(name: str, content: str) -> dict[str, Any]:
    """Return a plain environment variable."""
    return {"name": name, "value": content}


def from_secret(name: str, secret: str, key: str) -> dict[str, Any]:
    """Return an environment variable taken from a Secret."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def spec_variables(component: Component | Process) -> list[dict[str, Any]]:
    """Return the spec's own variables; those of the pod first, for plain ones may refer to them."""
    of_the_pod = [{"name": name, "valueFrom": dict(source)} for name, source in component.pod_env]
    return [*of_the_pod, *(value(name, content) for name, content in component.env)]


def database_variables(instance: AppInstance) -> list[dict[str, Any]]:
    """Return what the app needs to reach its database over verified TLS; nothing without one."""
    if not instance.database:
        return []
    secret = names.of(instance, "database")
    return [
        *(from_secret(name, secret, key) for name, key in _DATABASE_VARIABLES.items()),
        value("DB_TLS_CA_FILE", f"{CA_FOLDER}/{CA_KEY}"),
    ]


def app_variables(instance: AppInstance) -> list[dict[str, Any]]:
    """Return what the app is told of itself, and the spec's own secrets and values."""
    return [
        value("APP_ENVIRONMENT", "production"),
        value("APP_PORT", str(instance.backend.port)),
        value("APP_METRICS_PORT", str(HEALTH_PORT)),
        value("APP_PUBLIC_URL", f"https://{instance.host}"),
        *([value("APP_OTHER_HOSTS", ",".join(instance.hosts))] if instance.hosts else []),
        value("APP_TRUSTED_PROXY_HOPS", "1"),
        *(
            from_secret(item.name, names.of(instance, "app"), item.name)
            for item in instance.secrets
        ),
        *spec_variables(instance.backend),
    ]


def cloud_variables(
    instance: AppInstance, settings: Settings, role: str | None
) -> list[dict[str, Any]]:
    """Return where the media are and as whom one goes to AWS: a role, or legacy keys."""
    if not instance.goes_to_aws:
        return []
    media = [
        value("MEDIA_BUCKET", instance.media_bucket or settings.media.bucket),
        value("MEDIA_PREFIX", instance.media_prefix),
    ]
    variables = [
        *(media if instance.media else ()),
        value("AWS_REGION", settings.region),
        value("AWS_DEFAULT_REGION", settings.region),
        value("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
    ]
    if instance.media and settings.media.kms_key_arn:
        variables.append(value("MEDIA_KMS_KEY_ARN", settings.media.kms_key_arn))
    if settings.aws_endpoint_url:
        variables.append(value("AWS_ENDPOINT_URL", settings.aws_endpoint_url))
    if role:
        variables.append(value("AWS_ROLE_ARN", role))
        variables.append(value("AWS_WEB_IDENTITY_TOKEN_FILE", f"{TOKEN_FOLDER}/token"))
    else:
        secret = names.of(instance, "media")
        variables.append(from_secret("AWS_ACCESS_KEY_ID", secret, LEGACY_KEYS[0]))
        variables.append(from_secret("AWS_SECRET_ACCESS_KEY", secret, LEGACY_KEYS[1]))
    return variables


def delivery_variables(instance: AppInstance) -> list[dict[str, Any]]:
    """Return what the backend needs to sign URLs of CloudFront; nothing where the spec has none."""
    delivery = instance.cloud_front
    if delivery is None:
        return []
    secret = names.of(instance, "cloudfront")
    return [
        value("MEDIA_CLOUDFRONT_DOMAIN", delivery.domain),
        value("MEDIA_CLOUDFRONT_KEY_PAIR_ID", delivery.key_pair_id),
        from_secret("MEDIA_CLOUDFRONT_PRIVATE_KEY", secret, CLOUDFRONT_KEY),
    ]


def page_variables(instance: AppInstance, component: Component) -> list[dict[str, Any]]:
    """Return the frontend's variables: the spec's own, and from where else pictures may come."""
    variables = spec_variables(component)
    if instance.cloud_front:
        variables.append(value("MEDIA_ORIGIN", f"https://{instance.cloud_front.domain}"))
    return variables


def token_volume() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the volume with the token for STS, and its mount.

    Written here and not left to the webhook, which drops pod-level seccomp and, being allowed to
    fail, may start a pod without its identity.
    """
    volume = {
        "name": "aws-token",
        "projected": {
            "defaultMode": 0o440,
            "sources": [
                {
                    "serviceAccountToken": {
                        "audience": AUDIENCE,
                        "expirationSeconds": _TOKEN_SECONDS,
                        "path": "token",
                    }
                }
            ],
        },
    }
    return volume, {"name": "aws-token", "mountPath": TOKEN_FOLDER, "readOnly": True}


def ca_volume(instance: AppInstance) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the volume with the database's CA, and its mount."""
    volume = {
        "name": "database-ca",
        "configMap": {"name": names.of(instance, "database-ca"), "defaultMode": 0o444},
    }
    return volume, {"name": "database-ca", "mountPath": CA_FOLDER, "readOnly": True}


def _resources(name: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return requests and limits; what a spec leaves out is the default, never nothing.

    Without a limit of memory one tenant's leak takes the node. Where the spec asks for more than
    the default limit and gives none, the limit is what it asks for.
    """
    default = _DEFAULT_RESOURCES[name]
    if not given:
        return {part: dict(values) for part, values in default.items()}
    requests = {**default["requests"], **(given.get("requests") or {})}
    limits = {**default["limits"], **(given.get("limits") or {})}
    limit, request = quantity(limits["memory"]), quantity(requests["memory"])
    if limit is not None and request is not None and request > limit:
        if "memory" in (given.get("requests") or {}):
            limits["memory"] = requests["memory"]
        else:
            requests["memory"] = limits["memory"]
    return {"requests": requests, "limits": limits}


def container(
    component: Component | Process | None,
    name: str,
    image: str,
    *,
    env: Sequence[Mapping[str, Any]] = (),
    mounts: Sequence[Mapping[str, Any]] = (),
    **parts: Any,
) -> dict[str, Any]:
    """Return a container that can't write, gain privileges or make odd system calls."""
    resources = _resources(name, component.resources if component else None)
    body: dict[str, Any] = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, *mounts],  # noqa: S108
        **parts,
    }
    if env:
        body["env"] = list(env)
    return body


def _placement(instance: AppInstance, settings: Settings) -> dict[str, Any]:
    """Return where pods may run, by the platform and what it offers, and how images are pulled."""
    pods = settings.pods
    secrets = dict.fromkeys((*pods.image_pull_secrets, *instance.pull_secrets))
    parts = {
        "imagePullSecrets": [{"name": name} for name in secrets],
        "nodeSelector": {**pods.node_selector, **instance.scheduling.node_selector},
        "tolerations": [
            item.model_dump(by_alias=True, exclude_none=True) for item in pods.tolerations
        ],
    }
    return {name: value for name, value in parts.items() if value}


def pod_spec(
    instance: AppInstance,
    settings: Settings,
    account: str,
    containers: Sequence[Mapping[str, Any]],
    volumes: Sequence[Mapping[str, Any]] = (),
    **parts: Any,
) -> dict[str, Any]:
    """Return a pod spec under the "restricted" level, on the platform's nodes."""
    return {
        **_placement(instance, settings),
        "automountServiceAccountToken": False,
        "containers": list(containers),
        "enableServiceLinks": False,
        "securityContext": {
            "fsGroup": UID,
            "runAsGroup": UID,
            "runAsNonRoot": True,
            "runAsUser": UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "serviceAccountName": names.of(instance, account),
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": _TMP_SIZE}}, *volumes],
        **parts,
    }
