"""Who claims a host, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_operator.kube.cache import Cache, Key

HOST = "shop.apps.example.com"
OLD, NEW = ("old", "shop"), ("new", "shop")


def _instance(key: Key, created: str, host: str, version: int = 1) -> dict[str, Any]:
    meta = {
        "namespace": key[0], "name": key[1], "uid": f"uid-{key[0]}", "creationTimestamp": created,
        "resourceVersion": str(version),
    }  # fmt: skip
    return {"kind": "AppInstance", "metadata": meta, "spec": {"host": host}}


def _ingress(
    key: Key, *hosts: str, version: int = 5, uid: str | None = None, name: str | None = None
) -> dict[str, Any]:
    owner = {"kind": "AppInstance", "name": key[1], "uid": uid or f"uid-{key[0]}"}
    meta = {
        "namespace": key[0], "name": name or key[1], "uid": f"ingress-{key[0]}-{name}",
        "resourceVersion": str(version), "ownerReferences": [owner],
    }  # fmt: skip
    return {
        "kind": "Ingress", "metadata": meta, "spec": {"rules": [{"host": host} for host in hosts]},
    }  # fmt: skip


@pytest.fixture
def cache() -> Cache:
    """Two AppInstances of different age that name the same host, the younger one seen first."""
    made = Cache()
    made.put_instance(_instance(NEW, "2026-02-02T00:00:00Z", HOST))
    made.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", HOST))
    return made


def _claimants(cache: Cache, host: str = HOST) -> list[Key]:
    return [claim.key for claim in cache.host_claims(host)]


def test_the_oldest_that_names_a_host_comes_first(cache: Cache) -> None:
    assert _claimants(cache) == [OLD, NEW]
    assert cache.host_claims("other.example.com") == []


def test_of_the_same_second_the_uid_decides() -> None:
    cache = Cache()
    for key in (("b", "x"), ("a", "x")):
        cache.put_instance(_instance(key, "2026-01-01T00:00:00Z", HOST))
    assert [claim.uid for claim in cache.host_claims(HOST)] == ["uid-a", "uid-b"]


def test_case_makes_no_other_host(cache: Cache) -> None:
    assert _claimants(cache, HOST.upper()) == [OLD, NEW]
    cache.put_instance(_instance(("third", "shop"), "2026-03-03T00:00:00Z", HOST.title()))
    assert len(_claimants(cache)) == 3


def test_an_old_instance_takes_no_host_from_who_serves_it_by_changing_its_own() -> None:
    cache = Cache()
    cache.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", "old.example.com"))
    cache.put_child(_ingress(OLD, "old.example.com"))
    cache.put_instance(_instance(NEW, "2026-02-02T00:00:00Z", HOST))
    cache.put_child(_ingress(NEW, HOST))
    cache.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", HOST, version=2))
    assert _claimants(cache) == [NEW, OLD]
    assert [claim.serving for claim in cache.host_claims(HOST)] == [True, False]


def test_who_serves_a_host_that_it_no_longer_names_holds_it_until_then(cache: Cache) -> None:
    cache.put_child(_ingress(OLD, HOST))
    cache.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", "moved.example.com", version=2))
    assert _claimants(cache) == [OLD, NEW]
    cache.put_child(_ingress(OLD, "moved.example.com", version=9))
    assert _claimants(cache) == [NEW]
    assert _claimants(cache, "moved.example.com") == [OLD]


@pytest.mark.parametrize("forged", [{"uid": "another"}, {"name": "extra"}], ids=str)
def test_an_ingress_that_the_operator_did_not_make_claims_nothing(
    cache: Cache, forged: dict[str, str]
) -> None:
    cache.put_child(_ingress(NEW, HOST, **forged))  # type: ignore[arg-type]
    assert _claimants(cache) == [OLD, NEW]


def test_an_ingress_whose_instance_is_gone_claims_nothing(cache: Cache) -> None:
    cache.put_child(_ingress(OLD, HOST))
    cache.drop_instance(OLD)
    assert _claimants(cache) == [NEW]


def test_a_host_passes_on_when_its_holder_goes_or_changes(cache: Cache) -> None:
    cache.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", "moved.example.com", version=2))
    assert _claimants(cache) == [NEW]
    cache.drop_instance(NEW)
    assert _claimants(cache) == []


def test_whom_a_host_is_left_to_is_woken_and_nobody_else(cache: Cache) -> None:
    woken: list[Key] = []
    cache.made_way = woken.append
    cache.put_instance(_instance(("third", "x"), "2026-03-03T00:00:00Z", "x.example.com"))
    assert woken == [], "who comes makes no way"
    cache.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", "moved.example.com", version=2))
    assert woken == [NEW]
    cache.put_child(_ingress(OLD, HOST))
    cache.put_child(_ingress(OLD, "moved.example.com", version=6))
    assert woken == [NEW, NEW]
    cache.put_child(_ingress(NEW, "moved.example.com", version=7))
    cache.drop_child(_ingress(NEW, "moved.example.com", version=8))
    assert woken == [NEW, NEW, OLD]
    cache.put_instance(_instance(OLD, "2026-01-01T00:00:00Z", HOST, version=3))
    cache.drop_instance(OLD)
    assert woken[3:] == [NEW]


def test_claims_leave_nothing_behind(cache: Cache) -> None:
    cache.put_child(_ingress(OLD, HOST))
    cache.drop_child(_ingress(OLD, HOST, version=9))
    cache.drop_instance(OLD)
    cache.drop_instance(NEW)
    claims = cache._claims
    assert [claims._by_host, claims._instances, claims._ingresses] == [{}, {}, {}]
