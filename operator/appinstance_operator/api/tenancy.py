"""Who may name what: the rule that a namespace is a tenant, hostile to every other one. Pure.

Whoever edits a namespace may create AppInstances in it, and the operator holds rights over all of
them. So a spec names only what lies under its own namespace, or what a grant in the platform's
settings adds. Prefixes compare by whole parts and nothing is normalised: a path with `..` is one
that does not begin as it should. The boundary of every role says the same once more, by the role's
tags (desired/boundary.py), and the chart's admission policies say it at `kubectl apply`.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Iterator

from .exposure import foreign_certificate, unsupported_exposure
from .grants import Grant
from .groups import beyond_groups
from .scheduling import unoffered_nodes
from .settings import Settings
from .spec import AppInstance


def grants_of(namespace: str, settings: Settings) -> tuple[Grant, ...]:
    """Return the grants of a namespace."""
    return tuple(grant for grant in settings.tenancy.grants if grant.covers(namespace))


def entry_prefix(namespace: str, settings: Settings) -> str:
    """Return the prefix of the namespace's own entries, such as `apps/acme/`."""
    return settings.secrets.allowed_prefix.replace("{namespace}", namespace)


def boundary_arn(namespace: str, settings: Settings) -> str:
    """Return the boundary that roles of the namespace carry: the common one, or its grant's."""
    own = (grant.permissions_boundary_arn for grant in grants_of(namespace, settings))
    return next(filter(None, own), settings.iam.permissions_boundary_arn)


def boundary_arns(settings: Settings) -> tuple[str, ...]:
    """Return every boundary that some role may carry, the common one first."""
    more = {grant.permissions_boundary_arn for grant in settings.tenancy.grants}
    common = settings.iam.permissions_boundary_arn
    return (common, *sorted(arn for arn in more if arn and arn != common))


def _foreign_entries(instance: AppInstance, settings: Settings) -> Iterator[str]:
    own = entry_prefix(instance.namespace, settings)
    grants = grants_of(instance.namespace, settings)
    prefixes = (own, *(prefix for grant in grants for prefix in grant.secret_prefixes))
    for key in instance.secret_keys:
        if not key.startswith(prefixes):
            yield (
                f"secret key {key} is outside of this namespace's prefix {own}; move the entry "
                "there, or ask the platform team for a grant"
            )


def _foreign_media(instance: AppInstance, settings: Settings) -> Iterator[str]:
    own = f"{instance.namespace}/"
    grants = grants_of(instance.namespace, settings)
    buckets = {bucket for grant in grants for bucket in grant.buckets}
    bucket = instance.media_bucket
    if bucket is not None and bucket != settings.media.bucket and bucket not in buckets:
        yield f"media.bucket {bucket} is not the platform's; leave it out, or ask for a grant"
    prefixes = (own, *(prefix for grant in grants for prefix in grant.media_prefixes))
    if not instance.media_prefix.startswith(prefixes):
        yield (
            f"media.prefix {instance.media_prefix} is outside of this namespace's prefix {own}; "
            "begin it so, or ask the platform team for a grant"
        )


def _foreign_host(instance: AppInstance, settings: Settings) -> Iterator[str]:
    grants = grants_of(instance.namespace, settings)
    domains = (*settings.edge.domains, *(domain for grant in grants for domain in grant.domains))
    most = settings.edge.host_labels
    allowed = ", ".join(f"*.{domain}" for domain in domains)
    labels = "one label" if most == 1 else f"at most {most} labels"
    for host in instance.served_hosts:
        if not any(_is_below(host, domain, most) for domain in domains):
            yield f"host {host} is not {labels} below one of the platform's domains ({allowed})"


def _is_below(host: str, domain: str, most: int) -> bool:
    below = host.removesuffix(f".{domain}")
    return below != host and bool(below) and len(below.split(".")) <= most


def _foreign_egress(instance: AppInstance, settings: Settings) -> Iterator[str]:
    grants = grants_of(instance.namespace, settings)
    cidrs = (
        *settings.network.allowed_egress,
        *(cidr for grant in grants for cidr in grant.egress),
    )
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    for rule in instance.network.egress:
        wanted = ipaddress.ip_network(rule["cidr"])
        if not any(_within(wanted, network) for network in networks):
            where = ", ".join(cidrs) or "none"
            yield (
                f"network.egress {wanted} is outside of what the platform allows ({where}); ask "
                "the platform team for a grant"
            )


def _within(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network,
    outer: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def _foreign_roles(instance: AppInstance, settings: Settings) -> Iterator[str]:
    grants = grants_of(instance.namespace, settings)
    patterns = (
        *settings.iam.allowed_role_arns,
        *(arn for grant in grants for arn in grant.role_arns),
    )
    brought = {
        "identity.backendRoleArn": instance.backend_role_arn,
        "identity.secretsRoleArn": instance.secrets_role_arn,
    }
    for field, arn in brought.items():
        if arn and not _matches_one(arn, patterns, instance.namespace):
            yield (
                f"{field} {arn} is not one of the roles that this namespace may bring; leave it "
                "out, and the operator manages one, or ask the platform team for a grant"
            )


def _matches_one(arn: str, patterns: Iterable[str], namespace: str) -> bool:
    """Return whether an ARN matches a pattern; `*` does not go beyond a slash or a colon."""
    for pattern in patterns:
        parts = pattern.replace("{namespace}", namespace).split("*")
        if re.fullmatch("[^/:]*".join(map(re.escape, parts)), arn):
            return True
    return False


def violations(instance: AppInstance, settings: Settings) -> tuple[str, ...]:
    """Return a sentence for each thing that the instance's namespace may not name."""
    return (
        *_foreign_host(instance, settings),
        *_foreign_entries(instance, settings),
        *_foreign_media(instance, settings),
        *_foreign_egress(instance, settings),
        *_foreign_roles(instance, settings),
        *foreign_certificate(instance.exposure, grants_of(instance.namespace, settings)),
    )


def inexpressible(instance: AppInstance, settings: Settings) -> tuple[str, ...]:
    """Return a sentence for each part that this platform's layers of network can't express."""
    groups = settings.pod_security_groups
    return tuple(beyond_groups(instance, groups)) if groups else ()


def unsupported(instance: AppInstance, settings: Settings) -> tuple[str, ...]:
    """Return a sentence for each part of the spec that this platform does not carry out."""
    found = list(unsupported_exposure(instance, settings))
    found += unoffered_nodes(instance.scheduling, settings.pods.allowed_node_labels)
    own = [process.field for process in instance.with_own_role]
    if len(own) > settings.iam.max_own_roles:
        found.append(
            f"{len(own)} workers and jobs have a role of their own ({', '.join(own)}); this "
            f"platform makes {settings.iam.max_own_roles} for an AppInstance, as an account has "
            "few: leave role out of the others, which then share the backend's"
        )
    if instance.provision and settings.database.provisioning is None:
        found.append(
            "database.provision is not offered by this platform (its settings have no "
            "database.provisioning); name an entry by database.credentials"
        )
    return tuple(found)


def provisioned_key(namespace: str, name: str, settings: Settings) -> str:
    """Return the entry that an instance's provisioned database has, under its own prefix."""
    return f"{entry_prefix(namespace, settings)}{name}/database"


def resolved(instance: AppInstance, settings: Settings) -> AppInstance:
    """Return the instance with the entry of its database, whoever made that."""
    if not instance.provision:
        return instance
    key = provisioned_key(instance.namespace, instance.name, settings)
    return dataclasses.replace(instance, database_key=key)
