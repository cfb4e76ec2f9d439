"""From the raw AppInstance to frozen dataclasses with defaults. Nothing else reads the dict.

The CRD has checked the form; `parse` still refuses what it can't use, for `appinstance render` and
for an API server with an older CRD. `violations` finds what only the platform's settings can show.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidSpec

GROUP = "platform.appinstance.io"
VERSION = "v1alpha1"
KIND = "AppInstance"
PLURAL = "appinstances"
DATABASE_KEYS = ("host", "port", "username", "password", "dbname")
MAX_NAME = 40
_MAX_ENV = 100_000
"""As JSON. What was applied is noted in an annotation, and all of an object's end at 256 KiB."""

_RESERVED_NAMES = frozenset(
    {
        "APP_ENVIRONMENT",
        "APP_PORT",
        "APP_METRICS_PORT",
        "APP_PUBLIC_URL",
        "APP_TRUSTED_PROXY_HOPS",
        "USE_FILE_STORAGE",
    }
)
_RESERVED_PREFIXES = ("DB_", "MEDIA_", "AWS_")
# Both become resources of IAM policies, where `*` and `?` mean more than they say.
_SECRET_KEY = re.compile(r"[A-Za-z0-9/_+=.@-]+")
# A tag after the last slash (before it, a colon is that of a registry's port), or a digest.
_TAG = r":\w[\w.-]{0,127}"
_IMAGE = re.compile(
    rf"([^\s@]*/)?[^\s@/:]+({_TAG}|({_TAG})?@[\w+.-]+:[0-9a-fA-F]{{32,}})", re.ASCII
)
_PREFIX = re.compile(r"([A-Za-z0-9_=@.-]+/)+")


@dataclass(frozen=True)
class Autoscaling:
    """Bounds of the HPA."""

    min_replicas: int
    max_replicas: int
    target_cpu: int


