"""The request itself, to a real TLS server: the certificate is verified, no redirect followed."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
import urllib3
from support.stage import NAME, NAMESPACE, Stage, stage_settings
from support.waiting import wait_for

from appinstance_operator.reconcile import reach
from appinstance_operator.reconcile.reach import Reach, ask

HOST = "shop.apps.example.com"


class Server(ThreadingHTTPServer):
    """Answers everything with one status, and remembers what it was asked."""

    def __init__(self, status: int, certificate: trustme.LeafCert) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status = status
        self.asked: list[tuple[str, str]] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)


class _Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.server.status)
        self.send_header("Location", "https://elsewhere.example.com/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int, str, bool], Server]]:
    """Return what starts a server with a certificate for a name, of a CA that is trusted or not."""
    ca, stranger = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    servers: list[Server] = []

    def start(status: int, name: str, trusted: bool) -> Server:
        server = Server(status, (ca if trusted else stranger).issue_cert(name))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(reach, "PORT", server.server_port)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [200, 404, 503])
def test_the_address_is_asked_for_the_host(
    serve: Callable[[int, str, bool], Server], status: int
) -> None:
    server = serve(status, HOST, True)
    assert ask("127.0.0.1", HOST) == status
    assert server.asked == [("/", HOST)]


def test_a_redirect_is_an_answer_and_not_followed(
    serve: Callable[[int, str, bool], Server],
) -> None:
    server = serve(301, HOST, True)
    assert ask("127.0.0.1", HOST) == 301
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("name", "trusted"), [("other.apps.example.com", True), (HOST, False), ("127.0.0.1", True)]
)
def test_who_can_not_show_the_hosts_certificate_is_not_asked(
    serve: Callable[[int, str, bool], Server], name: str, trusted: bool
) -> None:
    server = serve(200, name, trusted)
    with pytest.raises(urllib3.exceptions.SSLError):
        ask("127.0.0.1", HOST)
    assert server.asked == []


# Where it is asked


def _reaching(stage: Stage, answers: dict[str, int], asked: list[tuple[str, str]]) -> None:
    def answer(address: str, host: str) -> int:
        asked.append((address, host))
        return answers[host]

    operator = stage.operator
    operator.parts.reconciler._converger.reach = Reach(operator.wake, answer, stage.clock)


@pytest.mark.parametrize(("answer", "status"), [(200, "True"), (503, "False")])
def test_where_the_settings_allow_it_the_answer_is_told(answer: int, status: str) -> None:
    stage = Stage(stage_settings(edge={"reachability": True}))
    asked: list[tuple[str, str]] = []
    _reaching(stage, {HOST: answer}, asked)
    stage.apply(host=HOST)
    stage.settle()

    def told() -> bool:
        stage.look()
        return bool(stage.condition("Reachable"))

    wait_for("the answer", told)
    assert stage.condition("Reachable")["status"] == status
    assert stage.ready() == "True", "it tells, and takes nothing away"
    assert asked == [("lb.example.com", HOST)]


def test_nobody_is_asked_by_default_or_before_there_is_an_address(stage: Stage) -> None:
    asked: list[tuple[str, str]] = []
    _reaching(stage, {}, asked)
    stage.apply(host=HOST)
    stage.settle()
    assert stage.ready() == "True"
    assert "not asked over HTTPS" in stage.condition("Ready")["message"]
    waiting = Stage(stage_settings(edge={"reachability": True}))
    _reaching(waiting, {}, asked)
    waiting.controllers.balancers.mood = waiting.controllers.balancers.mood.HANGS
    waiting.apply(NAME, NAMESPACE, host=HOST)
    waiting.settle()
    assert waiting.condition("Reachable") == {}
    assert asked == []
