"""The cache: newest wins, a late event of an old world changes nothing."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from appinstance_operator.kube.cache import DATA_HASH, Cache, owner_key, secret_hashes
from appinstance_operator.kube.shelf import Shelf

KEY = ("acme", "shop")


def _child(version: int, uid: str = "u", kind: str = "Service", **meta: Any) -> dict[str, Any]:
    owners = [{"kind": "AppInstance", "name": "shop", "uid": "i"}]
    return {
        "kind": kind,
        "metadata": {
            "namespace": "acme", "name": "shop-x", "uid": uid,
            "resourceVersion": str(version), "ownerReferences": owners,
            "labels": {"app.kubernetes.io/managed-by": "appinstance-operator"}, **meta,
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
    replicas: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
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


def test_what_a_late_answer_says_of_another_object_is_still_news() -> None:
    cache = Cache()
    cache.put_child(_child(5))
    cache.drop_child(_child(9))
    assert cache.put_child(_child(10, uid="next")) == KEY


def test_an_end_in_one_namespace_says_nothing_of_another_where_each_has_its_watch() -> None:
    cache = Cache()
    cache.drop_child(_child(9, namespace="elsewhere"), "elsewhere")
    assert cache.put_child(_child(5)) == KEY
    cache.drop_child(_child(9), "acme")
    assert cache.put_child(_child(5)) is None


def test_nothing_is_remembered_of_objects_that_are_gone() -> None:
    cache = Cache()
    for number in range(500):
        body = _child(number + 1, uid=f"u{number}", name=f"n{number}")
        cache.put_child(body)
        cache.drop_child(body)
    assert cache.children(KEY) == {}
    held: list[Sized] = [cache._children, cache._vouched]
    held += [cache._shelf._decoded, cache._claims._ingresses]
    assert sum(map(len, held)) == 1, "one version, of the kind"


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


def test_what_is_newer_than_a_full_list_stays() -> None:
    cache = Cache()
    cache.put_child(_child(12))
    assert cache.replace("Service", [], lambda: 10) == set()
    assert cache.children(KEY)
    assert cache.replace("Service", [], lambda: 12) == {KEY}
    assert cache.children(KEY) == {}


def test_a_full_list_is_of_one_kind_and_of_one_scope() -> None:
    cache = Cache()
    cache.put_child(_child(5))
    assert cache.replace("Ingress", [], lambda: 10) == set()
    assert cache.replace("Service", [], lambda: 10, "elsewhere") == set()
    assert cache.children(KEY)


def test_an_older_answer_is_no_news_after_a_full_list_without_it() -> None:
    cache = Cache()
    cache.replace("Service", [], lambda: 10)
    assert cache.put_child(_child(9)) is None


def test_an_object_without_our_label_is_known_by_a_look_alone() -> None:
    """Taking the label away ends the object for the watch; it is there all the same."""
    cache = Cache()
    cache.put_child(_child(5))
    cache.drop_child(_child(6))
    cache.correct("Service", "acme", "shop-x", _child(6, labels={}))
    assert ("Service", "shop-x") in cache.children(KEY)
    cache.correct("Service", "acme", "shop-x", None)
    assert cache.children(KEY) == {}


def test_a_look_does_not_bring_back_what_the_watch_has_seen_the_end_of() -> None:
    cache = Cache()
    cache.drop_child(_child(6))
    cache.correct("Service", "acme", "shop-x", _child(5))
    assert cache.children(KEY) == {}


def test_objects_are_decoded_when_they_are_looked_at_and_are_then_what_they_were() -> None:
    cache = Cache()
    cache._shelf = Shelf(recent=2)
    bodies = [
        _child(number + 1, uid=f"u{number}", name=f"n{number}", annotations={"x": "y" * number})
        for number in range(50)
    ]
    for body in bodies:
        cache.put_child(body)
    children = cache.children(KEY)
    assert len(children) == 50
    assert ("Service", "n3") in children
    assert sum(item.body is not None for item in cache._children[KEY].values()) == 2
    assert [children["Service", f"n{number}"] for number in range(50)] == bodies
    assert all(item.packed for item in list(cache._children[KEY].values())[:48])


def test_what_was_handed_out_stays_as_it_was() -> None:
    cache = Cache()
    cache._shelf = Shelf(recent=1)
    cache.put_child(_child(1))
    before = cache.children(KEY)
    cache.put_child(_child(2))
    cache.put_child(_child(3, uid="another", name="shop-y"))
    cache.drop_child(_child(4))
    assert before["Service", "shop-x"]["metadata"]["resourceVersion"] == "1"
    assert len(before) == 1


def test_what_a_holder_adds_is_its_own() -> None:
    cache = Cache()
    children = cache.children(KEY)
    children["Service", "mine"] = _child(7)
    assert children["Service", "mine"] == _child(7)
    assert cache.children(KEY) == {}
    del children["Service", "mine"]
    assert ("Service", "mine") not in children


# AppInstances


def _instance(version: int, name: str = "shop", uid: str = "i", **spec: Any) -> dict[str, Any]:
    meta = {"namespace": "acme", "name": name, "uid": uid, "resourceVersion": str(version)}
    return {"kind": "AppInstance", "metadata": meta, "spec": spec}


def test_an_instance_that_went_unseen_is_missing_in_the_next_full_list() -> None:
    cache = Cache()
    cache.put_instance(_instance(5))
    cache.put_instance(_instance(6, "kept"))
    cache.put_instance(_instance(20, "newer"))
    assert cache.replace_instances([_instance(6, "kept")], lambda: 10) == {KEY}
    assert set(cache.keys()) == {("acme", "kept"), ("acme", "newer")}


def test_a_full_list_brings_what_went_unseen_too() -> None:
    cache = Cache()
    cache.put_instance(_instance(5))
    news = cache.replace_instances([_instance(7), _instance(8, "new")], lambda: 10)
    assert news == {KEY, ("acme", "new")}
    held = cache.instance(KEY)
    assert held
    assert held["metadata"]["resourceVersion"] == "7"


def test_a_full_list_of_one_namespace_leaves_the_others() -> None:
    cache = Cache()
    cache.put_instance(_instance(5))
    assert cache.replace_instances([], lambda: 10, "elsewhere") == set()
    assert cache.instance(KEY)


def test_what_a_deleted_instance_owned_is_known_until_it_goes() -> None:
    cache = Cache()
    cache.put_instance(_instance(5))
    cache.put_child(_child(6))
    cache.drop_instance(KEY)
    assert cache.instance(KEY) is None
    assert cache.children(KEY), "it is there still, and of the old owner"
    cache.drop_child(_child(7))
    assert cache.children(KEY) == {}


def test_the_late_answer_to_a_write_does_not_bring_a_deleted_instance_back() -> None:
    """That to the last finalizer's removal may come after the word of the end."""
    cache = Cache()
    body = _instance(5, host="shop.example.com")
    assert cache.put_instance(body)
    assert cache.put_instance(_instance(6, host="shop.example.com"), written=True)
    cache.drop_instance(KEY)
    assert not cache.put_instance(_instance(7, host="shop.example.com"), written=True)
    assert cache.instance(KEY) is None
    assert cache.host_claims("shop.example.com") == []


def test_what_was_found_fine_is_so_for_this_state_and_this_instance_alone() -> None:
    cache = Cache()
    cache.put_child(_child(1))
    thing = ("Service", "shop-x")
    cache.children(KEY).note_fine(thing, "uid-1", "hash")
    assert cache.children(KEY).fine(thing, "uid-1") == "hash"
    assert cache.children(KEY).fine(thing, "uid-2") is None, "an instance made anew"
    cache.put_child(_child(2))
    assert cache.children(KEY).fine(thing, "uid-1") is None, "another state of it"
    cache.children(KEY).note_fine(("Service", "absent"), "uid-1", "hash")
    assert cache.children(KEY).fine(("Service", "absent"), "uid-1") is None