@dataclass(frozen=True)
class Component:
    """Backend or frontend. `resources` is as in a container, None for the defaults."""

    name: str
    image: str
    replicas: int
    port: int
    autoscaling: Autoscaling | None = None
    resources: Mapping[str, Any] | None = None
    env: tuple[tuple[str, str], ...] = ()

    @property
    def most_replicas(self) -> int:
        """Return how many pods there are at the most."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas


@dataclass(frozen=True)
class ExtraSecret:
    """One environment variable from Secrets Manager; without `property` the whole value."""

    name: str
    key: str
    property: str | None = None


@dataclass(frozen=True)
class Network:
    """Openings beyond the defaults, as NetworkPolicy rules' own parts."""

    egress: tuple[Mapping[str, Any], ...] = ()
    ingress: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class AppInstance:
    """One instance as the operator sees it."""

    namespace: str
    name: str
    uid: str | None
    generation: int
    host: str
    suspend: bool
    retain: bool
    backend: Component
    frontend: Component | None
    database_key: str | None
    migrate: bool
    media_bucket: str | None
    media_prefix: str
    legacy_key: str | None
    secrets: tuple[ExtraSecret, ...]
    backend_role_arn: str | None
    secrets_role_arn: str | None
    network: Network = field(default_factory=Network)
    unsupported: tuple[str, ...] = ()
    """Parts of the spec that this version does not carry out."""

    @property
    def components(self) -> tuple[Component, ...]:
        """Return the components that have pods all the time."""
        return (self.backend, self.frontend) if self.frontend else (self.backend,)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return every Secrets Manager entry that the spec names, each once, sorted."""
        keys = {extra.key for extra in self.secrets}
        keys |= {key for key in (self.database_key, self.legacy_key) if key}
        return tuple(sorted(keys))


def _component(name: str, raw: Mapping[str, Any], default_port: int) -> Component:
    scaling = raw.get("autoscaling")
    return Component(
        name=name,
        image=raw["image"],
        replicas=raw.get("replicas", 2),
        port=raw.get("port", default_port),
        autoscaling=Autoscaling(
            min_replicas=scaling.get("minReplicas", 2),
            max_replicas=scaling["maxReplicas"],
            target_cpu=scaling.get("targetCPUUtilizationPercentage", 80),
        )
        if scaling
        else None,
        resources=raw.get("resources"),
        env=tuple((item["name"], item.get("value", "")) for item in raw.get("env", ())),
    )


def _key(raw: Mapping[str, Any] | None) -> str | None:
    return raw["remoteRef"]["key"] if raw else None


def _unsupported(spec: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    if spec.get("database", {}).get("provision"):
        found.append("database.provision")
    if spec.get("media", {}).get("cloudFront"):
        found.append("media.cloudFront")
    return tuple(found)


def parse(body: Mapping[str, Any]) -> AppInstance:
    """Return the instance that a resource describes.

    Raises InvalidSpec with a sentence that names the field when something needed is not there.
    """
    metadata, spec = body.get("metadata", {}), body.get("spec", {})
    try:
        namespace, name = metadata.get("namespace", "default"), metadata["name"]
        media, identity = spec.get("media", {}), spec.get("identity", {})
        network = spec.get("network", {})
        instance = AppInstance(
            namespace=namespace,
            name=name,
            uid=metadata.get("uid"),
            generation=metadata.get("generation", 1),
            host=spec["host"],
            suspend=spec.get("suspend", False),
            retain=spec.get("deletionPolicy", "Delete") == "Retain",
            backend=_component("backend", spec["backend"], 8000),
            frontend=_component("frontend", spec["frontend"], 8080)
            if spec.get("frontend")
            else None,
            database_key=_key(spec.get("database", {}).get("credentials")),
            migrate=spec.get("database", {}).get("migrate", True),
            media_bucket=media.get("bucket"),
            media_prefix=media.get("prefix", f"{namespace}/{name}/"),
            legacy_key=_key(media.get("legacyCredentials")),
            secrets=tuple(
                ExtraSecret(
                    item["name"], item["remoteRef"]["key"], item["remoteRef"].get("property")
                )
                for item in spec.get("secrets", ())
            ),
            backend_role_arn=identity.get("backendRoleArn"),
            secrets_role_arn=identity.get("secretsRoleArn"),
            network=Network(
                egress=tuple(network.get("egress", ())), ingress=tuple(network.get("ingress", ()))
            ),
            unsupported=_unsupported(spec),
        )
        problems = tuple(_self_violations(instance))
    except KeyError as error:
        raise InvalidSpec(
            f"the spec has no {error.args[0]!r} where one is needed; add it"
        ) from None
    except (TypeError, AttributeError, ValueError):
        raise InvalidSpec(
            "the spec does not have the form of an AppInstance; see the CRD"
        ) from None
    if problems:
        raise InvalidSpec("; ".join(problems))
    return instance


def _self_violations(instance: AppInstance) -> Sequence[str]:
    """Return what one object can show by itself (the CRD's CEL rules say the same, earlier)."""
    found = []
    if len(instance.name) > MAX_NAME:
        found.append(f"metadata.name is longer than {MAX_NAME} characters; shorten it")
    if instance.database_key is None and "database.provision" not in instance.unsupported:
        found.append("database.credentials is missing; name the Secrets Manager entry")
    if instance.legacy_key and instance.backend_role_arn:
        found.append("media.legacyCredentials and identity.backendRoleArn exclude each other")
    for component in instance.components:
        if not _IMAGE.fullmatch(component.image):
            found.append(
                f"{component.name}.image {component.image!r} must name a tag or a digest, such as "
                "registry.example.com/app:1.4.2"
            )
        if len(json.dumps(component.env)) > _MAX_ENV:
            found.append(
                f"{component.name}.env is larger than {_MAX_ENV // 1000} KB in all; put what is "
                "large into the image, or into Secrets Manager"
            )
        scaling = component.autoscaling
        if scaling and scaling.min_replicas > scaling.max_replicas:
            found.append(f"{component.name}.autoscaling: minReplicas is above maxReplicas")
    names = [name for name, _ in instance.backend.env] + [extra.name for extra in instance.secrets]
    found += [
        f"{name} is set by the platform; take another name"
        for name in names
        if name in _RESERVED_NAMES or name.startswith(_RESERVED_PREFIXES)
    ]
    if len(set(names)) != len(names):
        found.append("backend.env and secrets name a variable twice; remove one")
    found += [
        f"secret key {key} is not the name of a Secrets Manager entry; it must have no wildcard"
        for key in instance.secret_keys
        if not _SECRET_KEY.fullmatch(key)
    ]
    prefix = instance.media_prefix
    if not _PREFIX.fullmatch(prefix) or not {".", ".."}.isdisjoint(prefix.split("/")):
        found.append(
            f"media.prefix {prefix!r} must end with a slash, not start with one, and have no "
            "wildcard or part that is empty, . or .."
        )
    for rule in instance.network.egress:
        try:
            network = ipaddress.ip_network(rule["cidr"], strict=False)
        except ValueError:
            found.append(f"network.egress: {rule['cidr']} is not a network such as 10.20.0.0/16")
            continue
        if str(network) != rule["cidr"]:
            found.append(f"network.egress: write {network} instead of {rule['cidr']}")
        elif network.prefixlen == 0:
            found.append(f"network.egress: {network} is everywhere; name the network that is meant")
    return found
