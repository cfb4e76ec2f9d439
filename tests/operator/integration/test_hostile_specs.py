"""A hostile tenant before an operator alone: without the chart's policies it refuses the same.

The attempts of support.hostile_specs are put into the cluster and must end as `Stalled/NotAllowed`
with their sentence and nothing made; mended, each goes on. Hosts and names are what only the
operator can judge, since it sees more than one object.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import hostile_objects, hostile_specs
from support.admission import FINALIZER, hostile_settings
from support.apiserver import started
from support.crds import install_crds
from support.hostile_specs import ATTEMPTS, TENANT, VICTIM
from support.operator_world import World
from support.people import Person, administrator, manifest
from support.ports import free_port
from support.waiting import wait_for

pytestmark = pytest.mark.integration

REFUSED = {name: attempt for name, attempt in ATTEMPTS.items() if not attempt.by_form}
NAMES = {name: f"t{number}" for number, name in enumerate(REFUSED)}
KINDS = (
    "NetworkPolicy", "ServiceAccount", "Service", "ConfigMap", "SecretStore", "ExternalSecret",
    "Ingress", "Deployment", "Job",
)  # fmt: skip


class Hostile(World):
    """A world with the settings that the attempts are made for."""

    def settings(self) -> Path:
        """Write the settings and return their path."""
        path = self.server.folder / "hostile.yaml"
        path.write_text(yaml.safe_dump({**hostile_settings(), "awsEndpointUrl": self.moto}))
        return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, moto: str) -> Iterator[Hostile]:
    """An operator on an API server of its own; both namespaces are known to it."""
    with started(tmp_path_factory.mktemp("hostile")) as server:
        install_crds(server)
        for namespace in (TENANT, VICTIM):
            assert administrator(server).create_namespace(namespace).status == 201
        world = Hostile(server, moto, free_port(), TENANT)
        world.start()
        yield world
        world.stop()


@pytest.fixture(scope="module")
def people(hostile: Hostile) -> Person:
    """Somebody who may write everything: no policy and no rule stands before the operator here."""
    return hostile.admin


def _has_no_instance(people: Person, namespace: str) -> bool:
    return people.listed(namespace, "AppInstance") == []


@pytest.fixture(autouse=True)
def _swept(people: Person) -> Iterator[None]:
    """Leave nothing to the next test; nobody collects garbage here."""
    yield
    for namespace in (TENANT, VICTIM):
        people.delete_all(namespace, "AppInstance")
        wait_for(
            "the instances to go",
            partial(_has_no_instance, people, namespace),
        )
        for kind in KINDS:
            people.delete_all(namespace, kind)


def _instance(name: str, changes: dict[str, Any], *, host: str = "") -> dict[str, Any]:
    spec = hostile_specs.spec({"host": f"{name}.apps.example.com", **changes})
    if host:
        spec["host"] = host
    return manifest("AppInstance", name, spec=spec)


def _conditions(hostile: Hostile, namespace: str, kind: str) -> dict[str, dict[str, Any]]:
    return {
        item["metadata"]["name"]: condition
        for item in hostile.admin.listed(namespace, "AppInstance")
        for condition in item.get("status", {}).get("conditions", ())
        if condition["type"] == kind
    }


def _stalled(world: Hostile, name: str, reason: str, namespace: str = TENANT) -> str:
    """Wait until an instance is stalled for a reason, and return the sentence."""

    def look() -> str:
        condition = _conditions(world, namespace, "Stalled").get(name, {})
        return str(condition["message"]) if condition.get("reason") == reason else ""

    return wait_for(f"{name} to be stalled, {reason}", look)


def _objects(world: Hostile, namespace: str = TENANT) -> set[str]:
    """Return the objects of a namespace, without what Kubernetes itself puts there."""
    found = {
        f"{kind}/{item['metadata']['name']}"
        for kind in KINDS
        for item in world.admin.listed(namespace, kind)
    }
    return {item for item in found if not item.endswith(("/kube-root-ca.crt", "/default"))}


def _remove(people: Person, name: str, namespace: str = TENANT) -> None:
    people.delete(namespace, "AppInstance", name)
    wait_for(
        f"{name} to go",
        lambda: people.get(namespace, "AppInstance", name).status == 404,
    )


def test_every_attempt_ends_with_its_sentence_and_the_mended_spec_goes_on(
    hostile: Hostile, people: Person
) -> None:
    before = _objects(hostile)
    for name, attempt in REFUSED.items():
        created = people.create(TENANT, _instance(NAMES[name], dict(attempt.changes)))
        assert created.status == 201, created.message
    wait_for(
        "all to be stalled",
        lambda: set(_conditions(hostile, TENANT, "Stalled")) == set(NAMES.values()),
    )
    stalled = _conditions(hostile, TENANT, "Stalled")
    ready = _conditions(hostile, TENANT, "Ready")
    for name, attempt in REFUSED.items():
        found = stalled[NAMES[name]]
        assert found["reason"] == "NotAllowed", name
        assert attempt.sentence in found["message"], name
        assert ready[NAMES[name]]["status"] == "False", name
    assert _objects(hostile) == before, "something was made of a spec that is not allowed"
    assert hostile.roles() == []

    for name, attempt in REFUSED.items():
        host = f"{NAMES[name]}.apps.example.com"
        mended = _instance(NAMES[name], dict(attempt.allowed), host=host)["spec"]
        replaced = [{"op": "replace", "path": "/spec", "value": mended}]
        answer = people.patch(TENANT, "AppInstance", NAMES[name], replaced)
        assert answer.status == 200, answer.message
    wait_for("all to go on", lambda: _conditions(hostile, TENANT, "Stalled") == {})
    wanted = {f"NetworkPolicy/{name}-default-deny" for name in NAMES.values()}
    wait_for("their policies", lambda: wanted <= _objects(hostile))


def test_a_host_is_the_first_ones(hostile: Hostile, people: Person) -> None:
    host = "wanted.apps.example.com"
    key = {"database.credentials.remoteRef.key": "apps/acme/first/database"}
    assert people.create(VICTIM, _instance("first", key, host=host)).status == 201
    wait_for("the first one", lambda: "Service/first-backend" in _objects(hostile, VICTIM))
    # Before the first one's Ingress is there, which waits for its pods.
    assert people.create(TENANT, _instance("later", {}, host=host)).status == 201
    sentence = _stalled(hostile, "later", "HostTaken")
    assert host in sentence
    assert VICTIM not in sentence
    assert "first" not in sentence
    assert not {item for item in _objects(hostile) if "/later" in item}
    # One that exists, and turns to the host by a change of its spec.
    assert people.create(TENANT, _instance("own", {})).status == 201
    wait_for("a free host", lambda: "Service/own-backend" in _objects(hostile))
    people.patch(TENANT, "AppInstance", "own", {"spec": {"host": host}})
    _stalled(hostile, "own", "HostTaken")
    _remove(people, "first", VICTIM)
    wait_for("one to get it", lambda: len(_conditions(hostile, TENANT, "Stalled")) == 1)


THEIRS = {
    "Ingress": ("Ingress", "shop", {"spec": hostile_objects.ingress()["spec"]}),
    "Service": ("Service", "shop-backend", {"spec": hostile_objects.service("ClusterIP")["spec"]}),
    "ServiceAccount": ("ServiceAccount", "shop-secrets", {}),
    "ConfigMap": ("ConfigMap", "shop-database-ca", {"data": {"ca.crt": "theirs"}}),
    "NetworkPolicy": (
        "NetworkPolicy", "shop-default-deny",
        {"spec": {"podSelector": {"matchLabels": {"app": "theirs"}}}},
    ),
    "SecretStore": (
        "SecretStore", "shop",
        {"spec": hostile_objects.store({"jwt": {"serviceAccountRef": {"name": "x"}}})["spec"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", THEIRS, ids=str)
def test_an_object_of_that_name_is_left_alone(hostile: Hostile, people: Person, case: str) -> None:
    kind, name, parts = THEIRS[case]
    theirs = people.create(TENANT, manifest(kind, name, **parts))
    assert theirs.status == 201, theirs.message
    more = {"secrets": [{"name": "TOKEN", "remoteRef": {"key": "apps/evil/shop/app"}}]}
    assert people.create(TENANT, _instance("shop", more)).status == 201
    if kind == "Ingress":
        # Which comes when the gates before the pods are open.
        hostile.sync_secrets()
        hostile.finish_job(wait_for("the migration", hostile.jobs)[-1])
    sentence = _stalled(hostile, "shop", "NameTaken")
    assert kind in sentence
    assert name in sentence
    now = hostile.get(kind, name)
    assert now["metadata"]["resourceVersion"] == theirs.body["metadata"]["resourceVersion"]
    people.delete(TENANT, kind, name)
    # Nothing tells the operator that it went: it looks after ten minutes, or at a change.
    people.patch(TENANT, "AppInstance", "shop", {"spec": {"deletionPolicy": "Retain"}})
    wait_for("the way on", lambda: "shop" not in _conditions(hostile, TENANT, "Stalled"))
    wait_for(
        "the operator's own",
        lambda: hostile.get(kind, name).get("metadata", {}).get("ownerReferences"),
    )


def test_labels_and_owners_that_point_elsewhere_move_nothing(
    hostile: Hostile, people: Person
) -> None:
    key = {"database.credentials.remoteRef.key": "apps/acme/acme/database"}
    victim = people.create(VICTIM, _instance("acme", key))
    assert victim.status == 201, victim.message
    wait_for("acme's objects", lambda: "Service/acme-backend" in _objects(hostile, VICTIM))
    made = _objects(hostile, VICTIM)
    assert people.create(TENANT, _instance("shop", {})).status == 201
    wait_for("shop's objects", lambda: "Service/shop-backend" in _objects(hostile))
    owner = {
        "apiVersion": "platform.appinstance.io/v1alpha1", "kind": "AppInstance", "name": "acme",
        "uid": victim.body["metadata"]["uid"], "controller": True,
    }  # fmt: skip

    def labels(instance: str) -> dict[str, str]:
        return {
            "app.kubernetes.io/name": "appinstance",
            "app.kubernetes.io/instance": instance,
            "app.kubernetes.io/managed-by": "appinstance-operator",
            "app.kubernetes.io/part-of": "appinstance-platform",
        }

    tricks = {
        # Like acme's own, in another namespace.
        "acme-database-ca": manifest(
            "ConfigMap", "acme-database-ca", labels=labels("acme"), owners=[owner]
        ),
        # Like a leftover of shop's, that shop does not own.
        "shop-leftover": manifest("ConfigMap", "shop-leftover", labels=labels("shop")),
        # Like one of acme's by its labels alone.
        "acme": manifest("ServiceAccount", "acme", labels=labels("acme")),
    }
    versions = {}
    for name, body in tricks.items():
        answer = people.create(TENANT, {**body})
        assert answer.status == 201, answer.message
        versions[name] = answer.body["metadata"]["resourceVersion"]
    looked = hostile.metric("controller_runtime_reconcile_total")
    for namespace, name in ((VICTIM, "acme"), (TENANT, "shop")):
        people.patch(namespace, "AppInstance", name, {"spec": {"backend": {"image": "a:2"}}})
    hostile.wait_reconciled(looked)
    for name, body in tricks.items():
        now = hostile.get(body["kind"], name)
        assert now["metadata"]["resourceVersion"] == versions[name], name
    assert made <= _objects(hostile, VICTIM)
    _remove(people, "acme", VICTIM)
    for name, body in tricks.items():
        assert hostile.get(body["kind"], name)["metadata"]["resourceVersion"] == versions[name]


def test_a_finalizer_that_is_patched_away_comes_back(hostile: Hostile, people: Person) -> None:
    def finalizers() -> list[str]:
        return list(hostile.get("appi", "shop").get("metadata", {}).get("finalizers", ()))

    assert people.create(TENANT, _instance("shop", {})).status == 201
    wait_for("the finalizer", lambda: FINALIZER in finalizers())
    people.patch(TENANT, "AppInstance", "shop", {"metadata": {"finalizers": None}})
    wait_for("it to be back", lambda: FINALIZER in finalizers())
