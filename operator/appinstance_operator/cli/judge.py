"""What of a resource can be judged without a cluster: by the CRD, by the operator, by settings.

Each verdict says, too, what it has not judged: only a cluster can show whether a host is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from appinstance_operator.api import spec, tenancy
from appinstance_operator.api.errors import InvalidSpec

from . import objectmeta, schema

if TYPE_CHECKING:
    from appinstance_operator.api.settings import Settings

API_VERSION = f"{spec.GROUP}/{spec.VERSION}"
NEVER_OFFLINE = (
    "whether the host and the names of the objects are free",
    "whether the Secrets Manager entries, buckets, roles and images exist",
    "quotas, admission policies and who may create it",
)
WITHOUT_SETTINGS = (
    "whether the host lies below the platform's domains, and whether this namespace may name the "
    "entries, prefixes, networks and roles that it names (--settings)"
)


@dataclass(frozen=True)
class Verdict:
    """What is wrong with one resource, and what was not looked at."""

    name: str
    api_server: tuple[schema.Problem, ...] = ()
    """What `kubectl apply` refuses."""
    operator: tuple[str, ...] = ()
    """What the operator refuses although it could be created."""
    unjudged: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Return whether anything is wrong."""
        return bool(self.api_server or self.operator)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return all that is wrong."""
        return (*map(str, self.api_server), *self.operator)


@cache
def crd_schema() -> Mapping[str, Any]:
    """Return the schema of the CRD that comes with this program."""
    text = files(__package__).joinpath("appinstances.crd.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    (version,) = yaml.load(text, loader)["spec"]["versions"]  # noqa: S506
    found: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def refusals(body: Any) -> tuple[schema.Problem, ...]:
    """Return what the API server says of a resource that is to be created; nothing: it takes it."""
    if not isinstance(body, dict):
        return (schema.Problem("", "this is not a mapping; see `appinstance init`"),)
    if body.get("kind") != spec.KIND or body.get("apiVersion") != API_VERSION:
        return (schema.Problem("", f"apiVersion must be {API_VERSION} and kind {spec.KIND}"),)
    whole = crd_schema()
    # Metadata is Kubernetes' own. Of a status only the fields' names count; then it is dropped.
    known = {**whole, "properties": {**whole["properties"], "metadata": objectmeta.SCHEMA}}
    found = list(schema.unknown_fields(known, body))
    found += objectmeta.problems(body.get("metadata"))
    if found and any(item.field.startswith("metadata") for item in found):
        body = {**body, "metadata": {"name": "name"}}
    else:
        body = _named(body)
    complete = schema.completed(whole, {key: body[key] for key in body if key != "status"})
    found += schema.problems(whole, {key: complete[key] for key in complete if key != "status"})
    return tuple(dict.fromkeys(found))


def _named(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource with a name, where the API server is to make one."""
    meta = body["metadata"]
    if meta.get("name") or not meta.get("generateName"):
        return dict(body)
    return {**body, "metadata": {**meta, "name": objectmeta.generated(meta["generateName"])}}


def verdict(body: Any, settings: Settings | None, namespace: str = "default") -> Verdict:
    """Return the verdict on one resource; one without a namespace is judged as in `namespace`."""
    refused = refusals(body)
    meta = body.get("metadata") if isinstance(body, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    name = f"{meta.get('namespace') or namespace}/{meta.get('name') or meta.get('generateName')}"
    missing = NEVER_OFFLINE if settings else (WITHOUT_SETTINGS, *NEVER_OFFLINE)
    if refused:
        return Verdict(name, refused, (), missing)
    try:
        instance = spec.parse(complete(body, namespace))
    except InvalidSpec as error:
        return Verdict(name, (), (error.message,), missing)
    if instance.access.named:
        missing = (*missing, "whether those that it names under access name it, too")
    said: tuple[str, ...] = ()
    if settings is not None:
        instance = tenancy.resolved(instance, settings)
        said += tenancy.unsupported(instance, settings)
        said += tenancy.inexpressible(instance, settings)
        said += tenancy.violations(instance, settings)
    return Verdict(name, (), said, missing)


def complete(body: Mapping[str, Any], namespace: str = "default") -> dict[str, Any]:
    """Return an accepted resource as the API server would hand it to the operator."""
    full: dict[str, Any] = schema.completed(
        crd_schema(), {key: value for key, value in _named(body).items() if key != "status"}
    )
    full.pop("status", None)
    full["metadata"] = {key: value for key, value in full["metadata"].items() if value is not None}
    full["metadata"]["namespace"] = full["metadata"].get("namespace") or namespace
    return full
