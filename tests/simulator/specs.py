"""The specs that the simulator gives to its instances: each by a number, few enough to compare."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from support.fake_controllers import BAD_IMAGE
from support.golden_settings import DESIRED, golden_values

from appinstance_operator.api.settings import Settings, parse_settings

PLACES = (("acme", "shop"), ("acme", "blog"), ("evil", "shop"))
"""Namespaces and names that instances are made under."""
CONTESTED = "one.apps.example.com"
_IMAGES = ("registry.example.com/backend:v1", "registry.example.com/backend:v2", BAD_IMAGE)
_PAGE = "registry.example.com/frontend:v1"
_OWN_ROLE = "arn:aws:iam::123456789012:role/tenants/{namespace}/app"


POOLS = ("", "blue", "green")
"""Nodes for all pods: the simulated platform's settings change from one to another."""


def settings(pool: str = "") -> Settings:
    """Return the platform's settings of the simulated cluster.

    With two turns a namespace has one of them; with one turn all share it.
    """
    values = golden_values(DESIRED / "golden" / "alb-with-page")
    values["network"] = {"allowedEgress": ["10.40.0.0/16"]}
    values["iam"]["allowedRoleArns"] = [_OWN_ROLE]
    values["rollouts"] = {"maxConcurrent": 1 if pool == "blue" else 2}
    values["pods"] = {"nodeSelector": {"pool": pool}} if pool else {}
    return parse_settings(yaml.safe_load(yaml.safe_dump(values)))


def _plain(namespace: str, name: str) -> dict[str, Any]:
    return {
        "host": f"{name}-{namespace}.apps.example.com",
        "backend": {"image": _IMAGES[0]},
        "database": {"credentials": {"remoteRef": {"key": f"apps/{namespace}/{name}/database"}}},
    }


def _page(spec: dict[str, Any], namespace: str) -> None:
    spec["frontend"] = {"image": _PAGE}


def _contested(spec: dict[str, Any], namespace: str) -> None:
    spec["host"] = CONTESTED


def _contested_beside(spec: dict[str, Any], namespace: str) -> None:
    spec["hosts"] = [f"beside-{namespace}.apps.example.com", CONTESTED]


def _unmigrated(spec: dict[str, Any], namespace: str) -> None:
    spec["database"]["migrate"] = False


def _own_roles(spec: dict[str, Any], namespace: str) -> None:
    arn = _OWN_ROLE.replace("{namespace}", namespace)
    spec["identity"] = {"backendRoleArn": arn, "secretsRoleArn": arn}


def _legacy(spec: dict[str, Any], namespace: str) -> None:
    spec["media"] = {"legacyCredentials": {"remoteRef": {"key": f"apps/{namespace}/keys"}}}


def _scaled(spec: dict[str, Any], namespace: str) -> None:
    spec["backend"]["autoscaling"] = {"minReplicas": 3, "maxReplicas": 5}


def _secrets(spec: dict[str, Any], namespace: str) -> None:
    reference = {"key": f"apps/{namespace}/app", "property": "token"}
    spec["secrets"] = [{"name": "APP_TOKEN", "remoteRef": reference}]
    spec["frontend"] = {"image": _PAGE}


def _egress(spec: dict[str, Any], namespace: str) -> None:
    spec["network"] = {"egress": [{"cidr": "10.40.1.0/24", "ports": [443]}]}
    spec["backend"]["replicas"] = 1


def _media(spec: dict[str, Any], namespace: str) -> None:
    spec["media"] = {"prefix": f"{namespace}/elsewhere/"}


def _retained(spec: dict[str, Any], namespace: str) -> None:
    spec["deletionPolicy"] = "Retain"


def _suspended(spec: dict[str, Any], namespace: str) -> None:
    spec["suspend"] = True


def _not_allowed(spec: dict[str, Any], namespace: str) -> None:
    spec["database"]["credentials"]["remoteRef"]["key"] = "apps/somebody-else/database"


def _second_image(spec: dict[str, Any], namespace: str) -> None:
    spec["backend"]["image"] = _IMAGES[1]


def _bad_image(spec: dict[str, Any], namespace: str) -> None:
    spec["backend"]["image"] = _IMAGES[2]


def _bare(spec: dict[str, Any], namespace: str) -> None:
    """An app that needs no database and no bucket."""
    del spec["database"]
    spec["media"] = {"enabled": False}


def _owning(spec: dict[str, Any], namespace: str) -> None:
    """A worker and a job with roles of their own."""
    process = {"args": ["x"], "uses": ["media"], "role": "Own"}
    spec["workers"] = [{"name": "prune", **process}]
    spec["jobs"] = [{"name": "nightly", "schedule": "@daily", **process, "role": "ReadOnly"}]


_CHANGES = (
    (),
    (_page,),
    (_second_image,),
    (_page, _second_image),
    (_bad_image,),
    (_contested,),
    (_contested, _page),
    (_unmigrated,),
    (_unmigrated, _second_image),
    (_own_roles,),
    (_legacy,),
    (_scaled,),
    (_secrets,),
    (_egress, _contested_beside),
    (_media,),
    (_retained,),
    (_suspended,),
    (_not_allowed,),
)
VARIANTS = len(_CHANGES)
OWNING = 5 * VARIANTS
"""Added to a number: the same spec, with roles of its worker's and its job's own."""


def spec(place: tuple[str, str], number: int) -> dict[str, Any]:
    """Return the spec of that number for an instance of that place."""
    namespace, name = place
    result = copy.deepcopy(_plain(namespace, name))
    for change in _CHANGES[number % VARIANTS]:
        change(result, namespace)
    # Numbers that recorded runs do not have.
    if number // VARIANTS % 7 == 4:
        _bare(result, namespace)
    elif number // VARIANTS % 7 == OWNING // VARIANTS and "legacyCredentials" not in result.get(
        "media", {}
    ):
        _owning(result, namespace)
    return result


def body(place: tuple[str, str], number: int) -> dict[str, Any]:
    """Return an AppInstance with that spec, with what the CRD fills in."""
    namespace, name = place
    wanted = spec(place, number)
    wanted.setdefault("deletionPolicy", "Delete")
    wanted.setdefault("suspend", False)
    return {
        "apiVersion": "platform.appinstance.io/v1alpha1",
        "kind": "AppInstance",
        "metadata": {"namespace": namespace, "name": name},
        "spec": wanted,
    }
