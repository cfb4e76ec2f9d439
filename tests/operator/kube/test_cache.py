"""The cache: newest wins, a late event of an old world changes nothing."""

from __future__ import annotations

from typing import Any

from appinstance_operator.kube.cache import DATA_HASH, Cache, owner_key, secret_hashes

KEY = ("acme", "shop")


def _child(version: int, uid: str = "u", kind: str = "Service", **meta: Any) -> dict[str, Any]:
    owners = [{"kind": "AppInstance", "name": "shop", "uid": "i"}]
    return {
        "kind": kind,
        "metadata": {
            "namespace": "acme", "name": "shop-x", "uid": uid,
            "resourceVersion": str(version), "ownerReferences": owners, **meta,
        },
    }  # fmt: skip


def test_an_older_event_is_no_news() -> None:
    cache = Cache()
    assert cache.put_child(_child(5)) == KEY
    assert cache.put_child(_child(4)) is None
    assert cache.children(KEY)[("Service", "shop-x")]["metadata"]["resourceVersion"] == "5"


def test_of_who_owns_which_field_only_the_holders_of_replicas_are_kept() -> None:
    cache = Cache()
    fields = [
        {"manager": "us", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {}}}}},
        {"manager": "scaler", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
    ]
    body = _child(5, managedFields=fields)
    cache.put_child(body)
    (held,) = cache.children(KEY).values()
    replicas = {"f:spec": {"f:replicas": {}}}
    assert held["metadata"]["managedFields"] == [
        {"manager": "us", "fieldsV1": replicas}, {"manager": "scaler", "fieldsV1": replicas},
    ]  # fmt: skip
    assert body["metadata"]["managedFields"] == fields, "what was given stays as it was"
    cache.put_child(_child(6, managedFields=fields[2:]))
    (held,) = cache.children(KEY).values()
    assert "managedFields" not in held["metadata"]


def test_a_late_event_does_not_bring_a_deleted_object_back() -> None:
    cache = Cache()
    cache.put_child(_child(5))
    assert cache.drop_child(_child(6)) == KEY
    assert cache.put_child(_child(5)) is None
    assert cache.children(KEY) == {}


def test_the_end_of_an_object_does_not_take_its_successor() -> None:
    cache = Cache()
    cache.put_child(_child(9, uid="new"))
    assert cache.drop_child(_child(8, uid="old")) is None
    assert cache.children(KEY)


def test_a_full_list_drops_what_it_does_not_have() -> None:
    cache = Cache()
    cache.put_child(_child(5))
    assert cache.replace("Service", []) == {KEY}
    assert cache.children(KEY) == {}


def test_strangers_belong_to_nobody() -> None:
    assert owner_key({"metadata": {"namespace": "a", "name": "b"}}) is None


def test_secrets_are_known_by_label_and_only_by_their_hash() -> None:
    secret = {
        "kind": "Secret",
        "metadata": {
            "namespace": "acme", "name": "shop-app", "resourceVersion": "1",
            "labels": {"app.kubernetes.io/instance": "shop"}, "annotations": {DATA_HASH: "h"},
        },
    }  # fmt: skip
    cache = Cache()
    assert cache.put_child(secret) == KEY
    assert secret_hashes(cache.children(KEY)) == {"shop-app": "h"}
