"""The client against a server that speaks the API: paths, selectors, errors, the end of a watch."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes import client

from appinstance_operator.cli import fleet_client
from appinstance_operator.cli.fleet import CommandError, Key
from appinstance_operator.cli.fleet_client import KubernetesFleet

_ALL = "/apis/platform.appinstance.io/v1alpha1/appinstances"
_ONE = "/apis/platform.appinstance.io/v1alpha1/namespaces/tenants/appinstances"
_BODY = {
    "metadata": {"namespace": "tenants", "name": "acme", "generation": 3},
    "status": {
        "observedGeneration": 2,
        "conditions": [{"type": "Ready", "status": "True", "reason": "ReconcileSucceeded"}],
    },
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: tuple[int, Any] = (200, {"metadata": {"resourceVersion": "5"}, "items": [_BODY]})
    refusals = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[str, str, dict[str, list[str]]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.server.calls.append((self.command, parts.path, parse_qs(parts.query)))
        status, body = self.server.answer
        if self.server.refusals:
            self.server.refusals -= 1
            status, body = 503, {}
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_DELETE = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def api(server: _Server) -> KubernetesFleet:
    configuration = client.Configuration()
    configuration.host = f"http://127.0.0.1:{server.server_port}"
    configuration.retries = fleet_client._RETRIES.new(backoff_factor=0)
    return KubernetesFleet(client.ApiClient(configuration))


def test_a_snapshot_covers_all_namespaces_and_keeps_what_the_status_says(
    server: _Server, api: KubernetesFleet
) -> None:
    found = api.snapshot()
    assert server.calls[0][:2] == ("GET", _ALL)
    assert found.version == "5"
    (seen,) = found.instances
    assert (seen.key, seen.current, seen.is_true("Ready")) == (Key("tenants", "acme"), False, True)


def test_one_instance_is_asked_for_by_name_so_that_a_narrow_role_suffices(
    server: _Server, api: KubernetesFleet
) -> None:
    api.snapshot(Key("tenants", "acme"))
    method, path, query = server.calls[0]
    assert (method, path) == ("GET", _ONE)
    assert query["fieldSelector"] == ["metadata.name=acme"]


def test_without_the_crd_nothing_is_left(server: _Server, api: KubernetesFleet) -> None:
    server.answer = (404, {})
    assert api.snapshot().instances == ()


def test_a_forbidden_list_is_an_error_and_not_an_empty_cluster(
    server: _Server, api: KubernetesFleet
) -> None:
    server.answer = (403, {})
    with pytest.raises(CommandError, match="cannot list AppInstances: the API server answered 403"):
        api.snapshot()


def test_a_busy_server_is_asked_again(server: _Server, api: KubernetesFleet) -> None:
    server.refusals = 2
    assert len(api.snapshot().instances) == 1
    assert len(server.calls) == 3


def test_an_unreachable_server_is_named_as_such() -> None:
    configuration = client.Configuration()
    configuration.host = "http://127.0.0.1:9"
    configuration.retries = fleet_client._RETRIES.new(connect=0, total=0)
    with pytest.raises(CommandError, match="cannot be reached; see the NetworkPolicy"):
        KubernetesFleet(client.ApiClient(configuration)).snapshot()


def test_deleting_what_is_gone_is_fine_and_what_is_forbidden_is_not(
    server: _Server, api: KubernetesFleet
) -> None:
    server.answer = (404, {})
    api.delete(Key("tenants", "acme"))
    assert server.calls[0][:2] == ("DELETE", f"{_ONE}/acme")
    server.answer = (403, {})
    with pytest.raises(CommandError, match="cannot delete AppInstance tenants/acme"):
        api.delete(Key("tenants", "acme"))


def test_awaiting_returns_at_the_first_change(server: _Server, api: KubernetesFleet) -> None:
    server.answer = (200, {"type": "MODIFIED", "object": _BODY})
    api.await_change("5", 600, Key("tenants", "acme"))
    (call,) = server.calls
    assert call[1] == _ONE
    assert call[2]["watch"] == ["true"]
    assert call[2]["resourceVersion"] == ["5"]
    assert call[2]["fieldSelector"] == ["metadata.name=acme"]


@pytest.mark.parametrize("status", [404, 410])
def test_awaiting_returns_when_the_version_is_too_old(
    server: _Server, api: KubernetesFleet, status: int
) -> None:
    server.answer = (status, {"metadata": {}})
    api.await_change("5", 600)
    assert server.calls
