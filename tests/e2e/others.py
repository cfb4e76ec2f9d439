"""What is not ours on the cluster: it is there first, and is the same when we are gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from e2e.support import kubectl, wait_for, wait_until_not_ending

from appinstance_operator.kube.drift import differences

OTHERS = Path(__file__).with_name("others.yaml")
NAMESPACE = "logistics"
_RULES = ("ResourceQuota", "LimitRange", "NetworkPolicy")


def bodies() -> list[dict[str, Any]]:
    """Return them as they were written."""
    return list(yaml.safe_load_all(OTHERS.read_text()))


def bring() -> None:
    """Put them there."""
    for kind, name in (("namespace", NAMESPACE), ("crd", "appinstances.zoo.example.com")):
        wait_until_not_ending(kind, name)
    # One is of a kind that is among them, so it is taken only when that is served.
    wait_for("what is others'", lambda: kubectl("apply", "-f", str(OTHERS)))


def rules_in(namespace: str) -> None:
    """Give a namespace the quota, the defaults and the closed network that theirs has."""
    rules = [body for body in bodies() if body["kind"] in _RULES]
    for body in rules:
        body["metadata"]["namespace"] = namespace
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rules))


def take_away() -> None:
    """Remove them; nobody waits for their end."""
    kubectl("delete", "-f", str(OTHERS), "--ignore-not-found", "--wait=false")


def identities() -> dict[str, str]:
    """Return the uid of each, by kind and name; an error where one is gone."""
    return {_name(body): body["metadata"]["uid"] for body in _live()}


def touched() -> list[str]:
    """Return those that we wrote to or own, or that no longer say what was written."""
    live = {_name(body): body for body in _live()}
    return [
        name
        for name, written in ((_name(body), body) for body in bodies())
        if differences(written, live[name]) or _is_touched(live[name]["metadata"])
    ]


def _is_touched(meta: dict[str, Any]) -> bool:
    managers = [entry["manager"] for entry in meta["managedFields"]]
    return "ownerReferences" in meta or any(
        manager.startswith(("appinstance", "helm")) for manager in managers
    )


def _name(body: dict[str, Any]) -> str:
    return f"{body['kind']}/{body['metadata']['name']}"


def _live() -> list[dict[str, Any]]:
    told = kubectl("get", "-f", str(OTHERS), "-o", "json", "--show-managed-fields")
    items: list[dict[str, Any]] = json.loads(told)["items"]
    return items
