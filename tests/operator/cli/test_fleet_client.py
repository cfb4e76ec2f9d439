"""The client against a server that speaks the API: paths, selectors, errors, the end of a watch."""

from __future__ import annotations

import pytest
from support.scripted_api import ScriptedApi
from urllib3.exceptions import NewConnectionError

from appinstance_operator.cli import fleet_client
from appinstance_operator.cli.fleet import CommandError, Key, Seen
from appinstance_operator.cli.fleet_client import KubernetesFleet

_ALL = "/apis/platform.appinstance.io/v1alpha1/appinstances"
_ONE = "/apis/platform.appinstance.io/v1alpha1/namespaces/tenants/appinstances"
_BODY = {
    "metadata": {"namespace": "tenants", "name": "acme", "uid": "u1", "generation": 3},
    "status": {
        "observedGeneration": 2,
        "conditions": [{"type": "Ready", "status": "True", "reason": "ReconcileSucceeded"}],
    },
}
_ACME = Seen.of(_BODY)
_LIST = (200, {"metadata": {"resourceVersion": "5"}, "items": [_BODY]})


@pytest.fixture
def server(api: ScriptedApi) -> ScriptedApi:
    api.answers = [_LIST]
    return api


@pytest.fixture
def fleet(server: ScriptedApi) -> KubernetesFleet:
    return KubernetesFleet(server.access(), fleet_client.RETRIES.new(backoff_factor=0))


def test_a_snapshot_covers_all_namespaces_and_keeps_what_the_status_says(
    server: ScriptedApi, fleet: KubernetesFleet
) -> None:
    found = fleet.snapshot()
    assert (server.calls[0].method, server.calls[0].path) == ("GET", _ALL)
    assert found.version == "5"
    (seen,) = found.instances
    assert (seen.key, seen.current, seen.is_true("Ready")) == (Key("tenants", "acme"), False, True)


def test_kept_to_namespaces_it_sees_no_other(server: ScriptedApi) -> None:
    server.answers = [_LIST, (200, {"metadata": {"resourceVersion": "6"}, "items": []})]
    fleet = KubernetesFleet(server.access(), namespaces=("tenants", "b"))
    (seen,) = fleet.snapshot().instances
    assert seen.key == Key("tenants", "acme")
    assert [call.path for call in server.calls] == [_ONE, _ONE.replace("tenants", "b")]
    fleet.await_change("5", 0.0)
    assert len(server.calls) == 2, "it looks again, and watches nothing"


def test_one_instance_is_asked_for_by_name_so_that_a_narrow_role_suffices(
    server: ScriptedApi, fleet: KubernetesFleet
) -> None:
    fleet.snapshot(Key("tenants", "acme"))
    (call,) = server.calls
    assert (call.method, call.path) == ("GET", _ONE)
    assert call.query["fieldSelector"] == "metadata.name=acme"


def test_without_the_crd_nothing_is_left(server: ScriptedApi, fleet: KubernetesFleet) -> None:
    server.answers = [(404, {})]
    assert fleet.snapshot().instances == ()


def test_a_forbidden_list_is_an_error_and_not_an_empty_cluster(
    server: ScriptedApi, fleet: KubernetesFleet
) -> None:
    server.answers = [(403, {})]
    with pytest.raises(CommandError, match="cannot list AppInstances: the API server answered 403"):
        fleet.snapshot()


def test_a_busy_server_is_asked_again(server: ScriptedApi, fleet: KubernetesFleet) -> None:
    server.answers = [(503, {}), (429, {}), _LIST]
    assert len(fleet.snapshot().instances) == 1
    assert len(server.calls) == 3


def test_an_unreachable_server_is_named_as_such() -> None:
    nowhere = ScriptedApi(url="http://127.0.0.1:9").access()
    with pytest.raises(CommandError, match="cannot be reached; see the NetworkPolicy"):
        KubernetesFleet(nowhere, fleet_client.RETRIES.new(connect=0, total=0)).snapshot()


def test_first_connections_are_retried_for_about_half_a_minute() -> None:
    retries, waited = fleet_client.RETRIES, 0.0
    while not retries.is_exhausted():
        waited += retries.get_backoff_time()
        retries = retries.increment("GET", "/", error=NewConnectionError(None, "refused"))  # type: ignore[arg-type]
        if retries.connect == 0:
            break
    assert 25 < waited < 60


def test_deleting_what_is_gone_is_fine_and_what_is_forbidden_is_not(
    server: ScriptedApi, fleet: KubernetesFleet
) -> None:
    server.answers = [(404, {})]
    fleet.delete(_ACME)
    assert (server.calls[0].method, server.calls[0].path) == ("DELETE", f"{_ONE}/acme")
    assert server.calls[0].body["preconditions"] == {"uid": "u1"}
    server.answers = [(403, {})]
    with pytest.raises(CommandError, match="cannot delete AppInstance tenants/acme"):
        fleet.delete(_ACME)


def test_awaiting_returns_at_the_first_change(server: ScriptedApi, fleet: KubernetesFleet) -> None:
    server.answers = [
        (200, [{"type": "BOOKMARK", "object": {}}, {"type": "MODIFIED", "object": _BODY}])
    ]
    fleet.await_change("5", 600, Key("tenants", "acme"))
    (call,) = server.calls
    assert call.path == _ONE
    assert call.query["watch"] == "true"
    assert call.query["resourceVersion"] == "5"
    assert call.query["fieldSelector"] == "metadata.name=acme"


@pytest.mark.parametrize("status", [404, 410])
def test_awaiting_returns_when_the_version_is_too_old(
    server: ScriptedApi, fleet: KubernetesFleet, status: int
) -> None:
    server.answers = [(status, {"metadata": {}})]
    fleet.await_change("5", 600)
    assert server.calls
