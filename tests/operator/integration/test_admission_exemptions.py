"""Who the policies let through: controllers, the exempt, and the operator for what it owns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from support import hostile_objects, hostile_specs
from support.admission import BEFORE, NAMESPACE, Court
from support.hostile_specs import TENANT
from support.people import manifest
from support.waiting import wait_for

pytestmark = pytest.mark.integration


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize(
    ("person", "groups"),
    [
        ("system:serviceaccount:kube-system:aws-load-balancer-controller", ()),
        ("system:serviceaccount:kube-system:generic-garbage-collector", ()),
        ("somebody", ("system:masters",)),
    ],
)
def test_controllers_mark_the_operators_ingress(
    court: Court, person: str, groups: tuple[str, ...]
) -> None:
    someone = court.someone(person, *groups)
    mark = {"metadata": {"finalizers": ["ingress.k8s.aws/resources"]}}
    assert someone.patch(TENANT, "Ingress", "ours", mark, dry=True).status == 200
    status = {"status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}}
    assert someone.patch(TENANT, "Ingress", "ours", status, "/status", dry=True).status == 200


@pytest.mark.parametrize(
    ("person", "groups", "allowed"),
    [
        ("system:serviceaccount:kube-system:aws-load-balancer-controller", (), True),
        ("system:serviceaccount:external-secrets:external-secrets", (), True),
        ("root", ("system:masters",), True),
        ("system:serviceaccount:kube-system:something-else", (), False),
        ("root", ("masters",), False),
    ],
)
def test_the_exempt_are_exempt_and_nobody_else(
    court: Court, person: str, groups: tuple[str, ...], *, allowed: bool
) -> None:
    someone = court.someone(person, *groups)
    for name in ("own pods behind another's load balancer", "a secret from the cluster's store"):
        answer = someone.create(TENANT, hostile_objects.ATTEMPTS[name].body, dry=True)
        assert answer.status == (201 if allowed else 403), answer.message


@pytest.mark.parametrize(("namespace", "allowed"), [("kube-system", True), ("monitoring", False)])
def test_an_exempt_namespace_is_free(court: Court, namespace: str, *, allowed: bool) -> None:
    body = hostile_objects.ingress("grafana.apps.example.com", "alb")
    answer = court.someone("installer").create(namespace, body, dry=True)
    assert answer.status == (201 if allowed else 403), answer.message


@pytest.mark.parametrize(
    ("labels", "allowed"),
    [
        *(({key: value}, True) for key, value in BEFORE.items()),
        (dict.fromkeys(BEFORE, "no"), False),
        ({"before-appinstance": "true"}, False),
    ],
)
def test_a_namespace_that_was_there_before_is_free_by_its_label(
    court: Court, labels: dict[str, str], *, allowed: bool
) -> None:
    name = f"n{hashlib.sha256(json.dumps(labels).encode()).hexdigest()[:12]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    court.server.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    installer = court.someone("installer")

    def answers(*bodies: Mapping[str, Any]) -> set[int]:
        return {installer.create(name, body, dry=True).status for body in bodies}

    theirs = (
        hostile_objects.ingress("grafana.apps.example.com", "alb"),
        hostile_objects.ATTEMPTS["a secret from the cluster's store"].body,
        hostile_objects.ATTEMPTS["an account with another's role"].body,
    )
    assert answers(*theirs) == {201 if allowed else 403}
    # Of an AppInstance no namespace is free.
    spec = hostile_specs.spec({"host": "grafana.example.org"})
    assert answers(manifest("AppInstance", "shop", spec=spec)) == {403}


def test_an_editor_gives_the_own_namespace_no_label(court: Court) -> None:
    words = ("auth", "can-i", "patch", f"namespaces/{TENANT}", "--as=mallory")
    assert court.server.kubectl(*words, check=False).stdout.strip() == "no"


def _reading(store: dict[str, str]) -> list[dict[str, Any]]:
    """Return the three places in which an ExternalSecret names a store."""
    datum = {"secretKey": "a", "remoteRef": {"key": "a"}, "sourceRef": {"storeRef": store}}
    everything = {"find": {"name": {"regexp": ".*"}}, "sourceRef": {"storeRef": store}}
    specs: tuple[dict[str, Any], ...] = (
        {"secretStoreRef": store}, {"data": [datum]}, {"dataFrom": [everything]},
    )  # fmt: skip
    return [manifest("ExternalSecret", "own", spec=spec) for spec in specs]


def test_a_store_that_the_platform_shares_is_read_by_everybody(court: Court) -> None:
    for body in _reading({"kind": "ClusterSecretStore", "name": "shared"}):
        assert court.mallory.create(TENANT, body, dry=True).status == 201


def test_what_is_only_like_it_is_not_shared_and_nobody_writes_by_it(court: Court) -> None:
    shared = {"kind": "ClusterSecretStore", "name": "shared"}
    push = {"selector": {"secret": {"name": "own"}}, "secretStoreRefs": [shared]}
    chosen = {"kind": "ClusterSecretStore", "labelSelector": {"matchLabels": {"a": "b"}}}
    generated = {"generatorRef": {"kind": "ClusterGenerator", "name": "shared"}}
    for body in (
        *_reading({"kind": "ClusterSecretStore", "name": "share"}),
        manifest("ExternalSecret", "own", spec={"dataFrom": [{"sourceRef": generated}]}),
        manifest("PushSecret", "own", spec=push),
        manifest("PushSecret", "own", spec={**push, "secretStoreRefs": [chosen]}),
    ):
        answer = court.mallory.create(TENANT, body, dry=True)
        assert answer.status == 403, body
        assert "whose rights are not this namespace's" in answer.message


def test_without_its_parameters_no_spec_passes_and_all_else_goes_on(court: Court) -> None:
    name = "appinstance-operator-admission"
    saved = court.server.kubectl("-n", NAMESPACE, "get", "configmap", name, "-o", "json").stdout
    body = manifest("AppInstance", "shop", spec=hostile_specs.spec({}))
    court.server.kubectl("-n", NAMESPACE, "delete", "configmap", name)
    try:
        wait_for("the refusal", lambda: court.mallory.create(TENANT, body, dry=True).status >= 400)
        assert court.mallory.create(TENANT, hostile_objects.ingress(), dry=True).status == 201
    finally:
        court.server.kubectl("-n", NAMESPACE, "create", "-f", "-", stdin=saved)
    wait_for("the way back", lambda: court.mallory.create(TENANT, body, dry=True).status == 201)


# ---- the operator's own account


@pytest.mark.parametrize("kind", ["ConfigMap", "Ingress", "ServiceAccount"])
def test_the_operators_account_touches_nothing_that_no_instance_owns(
    court: Court, ours: dict[str, Any], kind: str
) -> None:
    parts = hostile_objects.ingress() if kind == "Ingress" else {}
    parts = {key: value for key, value in parts.items() if key == "spec"}
    theirs = manifest(kind, "grafana", **parts)
    assert court.mallory.create(TENANT, theirs).status == 201
    sentence = f"{kind} {TENANT}/grafana is not owned by an AppInstance, and the operator touches"
    adopted = manifest(kind, "grafana", owners=[ours], labels={"taken": "over"}, **parts)
    stranger = {**ours, "apiVersion": "example.org/v1", "name": "x"}
    for answer in (
        court.operator.apply(TENANT, adopted, dry=True),
        court.operator.patch(
            TENANT, kind, "grafana", {"metadata": {"labels": {"a": "b"}}}, dry=True
        ),
        court.operator.delete(TENANT, kind, "grafana", dry=True),
    ):
        assert answer.status == 403
        assert sentence in answer.message
    for owners in ([], [stranger], [{**ours, "controller": False}]):
        fresh = manifest(kind, "fresh", owners=owners, **parts)
        assert "fresh is not owned by an AppInstance" in court.operator.apply(TENANT, fresh).message
    own = manifest(kind, "fresh", owners=[ours], **parts)
    assert court.operator.apply(TENANT, own).status == 201
    changed = manifest(kind, "fresh", owners=[ours], labels={"a": "b"}, **parts)
    assert court.operator.apply(TENANT, changed).status == 200
    assert court.operator.delete(TENANT, kind, "fresh").status == 200
    assert court.mallory.delete(TENANT, kind, "grafana").status == 200


@pytest.mark.parametrize("namespace", ["kube-system", NAMESPACE])
def test_the_operators_account_writes_nothing_in_these_namespaces(
    court: Court, ours: dict[str, Any], namespace: str
) -> None:
    body = manifest("ConfigMap", "x", owners=[ours])
    refused = court.operator.apply(namespace, body, dry=True)
    assert "is in a namespace that the operator writes nothing to" in refused.message
    assert court.operator.apply(TENANT, body, dry=True).status == 201


def test_the_operators_account_holds_its_own_lease_and_no_other(court: Court) -> None:
    spec = {"holderIdentity": "me"}
    own = manifest("Lease", "appinstance-operator", spec=spec)
    assert court.operator.create(NAMESPACE, own).status == 201
    change = {"spec": {"holderIdentity": "you"}}
    assert court.operator.patch(NAMESPACE, "Lease", "appinstance-operator", change).status == 200
    for namespace, body in (
        ("kube-system", manifest("Lease", "kube-scheduler", spec=spec)),
        (NAMESPACE, manifest("Lease", "other", spec=spec)),
        ("kube-system", own),
    ):
        refused = court.operator.create(namespace, body, dry=True)
        assert (
            f"Lease {namespace}/{body['metadata']['name']} is not the operator's" in refused.message
        )


@pytest.mark.usefixtures("ours")
def test_the_operators_account_changes_no_spec(court: Court) -> None:
    change = {"spec": {"host": "other.apps.example.com"}}
    refused = court.operator.patch(TENANT, "AppInstance", "ours", change, dry=True)
    assert "may get a finalizer from the operator, not another spec" in refused.message
    assert court.operator.delete(TENANT, "AppInstance", "ours", dry=True).status == 403
    assert court.mallory.patch(TENANT, "AppInstance", "ours", change, dry=True).status == 200
