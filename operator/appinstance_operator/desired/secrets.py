"""SecretStore and ExternalSecrets: how entries of Secrets Manager become Secrets of the namespace.

The store logs in as its own service account, whose role reads exactly the named entries. The
operator never sees a value: it watches the Secrets' metadata, where External Secrets notes a hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appinstance_operator.api.model import Manifest
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import DATABASE_KEYS, AppInstance

from . import files, names
from .base import manifest, metadata

API = "external-secrets.io/v1"
CA_KEY = "ca.crt"
CLOUDFRONT_KEY = "privateKey"
LEGACY_KEYS = ("accessKeyId", "secretAccessKey")


def store(instance: AppInstance, settings: Settings) -> Manifest:
    """Return the SecretStore of the instance."""
    return manifest(
        API,
        "SecretStore",
        metadata(instance, instance.name, "secrets"),
        spec={
            "provider": {
                "aws": {
                    "service": "SecretsManager",
                    "region": settings.region,
                    "auth": {"jwt": {"serviceAccountRef": {"name": names.of(instance, "secrets")}}},
                }
            }
        },
    )


def _reference(secret_key: str, key: str, property_: str | None) -> dict[str, Any]:
    remote: dict[str, Any] = {
        "key": key,
        # Written out though they are defaults, so that what is applied is what is stored.
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }
    if property_ is not None:
        remote["property"] = property_
    return {"secretKey": secret_key, "remoteRef": remote}


def _external(
    instance: AppInstance, settings: Settings, part: str, data: Sequence[dict[str, Any]]
) -> Manifest:
    name = names.of(instance, part)
    return manifest(
        API,
        "ExternalSecret",
        metadata(instance, name, "secrets"),
        spec={
            "refreshInterval": settings.secrets.refresh_interval,
            "secretStoreRef": {"kind": "SecretStore", "name": instance.name},
            "target": {
                "name": name,
                "creationPolicy": "Owner",
                # An entry that vanishes must not take a running app's credentials away.
                "deletionPolicy": "Retain",
                "template": {
                    "engineVersion": "v2",
                    "mergePolicy": "Replace",
                    "metadata": {"labels": names.labels(instance, "secrets")},
                },
            },
            "data": list(data),
        },
    )


def external_secrets(instance: AppInstance, settings: Settings) -> tuple[Manifest, ...]:
    """Return the ExternalSecrets: database, the spec's own, files, media keys of either kind."""
    secrets = []
    if instance.database_key:
        key = instance.database_key
        data = [_reference(name, key, name) for name in DATABASE_KEYS]
        secrets.append(_external(instance, settings, "database", data))
    if instance.secrets:
        data = [_reference(item.name, item.key, item.property) for item in instance.secrets]
        secrets.append(_external(instance, settings, "app", data))
    if instance.backend.files:
        data = [
            _reference(files.key_of(item), item.key, item.property)
            for item in instance.backend.files
        ]
        secrets.append(_external(instance, settings, "files", data))
    if instance.legacy_key:
        data = [_reference(name, instance.legacy_key, name) for name in LEGACY_KEYS]
        secrets.append(_external(instance, settings, "media", data))
    if instance.cloud_front:
        data = [_reference(CLOUDFRONT_KEY, instance.cloud_front.key, None)]
        secrets.append(_external(instance, settings, "cloudfront", data))
    return tuple(secrets)


def objects(instance: AppInstance, settings: Settings) -> tuple[Manifest, ...]:
    """Return all that secrets come by; without an entry that the spec names there is no store."""
    found = external_secrets(instance, settings)
    if instance.secret_keys:
        found = (store(instance, settings), *found)
    return (*found, database_ca(instance, settings)) if instance.database else found


def database_ca(instance: AppInstance, settings: Settings) -> Manifest:
    """Return the ConfigMap with the CA that signs the database's certificate."""
    return manifest(
        "v1",
        "ConfigMap",
        metadata(instance, names.of(instance, "database-ca"), "secrets"),
        data={CA_KEY: settings.database.ca_bundle},
    )
