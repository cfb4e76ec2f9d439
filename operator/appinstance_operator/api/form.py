"""What one spec can show by itself; the CRD's CEL rules say the same at `kubectl apply`."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .background import Process, background_violations
from .exposure import form_of_exposure
from .files import file_violations
from .probes import HEALTH_PORT, MAX_STARTUP_SECONDS
from .routes import route_violations
from .scheduling import SPREADS, strategy_violations

if TYPE_CHECKING:
    from .spec import AppInstance, CloudFront, Component

MAX_NAME = 40
POD_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "status.podIP")
POD_RESOURCES = ("limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
_MAX_ENV = 100_000
"""As JSON. What was applied is noted in an annotation, and all of an object's end at 256 KiB."""

_RESERVED_NAMES = frozenset(
    {
        "APP_ENVIRONMENT",
        "APP_PORT",
        "APP_METRICS_PORT",
        "APP_PUBLIC_URL",
        "APP_OTHER_HOSTS",
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
# It becomes a part of the page's Content-Security-Policy: nothing but a host name may be in it.
_LABEL = r"([-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)([a-z0-9]{_LABEL}\.)+[a-z]{_LABEL}")
_KEY_PAIR = re.compile(r"[A-Z0-9]{1,64}")
_ROTATION = re.compile(r"[A-Za-z0-9._-]{0,64}")
_PREFIX = re.compile(r"([A-Za-z0-9_=@.-]+/)+")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_INSTANCE = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")


def form_violations(instance: AppInstance) -> tuple[str, ...]:
    """Return a sentence for each thing that is wrong with a spec, whatever the settings say."""
    found = []
    if len(instance.name) > MAX_NAME:
        found.append(f"metadata.name is longer than {MAX_NAME} characters; shorten it")
    if len(set(instance.served_hosts)) != len(instance.served_hosts):
        found.append("hosts has a host twice, or that of spec.host; name each once")
    if instance.provision and instance.database_key:
        found.append("database.provision and database.credentials exclude each other; keep one")
    if instance.database and instance.database_key is None and not instance.provision:
        found.append(
            "database has neither credentials nor provision; name the Secrets Manager entry, set "
            "database.provision to have one made, or leave database out for an app without one"
        )
    if instance.rotation and not instance.provision:
        found.append("database.rotate is for a provisioned database; rotate the entry yourself")
    if not _ROTATION.fullmatch(instance.rotation):
        found.append(
            f"database.rotate {instance.rotation!r} must have at most 64 letters, digits, '.', '_' "
            "or '-'"
        )
    if instance.legacy_key and instance.backend_role_arn:
        found.append("media.legacyCredentials and identity.backendRoleArn exclude each other")
    own_prefix = instance.media_prefix != f"{instance.namespace}/{instance.name}/"
    named = (instance.media_bucket, instance.legacy_key, instance.cloud_front, own_prefix)
    if not instance.media and any(named):
        found.append(
            "media is off; take out media.enabled, or bucket, prefix, legacyCredentials and "
            "cloudFront"
        )
    for component in instance.components:
        found += _process_violations(component)
        found += _probe_violations(component)
        found += strategy_violations(component.name, component.strategy, component.least_replicas)
    if instance.scheduling.spread not in SPREADS:
        found.append(f"scheduling.topologySpread must be one of {', '.join(SPREADS)}")
    found += file_violations(instance.backend.files)
    found += route_violations(instance.routes, frontend=instance.frontend is not None)
    for process in instance.background:
        found += _process_violations(process)
    found += background_violations(instance)
    found += [
        f"{item.field}.autoscaling: minReplicas is above maxReplicas"
        for item in instance.running
        if item.autoscaling and item.autoscaling.min_replicas > item.autoscaling.max_replicas
    ]
    names = [name for name, _ in (*instance.backend.env, *instance.backend.pod_env)]
    names += [extra.name for extra in instance.secrets]
    others = [name for item in instance.background for name, _ in (*item.env, *item.pod_env)]
    found += [
        f"{name} is set by the platform; take another name"
        for name in dict.fromkeys((*names, *others))
        if name in _RESERVED_NAMES or name.startswith(_RESERVED_PREFIXES)
    ]
    if len(set(names)) != len(names):
        found.append("backend.env and secrets name a variable twice; remove one")
    found += [
        f"secret key {key} is not the name of a Secrets Manager entry; it must have no wildcard"
        for key in instance.secret_keys
        if not _SECRET_KEY.fullmatch(key)
    ]
    found += _cloud_front_violations(instance.cloud_front)
    prefix = instance.media_prefix
    if not _PREFIX.fullmatch(prefix) or not {".", ".."}.isdisjoint(prefix.split("/")):
        found.append(
            f"media.prefix {prefix!r} must end with a slash, not start with one, and have no "
            "wildcard or part that is empty, . or .."
        )
    found += form_of_exposure(instance.exposure)
    found += [
        f"access names {namespace}/{name}, which is no namespace and name of an AppInstance"
        for namespace, name in sorted(instance.access.named)
        if not (_NAMESPACE.fullmatch(namespace) and _INSTANCE.fullmatch(name))
    ]
    if (instance.namespace, instance.name) in instance.access.named:
        found.append("access names this AppInstance itself; name another one, or leave it out")
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
    return tuple(found)


def _process_violations(process: Component | Process) -> Sequence[str]:
    """Return what is wrong with anything that runs an image, wherever it stands in the spec."""
    found, field = [], process.field
    if not _IMAGE.fullmatch(process.image):
        found.append(
            f"{field}.image {process.image!r} must name a tag or a digest, such as "
            "registry.example.com/app:1.4.2"
        )
    if len(json.dumps(process.env)) > _MAX_ENV:
        found.append(
            f"{field}.env is larger than {_MAX_ENV // 1000} KB in all; put what is "
            "large into the image, or into Secrets Manager"
        )
    found += [
        f"{field}.env: {name} must be taken from one of what the CRD lists"
        for name, source in process.pod_env
        if not _is_answered(source)
    ]
    return found


def _is_answered(source: Mapping[str, Any]) -> bool:
    """Return whether a variable's source is one that the kubelet answers, and no Secret."""
    field, resource = source.get("fieldRef"), source.get("resourceFieldRef")
    if len(source) != 1 or not (field or resource):
        return False
    if field:
        return dict(field).get("fieldPath") in POD_FIELDS and len(field) == 1
    return dict(resource or {}).get("resource") in POD_RESOURCES and len(resource or {}) == 1


def _probe_violations(component: Component) -> Sequence[str]:
    found, probes = [], component.probes
    if probes.port not in (HEALTH_PORT, component.port):
        found.append(
            f"{component.name}.probes.port {probes.port} is neither {HEALTH_PORT} nor the "
            f"component's own port {component.port}; name one of them"
        )
    if component.metrics.port not in (None, HEALTH_PORT, component.port):
        found.append(
            f"{component.name}.metrics.port {component.metrics.port} is neither {HEALTH_PORT} nor "
            f"the component's own port {component.port}; name one of them"
        )
    if probes.startup.seconds > MAX_STARTUP_SECONDS:
        found.append(
            f"{component.name}.probes.startup may go unanswered for {probes.startup.seconds} s; "
            f"{MAX_STARTUP_SECONDS} s is the most (periodSeconds times failureThreshold)"
        )
    return found


def _cloud_front_violations(delivery: CloudFront | None) -> Sequence[str]:
    if delivery is None:
        return ()
    found = []
    if not _DOMAIN.fullmatch(delivery.domain):
        found.append(
            f"media.cloudFront.domain {delivery.domain!r} must be a host name such as "
            "d111111abcdef8.cloudfront.net"
        )
    if not _KEY_PAIR.fullmatch(delivery.key_pair_id):
        found.append(
            f"media.cloudFront.keyPairId {delivery.key_pair_id!r} must be the id of a CloudFront "
            "public key, such as K2JCJMDEHXQW5F"
        )
    return found
