"""Applying on a real API server: nothing of somebody else's is ever changed or owned.

What `Kube.apply` relies on is the API server's own behaviour, so it is asked: for a kind that has
its own code there, for one that admits unconditional updates and one that does not, and for custom
resources.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from support.apiserver import ApiServer

from appinstance_operator.api.errors import NameTaken
from appinstance_operator.kube.access import Access
from appinstance_operator.kube.client import Kube, Outdated
from appinstance_operator.kube.kinds import BY_KIND

pytestmark = pytest.mark.integration

_numbers = itertools.count(1)
_OWNER = {"apiVersion": "platform.appinstance.io/v1alpha1", "kind": "AppInstance", "name": "shop"}
_PODS = {"matchLabels": {"a": "b"}}
_CONTAINER = {"name": "c", "image": "registry.example/app:1"}
_BACKEND = {"service": {"name": "s", "port": {"number": 80}}}
_PATHS = [{"path": "/", "pathType": "Prefix", "backend": _BACKEND}]
SPECS: dict[str, dict[str, Any]] = {
    "ConfigMap": {"data": {"mine": "1"}},
    "ServiceAccount": {"automountServiceAccountToken": False},
    "Service": {"spec": {"ports": [{"port": 80}], "selector": {"a": "b"}}},
    "NetworkPolicy": {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
    "Ingress": {"spec": {"rules": [{"host": "a.example.com", "http": {"paths": _PATHS}}]}},
    "Deployment": {
        "spec": {
            "selector": _PODS,
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [_CONTAINER]},
            },
        }
    },
    "Job": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}}}},
    "PodDisruptionBudget": {"spec": {"minAvailable": 1, "selector": _PODS}},
    "HorizontalPodAutoscaler": {
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        }
    },
    "SecretStore": {
        "spec": {"provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1"}}}
    },
    "ExternalSecret": {"spec": {"secretStoreRef": {"kind": "SecretStore", "name": "shop"}}},
    "SecurityGroupPolicy": {
        "spec": {"podSelector": _PODS, "securityGroups": {"groupIds": ["sg-0bac0000"]}}
    },
}


@pytest.fixture
def kube(apiserver: ApiServer) -> Kube:
    """The operator's client, as the administrator."""
    urllib3.disable_warnings()  # the server made its certificate itself a moment ago
    token = {"Authorization": f"Bearer {apiserver.token}"}
    pool = urllib3.PoolManager(cert_reqs="CERT_NONE")
    return Kube(access=Access(apiserver.url, pool, lambda: token))


@pytest.fixture
def namespace(apiserver: ApiServer) -> Iterator[str]:
    """A namespace of its own."""
    name = f"apply-{next(_numbers)}"
    told = apiserver.http.post("/api/v1/namespaces", json={"metadata": {"name": name}})
    assert told.status_code == 201, told.text
    yield name
    apiserver.http.delete(f"/api/v1/namespaces/{name}")


def _manifest(kind: str, namespace: str, uid: str | None = "ours", **metadata: Any) -> Any:
    meta: dict[str, Any] = {"namespace": namespace, "name": "shop", **metadata}
    if uid:
        meta["ownerReferences"] = [{**_OWNER, "uid": uid, "controller": True}]
    return {
        "apiVersion": BY_KIND[kind].api_version, "kind": kind, "metadata": meta, **SPECS[kind],
    }  # fmt: skip


def _stored(server: ApiServer, kind: str, namespace: str) -> str:
    url = f"{BY_KIND[kind].base}/namespaces/{namespace}/{BY_KIND[kind].plural}/shop"
    told = server.http.get(url)
    assert told.status_code == 200, told.text
    return told.text


def _foreign(kind: str, namespace: str) -> Any:
    return _manifest(kind, namespace, None, labels={"whose": "somebody-else"})


