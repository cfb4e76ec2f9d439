"""What the client asks the API server, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.scripted_api import ScriptedApi

from appinstance_operator.api.errors import Fate, NameTaken, NotLeader
from appinstance_operator.kube.client import ApiError, Kube, Outdated
from appinstance_operator.kube.kinds import APPINSTANCE, BY_KIND, SECRET

SERVICE = BY_KIND["Service"]
PATH = "/api/v1/namespaces/team/services"
MANIFEST = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"namespace": "team", "name": "shop", "ownerReferences": [{"uid": "ours"}]},
}
REFUSED = {"message": "no"}


def _live(uid: str = "u1", owner: str | None = "ours") -> dict[str, Any]:
    owners = [{"uid": owner}] if owner else []
    return {"metadata": {"name": "shop", "uid": uid, "ownerReferences": owners}}


def _kube(api: ScriptedApi) -> Kube:
    return Kube(access=api.access())


# Reading


def test_of_secrets_only_metadata_is_asked_for(api: ScriptedApi) -> None:
    api.answers = [(200, {"items": [], "metadata": {}})]
    kube = _kube(api)
    kube.list(SECRET)
    list(kube.watch(SECRET, "", "5", 9))
    kube.secret_is_foreign("team", "shop-app", "shop")
    list(kube.pages(SECRET))
    as_lists = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    as_items = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    assert [call.headers["accept"] for call in api.calls] == [
        as_lists,
        as_items,
        as_lists,
        as_lists,
    ]


def test_other_kinds_come_whole(api: ScriptedApi) -> None:
    _kube(api).list(SERVICE)
    assert api.calls[0].headers["accept"] == "application/json"


def test_a_list_can_be_of_one_namespace_and_of_one_name(api: ScriptedApi) -> None:
    _kube(api).list(SERVICE, "a=b", "team", name="shop")
    assert api.calls[0].path == PATH
    assert api.calls[0].query == {"labelSelector": "a=b", "fieldSelector": "metadata.name=shop"}


def test_pages_follow_each_other_to_the_last(api: ScriptedApi) -> None:
    first = {"items": [{"a": 1}], "metadata": {"continue": "token"}}
    last = {"items": [{"a": 2}], "metadata": {"continue": ""}}
    api.answers = [(200, first), (200, last)]
    pages = list(_kube(api).pages(SERVICE, "a=b"))
    assert [page["items"][0]["a"] for page in pages] == [1, 2]
    assert "continue" not in api.calls[0].query
    assert api.calls[1].query["continue"] == "token"
    assert {call.query["limit"] for call in api.calls} == {"200"}


def test_what_is_found_says_what_it_is(api: ScriptedApi) -> None:
    api.answers = [(200, {"items": [_live()]}), (200, {"items": []})]
    kube = _kube(api)
    found = kube.find(SERVICE, "team", "shop")
    assert found
    assert (found["kind"], found["apiVersion"]) == ("Service", "v1")
    assert kube.find(SERVICE, "team", "shop") is None


@pytest.mark.parametrize(
    ("labels", "foreign"),
    [
        (None, True),
        ({"app.kubernetes.io/managed-by": "appinstance-operator"}, True),
        ({"app.kubernetes.io/instance": "shop"}, True),
        (
            {
                "app.kubernetes.io/managed-by": "appinstance-operator",
                "app.kubernetes.io/instance": "other",
            },
            True,
        ),
        (
            {
                "app.kubernetes.io/managed-by": "appinstance-operator",
                "app.kubernetes.io/instance": "shop",
            },
            False,
        ),
    ],
    ids=["none", "no instance", "no manager", "another instance's", "ours"],
)
def test_a_secret_is_ours_by_the_labels_that_external_secrets_puts_there(
    api: ScriptedApi, labels: dict[str, str] | None, foreign: bool
) -> None:
    api.answers = [(200, {"items": [{"metadata": {"name": "shop-app", "labels": labels}}]})]
    assert _kube(api).secret_is_foreign("team", "shop-app", "shop") is foreign
    assert api.calls[0].query == {"fieldSelector": "metadata.name=shop-app"}


def test_no_secret_is_no_foreign_one(api: ScriptedApi) -> None:
    api.answers = [(200, {"items": []})]
    assert _kube(api).secret_is_foreign("team", "shop-app", "shop") is False


def test_of_warnings_a_few_are_asked_for_and_the_newest_is_told(api: ScriptedApi) -> None:
    """Who edits the namespace may have written any number of Events of any size."""
    events = [
        {"message": "older", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"message": "newest", "lastTimestamp": "2026-01-02T00:00:00Z"},
        {"message": "of another client", "eventTime": "2026-01-01T12:00:00.000000Z"},
    ]
    api.answers = [(200, {"items": events, "metadata": {"continue": "more"}})]
    assert _kube(api).last_warning("team", "ExternalSecret", "shop-app") == "newest"
    (call,) = api.calls
    assert call.query["limit"] == "20"
    assert "involvedObject.name=shop-app" in call.query["fieldSelector"]


def test_a_watch_asks_for_bookmarks_and_goes_on_from_a_version(api: ScriptedApi) -> None:
    events = [{"type": "ADDED", "object": {"a": 1}}, {"type": "BOOKMARK", "object": {}}]
    api.answers = [(200, events)]
    assert list(_kube(api).watch(SERVICE, "a=b", "77", 9, "team")) == events
    assert api.calls[0].path == PATH
    assert api.calls[0].query == {
        "watch": "true", "labelSelector": "a=b", "resourceVersion": "77", "timeoutSeconds": "9",
        "allowWatchBookmarks": "true",
    }  # fmt: skip


def test_who_leaves_a_watch_early_does_not_spoil_the_next_request(api: ScriptedApi) -> None:
    lines = [{"type": "ADDED", "object": {"n": number, "x": "x" * 9000}} for number in range(200)]
    api.answers = [(200, lines), (200, {"items": []})]
    kube = _kube(api)
    watch = kube.watch(SERVICE, "", "1", 9)
    assert next(watch)["object"]["n"] == 0
    watch.close()
    assert kube.list(SERVICE) == {"items": []}


def test_a_token_is_asked_for_at_every_request(api: ScriptedApi) -> None:
    tokens = iter(["one", "two"])
    access = api.access()
    renewing = type(access)(access.host, access.pool, lambda: {"authorization": next(tokens)})
    kube = Kube(access=renewing)
    kube.list(SERVICE)
    kube.list(SERVICE)
    assert [call.headers["authorization"] for call in api.calls] == ["one", "two"]


def test_every_request_is_counted(api: ScriptedApi) -> None:
    seen: list[tuple[str, str]] = []
    kube = Kube(lambda verb, kind: seen.append((verb, kind)), access=api.access())
    kube.list(SERVICE)
    list(kube.watch(SERVICE, "", "1", 9))
    kube.apply(MANIFEST, live=None)
    kube.delete(SERVICE, "team", "shop", "u1")
    assert [verb for verb, _ in seen] == ["list", "watch", "patch", "delete"]


# Errors


@pytest.mark.parametrize(
    ("status", "fate", "reason"),
    [
        (403, Fate.STALL, "AccessDenied"),
        (400, Fate.STALL, "ApplyRefused"),
        (422, Fate.STALL, "ApplyRefused"),
        (401, Fate.RETRY, "ProgressingWithRetry"),
        (429, Fate.RETRY, "ProgressingWithRetry"),
        (500, Fate.RETRY, "ProgressingWithRetry"),
    ],
)
def test_a_refusal_knows_its_fate_and_only_a_forbidden_one_is_a_denial(
    api: ScriptedApi, status: int, fate: Fate, reason: str
) -> None:
    api.answers = [(status, {"message": "spec.x: Invalid value"})]
    with pytest.raises(ApiError) as refused:
        _kube(api).create(BY_KIND["Event"], {"metadata": {"namespace": "team"}})
    assert (refused.value.fate, refused.value.reason) == (fate, reason)
    assert refused.value.message == (f"the API server refused it ({status}): spec.x: Invalid value")


_RULES = [
    'deployments.apps "shop-backend" is forbidden: exceeded quota: team, requested: pods=1',
    "deployments.apps \"shop-backend\" is forbidden: ValidatingAdmissionPolicy 'teams' with "
    "binding 'teams' denied request: containers cannot run as User root",
    'admission webhook "validate.kyverno.svc-fail" denied the request: team is missing',
    'services "shop" is forbidden: unable to create new content in namespace team because it is '
    "being terminated",
]
_RIGHTS = [
    'deployments.apps is forbidden: User "system:serviceaccount:a:b" cannot create resource '
    '"deployments" in API group "apps" in the namespace "team"',
    'services "shop" is forbidden: User "u" cannot delete resource "services" in API group ""',
    "forbidden",
]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        *((words, "ApplyRefused") for words in _RULES),
        *((words, "AccessDenied") for words in _RIGHTS),
    ],
)
def test_a_rule_of_the_cluster_that_refuses_an_object_is_no_lack_of_rights(
    api: ScriptedApi, message: str, reason: str
) -> None:
    api.answers = [(403, {"message": message})]
    with pytest.raises(ApiError) as refused:
        _kube(api).create(BY_KIND["Event"], {"metadata": {"namespace": "team"}})
    assert (refused.value.fate, refused.value.reason) == (Fate.STALL, reason)


def test_a_long_refusal_is_cut(api: ScriptedApi) -> None:
    api.answers = [(500, {"message": "x" * 100_000})]
    with pytest.raises(ApiError) as refused:
        _kube(api).list(SERVICE)
    assert len(refused.value.message) < 1200


@pytest.mark.parametrize("body", [b"<html>", b'"text"', b"\xff", b"[]"])
def test_a_refusal_in_other_words_is_a_refusal(api: ScriptedApi, body: bytes) -> None:
    api.answers = [(503, [body])]
    with pytest.raises(ApiError, match=r"\(503\)"):
        _kube(api).list(SERVICE)


def test_an_answer_that_is_not_json_is_no_answer(api: ScriptedApi) -> None:
    api.answers = [(200, [b"<html>"])]
    with pytest.raises(ApiError) as refused:
        _kube(api).list(SERVICE)
    assert refused.value.status == 0


def test_no_server_is_no_answer() -> None:
    with pytest.raises(ApiError) as refused:
        Kube(access=ScriptedApi(url="http://127.0.0.1:9").access()).list(SERVICE)
    assert (refused.value.status, refused.value.fate) == (0, Fate.RETRY)


# Writing


def test_before_each_write_the_fence_is_asked_and_reads_pass(api: ScriptedApi) -> None:
    def fence() -> None:
        raise NotLeader("another one leads")

    kube = Kube(access=api.access(), fence=fence)
    kube.list(SERVICE)
    writes: tuple[Callable[[], object], ...] = (
        lambda: kube.apply(MANIFEST, live=None),
        lambda: kube.delete(SERVICE, "team", "shop", "u1"),
        lambda: kube.merge(APPINSTANCE, "team", "shop", {"a": 1}),
        lambda: kube.create(SERVICE, MANIFEST),
    )
    for write in writes:
        with pytest.raises(NotLeader):
            write()
    assert [call.method for call in api.calls] == ["GET"], "nothing that writes was sent"


def test_a_deletion_is_of_one_uid(api: ScriptedApi) -> None:
    _kube(api).delete(SERVICE, "team", "shop", "u1")
    call = api.calls[0]
    assert (call.method, call.path) == ("DELETE", f"{PATH}/shop")
    assert call.body == {"preconditions": {"uid": "u1"}, "propagationPolicy": "Background"}


@pytest.mark.parametrize("status", [404, 409])
def test_deleting_what_is_gone_or_replaced_is_done(api: ScriptedApi, status: int) -> None:
    api.answers = [(status, REFUSED)]
    _kube(api).delete(SERVICE, "team", "shop", "u1")


def test_a_forbidden_deletion_is_not_done(api: ScriptedApi) -> None:
    api.answers = [(403, REFUSED)]
    with pytest.raises(ApiError):
        _kube(api).delete(SERVICE, "team", "shop", "u1")


def test_a_merge_patch_may_be_of_a_subresource_and_of_what_is_gone(api: ScriptedApi) -> None:
    api.answers = [(200, {"a": 1}), (404, REFUSED), (500, REFUSED)]
    kube = _kube(api)
    assert kube.merge(APPINSTANCE, "team", "shop", {"status": {}}, sub="status") == {"a": 1}
    assert api.calls[0].path.endswith("/namespaces/team/appinstances/shop/status")
    assert api.calls[0].headers["content-type"] == "application/merge-patch+json"
    assert kube.merge(APPINSTANCE, "team", "shop", {}) is None
    with pytest.raises(ApiError):
        kube.merge(APPINSTANCE, "team", "shop", {})


# Applying


def test_an_object_that_is_not_there_is_applied_as_one_that_must_not_be(api: ScriptedApi) -> None:
    api.answers = [(201, _live())]
    assert _kube(api).apply(MANIFEST, live=None) == _live()
    (call,) = api.calls
    assert (call.method, call.path) == ("PATCH", f"{PATH}/shop")
    assert call.query == {"fieldManager": "appinstance-operator", "force": "true"}
    assert call.headers["content-type"] == "application/apply-patch+yaml"
    assert call.body["metadata"] == {**MANIFEST["metadata"], "resourceVersion": "1"}  # type: ignore[dict-item]
    assert "resourceVersion" not in MANIFEST["metadata"], "what was given stays as it was"


def test_an_object_that_is_there_is_applied_by_its_uid(api: ScriptedApi) -> None:
    _kube(api).apply(MANIFEST, live=_live("u7"))
    assert api.calls[0].body["metadata"] == {**MANIFEST["metadata"], "uid": "u7"}  # type: ignore[dict-item]


@pytest.mark.parametrize("owner", [None, "theirs"])
def test_a_known_foreign_object_is_not_even_asked_for(api: ScriptedApi, owner: str | None) -> None:
    with pytest.raises(NameTaken, match="Service shop that is not this instance's"):
        _kube(api).apply(MANIFEST, live=_live(owner=owner))
    assert api.calls == []


@pytest.mark.parametrize("owner", [None, "theirs"])
@pytest.mark.parametrize(("status", "live"), [(409, None), (409, _live("u1")), (422, _live("u1"))])
def test_a_foreign_object_that_turns_up_is_named(
    api: ScriptedApi, status: int, live: dict[str, Any] | None, owner: str | None
) -> None:
    api.answers = [(status, REFUSED), (200, {"items": [_live("u2", owner)]})]
    with pytest.raises(NameTaken):
        _kube(api).apply(MANIFEST, live=live)
    assert [call.method for call in api.calls] == ["PATCH", "GET"], "asked for once, then looked at"


@pytest.mark.parametrize(("status", "live"), [(409, None), (409, _live("u1")), (422, _live("u1"))])
def test_an_object_of_our_own_that_turns_up_is_handed_over(
    api: ScriptedApi, status: int, live: dict[str, Any] | None
) -> None:
    api.answers = [(status, REFUSED), (200, {"items": [_live("u2")]})]
    with pytest.raises(Outdated) as outdated:
        _kube(api).apply(MANIFEST, live=live)
    assert outdated.value.found
    assert outdated.value.found["metadata"]["uid"] == "u2"
    assert outdated.value.fate is Fate.RETRY


def test_an_object_that_went_meanwhile_is_handed_over_as_nothing(api: ScriptedApi) -> None:
    api.answers = [(409, REFUSED), (200, {"items": []})]
    with pytest.raises(Outdated) as outdated:
        _kube(api).apply(MANIFEST, live=_live())
    assert outdated.value.found is None


@pytest.mark.parametrize("live", [None, _live("u1")])
def test_an_object_that_the_api_server_refuses_is_refused_whoever_it_is(
    api: ScriptedApi, live: dict[str, Any] | None
) -> None:
    api.answers = [(422, REFUSED), (200, {"items": [_live("u1")] if live else []})]
    with pytest.raises(ApiError) as refused:
        _kube(api).apply(MANIFEST, live=live)
    assert refused.value.status == 422


def test_a_manifest_without_an_owner_owns_nothing(api: ScriptedApi) -> None:
    bare = json.loads(json.dumps(MANIFEST))
    del bare["metadata"]["ownerReferences"]
    with pytest.raises(NameTaken):
        _kube(api).apply(bare, live=_live(owner=None))
