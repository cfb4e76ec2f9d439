"""Applying by versions: what was found right is neither decoded nor compared again."""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_operator.api.spec import parse
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.children import Children
from appinstance_operator.reconcile.applier import Applier
from appinstance_operator.reconcile.look import Look, Memory
from appinstance_operator.signals.metrics import Metrics

KEY = ("team", "shop")
BODY: dict[str, Any] = {
    "metadata": {"namespace": "team", "name": "shop", "uid": "ours"},
    "spec": {
        "host": "shop.apps.example.com",
        "backend": {"image": "a:1"},
        "database": {"credentials": {"remoteRef": {"key": "apps/team/shop/database"}}},
    },
}
MANIFEST: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "namespace": "team",
        "name": "shop-backend",
        "labels": {"app.kubernetes.io/managed-by": "appinstance-operator"},
        "ownerReferences": [{"kind": "AppInstance", "name": "shop", "uid": "ours"}],
    },
    "spec": {"ports": [{"port": 80}]},
}


class Server:
    """Takes what is applied and gives it a version."""

    def __init__(self) -> None:
        self.applied: list[Any] = []

    def apply(self, manifest: Any, *, live: Any) -> Any:
        self.applied.append(live)
        meta = {**manifest["metadata"], "uid": "u", "resourceVersion": str(len(self.applied))}
        return {**manifest, "metadata": meta}


def _refusing(cache: Cache) -> Children:
    """Return the children as they are, but with nothing to be decoded."""

    def decode(_item: Any) -> Any:
        pytest.fail("decoded for nothing")

    return Children(cache._children[KEY], decode)


def test_what_was_found_right_is_not_decoded_again() -> None:
    cache, server, memory = Cache(), Server(), Memory("ours")
    applier = Applier(server, cache, Metrics())  # type: ignore[arg-type]
    instance = parse(BODY)
    for _ in range(2):  # applied, then compared once
        applier.apply(MANIFEST, Look(instance, BODY, cache.children(KEY), memory))
    assert server.applied == [None]
    applier.apply(MANIFEST, Look(instance, BODY, _refusing(cache), memory))
    assert server.applied == [None]


@pytest.mark.parametrize("change", ["a new version", "another wish"])
def test_a_new_version_and_another_wish_are_looked_at(change: str) -> None:
    cache, server, memory = Cache(), Server(), Memory("ours")
    applier = Applier(server, cache, Metrics())  # type: ignore[arg-type]
    instance, wanted = parse(BODY), MANIFEST
    for _ in range(2):
        applier.apply(MANIFEST, Look(instance, BODY, cache.children(KEY), memory))
    if change == "a new version":
        held = cache.children(KEY)["Service", "shop-backend"]
        meta = {**held["metadata"], "resourceVersion": "9"}
        cache.put_child({**held, "metadata": meta, "spec": {"ports": [{"port": 81}]}})
    else:
        wanted = {**MANIFEST, "spec": {"ports": [{"port": 81}]}}
    applier.apply(wanted, Look(instance, BODY, cache.children(KEY), memory))
    assert len(server.applied) == 2
    assert server.applied[1]["metadata"]["uid"] == "u"