@pytest.mark.parametrize("kind", SPECS)
def test_a_new_object_is_made_and_then_changed_by_its_uid(
    kube: Kube, namespace: str, kind: str
) -> None:
    manifest = _manifest(kind, namespace)
    first = kube.apply(manifest, live=None)
    assert first["metadata"]["ownerReferences"][0]["uid"] == "ours"
    labelled = _manifest(kind, namespace, labels={"new": "label"})
    second = kube.apply(labelled, live=first)
    assert second["metadata"]["uid"] == first["metadata"]["uid"]
    assert second["metadata"]["labels"]["new"] == "label"
    (entry,) = (
        item for item in second["metadata"]["managedFields"]
        if item["manager"] == "appinstance-operator"
    )  # fmt: skip
    assert entry["operation"] == "Apply"


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("owner", [None, "theirs"])
def test_a_foreign_object_stays_as_it_was_byte_for_byte(
    apiserver: ApiServer, kube: Kube, namespace: str, kind: str, owner: str | None
) -> None:
    theirs = _manifest(kind, namespace, owner, labels={"whose": "somebody-else"})
    kube.create(BY_KIND[kind], theirs)
    before = _stored(apiserver, kind, namespace)
    with pytest.raises(NameTaken):
        kube.apply(_manifest(kind, namespace), live=None)
    assert _stored(apiserver, kind, namespace) == before


@pytest.mark.parametrize("kind", SPECS)
def test_an_object_that_took_the_place_of_ours_is_not_adopted(
    apiserver: ApiServer, kube: Kube, namespace: str, kind: str
) -> None:
    ours = kube.apply(_manifest(kind, namespace), live=None)
    kube.delete(BY_KIND[kind], namespace, "shop", ours["metadata"]["uid"])
    kube.create(BY_KIND[kind], _foreign(kind, namespace))
    before = _stored(apiserver, kind, namespace)
    with pytest.raises(NameTaken):
        kube.apply(_manifest(kind, namespace, labels={"new": "label"}), live=ours)
    assert _stored(apiserver, kind, namespace) == before


@pytest.mark.parametrize("kind", SPECS)
def test_our_own_object_is_handed_over_to_whom_had_not_seen_it(
    kube: Kube, namespace: str, kind: str
) -> None:
    ours = kube.apply(_manifest(kind, namespace), live=None)
    with pytest.raises(Outdated) as outdated:
        kube.apply(_manifest(kind, namespace, labels={"new": "label"}), live=None)
    found = outdated.value.found
    assert found
    assert found["metadata"]["uid"] == ours["metadata"]["uid"]
    assert found["metadata"]["resourceVersion"] == ours["metadata"]["resourceVersion"]
    labelled = kube.apply(_manifest(kind, namespace, labels={"new": "label"}), live=found)
    assert labelled["metadata"]["labels"]["new"] == "label"


@pytest.mark.parametrize("kind", SPECS)
def test_an_object_that_is_gone_is_not_made_by_what_was_known_of_it(
    kube: Kube, namespace: str, kind: str
) -> None:
    ours = kube.apply(_manifest(kind, namespace), live=None)
    kube.delete(BY_KIND[kind], namespace, "shop", ours["metadata"]["uid"])
    with pytest.raises(Outdated) as outdated:
        kube.apply(_manifest(kind, namespace), live=ours)
    assert outdated.value.found is None
    assert kube.find(BY_KIND[kind], namespace, "shop") is None


def test_a_secret_of_somebody_else_is_noticed_without_its_value(
    apiserver: ApiServer, kube: Kube, namespace: str
) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "planted"}}
    meta: dict[str, Any] = {"name": "shop-app"}
    body = json.dumps({**secret, "metadata": meta})
    apiserver.kubectl("-n", namespace, "apply", "-f", "-", stdin=body)
    assert kube.secret_is_foreign(namespace, "shop-app", "shop")
    found = kube.find(BY_KIND["Secret"], namespace, "shop-app")
    assert found
    assert found.keys() == {"apiVersion", "kind", "metadata"}
    meta["labels"] = {
        "app.kubernetes.io/managed-by": "appinstance-operator",
        "app.kubernetes.io/instance": "shop",
    }
    body = json.dumps({**secret, "metadata": meta})
    apiserver.kubectl("-n", namespace, "apply", "-f", "-", stdin=body)
    assert not kube.secret_is_foreign(namespace, "shop-app", "shop")
    assert kube.secret_is_foreign(namespace, "shop-app", "another")
    assert not kube.secret_is_foreign(namespace, "nothing", "shop")
