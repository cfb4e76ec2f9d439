"""The end of a run: after faults stop, each instance is exactly what a fresh one of its spec is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from support.fake_cluster import Body

from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired import iam
from simulator import specs
from simulator.oracles import Violation, condition
from simulator.world import SETTINGS, World

_SERVERS = frozenset(
    {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "annotations"}
)
Snapshot = dict[str, Any]
_FRESH: dict[str, Snapshot] = {}


def _bare(body: Body) -> Any:
    """Return an object without what differs from one creation to the next."""
    meta = {key: value for key, value in body["metadata"].items() if key not in _SERVERS}
    meta["ownerReferences"] = [
        {**owner, "uid": "its own"} for owner in meta.get("ownerReferences") or ()
    ]
    if body["kind"] == "Job":
        # It ran once, for its image; what else was so then does not matter any more.
        return body["spec"]["template"]["spec"]["containers"][0]["image"]
    kept = {key: value for key, value in body.items() if key not in {"metadata", "status"}}
    if body["kind"] != "Secret":
        annotations = body["metadata"].get("annotations") or {}
        meta["annotations"] = {
            key: value for key, value in annotations.items() if not key.endswith("applied-hash")
        }
    return {**kept, "metadata": meta}


def _owned(world: World, uid: str) -> dict[str, Body]:
    uids = {uid}
    found: dict[str, Body] = {}
    for _ in range(2):  # Secrets belong to ExternalSecrets, and those to the instance
        for (kind, _, name), stored in world.cluster.objects.items():
            owners = {
                owner["uid"] for owner in stored.body["metadata"].get("ownerReferences") or ()
            }
            if owners & uids:
                found[f"{kind}/{name}"] = stored.body
                uids.add(stored.uid)
    return found


def snapshot(world: World, place: tuple[str, str]) -> Snapshot:
    """Return all that an instance has, and what its status says."""
    body = world.cluster.get("AppInstance", *place)
    assert body is not None
    conditions = {
        item["type"]: [item["status"], item["reason"]] for item in body["status"]["conditions"]
    }
    status = {
        key: value
        for key, value in body["status"].items()
        if key not in {"conditions", "observedGeneration"}
    }
    return {
        "objects": {
            name: _bare(child) for name, child in _owned(world, body["metadata"]["uid"]).items()
        },
        "conditions": conditions,
        "status": status,
    }


def fresh(place: tuple[str, str], spec: Mapping[str, Any], settings: Settings) -> Snapshot:
    """Return what a new instance of a spec comes to in a world where nothing goes wrong."""
    key = json.dumps([place, spec, settings.pods.node_selector], sort_keys=True)
    if key not in _FRESH:
        world = World(settings)
        world.cluster.create("user", "AppInstance", {**specs.body(place, 0), "spec": spec})
        if not world.come_to_rest():
            raise Violation(f"a fresh instance does not come to rest: {spec}")
        world.oracles.raise_found()
        _FRESH[key] = snapshot(world, place)
    return _FRESH[key]


def _differences(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in one.keys() | other.keys():
            found += _differences(one.get(key), other.get(key), f"{path}.{key}")
        return sorted(found)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [item for index, pair in pairs for item in _differences(*pair, f"{path}[{index}]")]
    return [] if one == other else [f"{path}: {str(one)[:200]} instead of {str(other)[:200]}"]


def _check_roles(world: World, body: Body) -> None:
    for wanted in iam.roles(parse(body), SETTINGS):
        role = world.iam.roles.get(wanted.name)
        if role is None:
            world.oracles.violation(f"role {wanted.name} is missing")
            continue
        right = (
            role.trust == wanted.trust
            and role.policies == {wanted.policy_name: wanted.policy}
            and role.boundary == wanted.boundary_arn
            and role.attached == ()
            and role.tags == wanted.tags
        )
        if not right:
            world.oracles.violation(f"role {wanted.name} is not as it should be: {role}")


def _check_instance(world: World, body: Body) -> None:
    place = (body["metadata"]["namespace"], body["metadata"]["name"])
    wanted = fresh(place, body["spec"], world.leader.settings)
    reached = snapshot(world, place)
    if condition(body, "Stalled").get("reason") == "HostTaken":
        _check_loser(world, body)
        return
    if wanted["conditions"]["Ready"][0] == "True":
        differences = _differences(reached, wanted)
    else:
        differences = _differences(
            reached["conditions"]["Ready"], wanted["conditions"]["Ready"], "Ready"
        )
        # A suspended or refused instance keeps what it had.
        # What a spec before it had may stay until the new pods run.
        there = {name: reached["objects"].get(name) for name in wanted["objects"]}
        differences += _differences(there, wanted["objects"], "objects")
    if differences:
        world.oracles.violation(f"{place} is not what a fresh one is: {differences[:4]}")
    if wanted["conditions"].get("CloudAccessReady"):
        _check_roles(world, body)


def _check_loser(world: World, body: Body) -> None:
    """Check that each host of which an instance is told that it is taken is somebody else's."""
    named = (body["spec"]["host"], *body["spec"].get("hosts", ()))
    said = condition(body, "Stalled")["message"]
    taken = [host for host in named if f"host {host} is taken" in said]
    if not taken or any(_is_free(world, body, host) for host in taken):
        name = body["metadata"]["name"]
        world.oracles.violation(f"{name} is told that a host is taken that is free")


def _is_free(world: World, body: Body, host: str) -> bool:
    """Return whether no other instance names a host, or serves it still though refused since."""
    for other in world.cluster.of_kind("AppInstance"):
        if other.body is body:
            continue
        meta = other.body["metadata"]
        ingress = world.cluster.get("Ingress", meta["namespace"], meta["name"]) or {}
        served = [rule["host"] for rule in ingress.get("spec", {}).get("rules", ())]
        spec = other.body["spec"]
        if host in (spec["host"], *spec.get("hosts", ()), *served):
            return False
    return True


def end(world: World) -> None:
    """Stop the faults and check everything; raises Violation."""
    world.oracles.raise_found()
    world.end_faults()
    world.end_foreign()
    world.oracles.raise_found()
    if not world.come_to_rest():
        world.oracles.violation("it never comes to rest")
    world.oracles.raise_found()
    for instance in list(world.cluster.of_kind("AppInstance")):
        if instance.body["metadata"].get("deletionTimestamp"):
            world.oracles.violation(f"{instance.body['metadata']['name']} is never let go")
        else:
            _check_instance(world, instance.body)
    world.oracles.check_roles()
    world.oracles.raise_found()
