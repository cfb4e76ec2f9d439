"""The frontend's web server: headers, caching, methods, and what it may do on its machine."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from app.frontend.servers import ENTRYPOINT, NGINX_CONF, SITE, UID, Server, running_frontend

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
FILES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*") if path.is_file())


@pytest.fixture
def client(frontend: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=frontend.origin, timeout=60) as http:
        yield http


def raw_answer(port: int, request: bytes) -> str:
    """The head of the answer to bytes that no HTTP library would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        connection.settimeout(60)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer.split(b"\r\n\r\n")[0].decode()


def assert_guarded(headers: httpx.Headers) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy == CSP
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["server"] == "nginx"


def test_health_has_a_port_of_its_own_that_serves_nothing_else(frontend: Server) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{frontend.health_port}", timeout=60) as http:
        assert http.get("/healthz").text == "ok\n"
        for path in ("/", "/index.html", "/scripts/main.js", "/.git/config"):
            assert http.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/healthz", *(f"/{name}" for name in FILES)])
def test_every_file_of_the_site_is_served_with_the_security_headers(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert_guarded(answer.headers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/scripts", 404),
        ("GET", "/scripts/", 404),
        ("GET", "/.env", 404),
        ("GET", "/assets/.git/config", 404),
        ("GET", "/api/v1/users/me", 404),
        ("GET", "/../nginx.conf", 400),
        ("GET", "/..%2fnginx.conf", 400),
        ("GET", "/" + "a" * 9000, 414),
        ("POST", "/", 405),
        ("PUT", "/index.html", 405),
        ("DELETE", "/index.html", 405),
        ("PATCH", "/", 405),
        ("OPTIONS", "/", 405),
        ("TRACE", "/", 405),
    ],
)
def test_errors_carry_the_security_headers_and_are_not_kept(
    frontend: Server, method: str, path: str, status: int
) -> None:
    head = raw_answer(
        frontend.port, f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    )
    first, *lines = head.split("\r\n")
    assert f" {status} " in first
    headers = httpx.Headers(dict(line.split(": ", 1) for line in lines))
    assert_guarded(headers)
    assert headers["cache-control"] == "no-store"
    assert headers.get("allow") == ("GET, HEAD" if status == 405 else None)


def test_a_request_that_is_no_http_gets_the_headers_too(frontend: Server) -> None:
    head = raw_answer(frontend.port, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert " 400 " in head.split("\r\n")[0]
    assert "Content-Security-Policy: default-src 'none'" in head


def test_the_version_of_the_server_shows_nowhere(client: httpx.Client) -> None:
    for answer in (client.get("/"), client.get("/nowhere"), client.post("/")):
        assert "nginx/" not in answer.text + str(answer.headers)


def test_an_unknown_page_leads_back_to_the_account(client: httpx.Client) -> None:
    answer = client.get("/nowhere")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("path", ["/", "/scripts/main.js", "/styles/base.css", "/assets/logo.svg"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_file_is_asked_for_again_by_etag(client: httpx.Client, path: str, encoding: str) -> None:
    first = client.get(path, headers={"Accept-Encoding": encoding})
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(
        path, headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert again.headers["content-security-policy"]
    other = client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/scripts/main.js", "text/javascript; charset=utf-8"),
        ("/styles/base.css", "text/css; charset=utf-8"),
        ("/assets/rings.svg", "image/svg+xml"),
    ],
)
def test_text_is_compressed_and_has_its_type(client: httpx.Client, path: str, kind: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"


def test_head_answers_without_a_body(client: httpx.Client) -> None:
    answer = client.head("/", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_the_access_log_is_json_without_queries_and_without_probes(
    client: httpx.Client, frontend: Server
) -> None:
    client.get("/?token=planted-value", headers={"X-Request-ID": "request-7", "User-Agent": 'a"b'})
    client.get("/healthz")
    client.get("/nowhere?password=planted-value")
    # nginx logs a request once it has answered, but before it takes the connection's next one.
    client.get("/healthz")
    lines = [line for line in frontend.log.read_text().splitlines() if line.startswith("{")]
    records = [json.loads(line) for line in lines]
    mine = next(record for record in records if record["request_id"] == "request-7")
    assert (mine["method"], mine["path"], mine["status"]) == ("GET", "/", "200")
    assert mine["user_agent"] == 'a"b'
    assert any(record["path"] == "/nowhere" and record["status"] == "404" for record in records)
    assert not [record for record in records if record["path"] == "/healthz"]
    assert "planted-value" not in frontend.log.read_text()


def test_nothing_but_access_records_is_logged(client: httpx.Client, frontend: Server) -> None:
    client.get("/")
    complaints = [
        line
        for line in frontend.log.read_text().splitlines()
        if not line.startswith("{") and ("[warn]" in line or "[alert]" in line or "[emerg]" in line)
    ]
    assert complaints == []


def processes_of(server: Server) -> list[Path]:
    """The master (the process that was started: each step is an exec) and its workers."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    assert children, "nginx has no worker"
    return [Path(f"/proc/{pid}") for pid in (server.pid, *children)]


def ids_inside(process: Path, kind: str, ids: str) -> set[int]:
    """Ids of a process as it sees them itself: in a user namespace they are others than here."""
    rows = (process / f"{kind}_map").read_text().splitlines()
    ranges = [tuple(map(int, row.split())) for row in rows]

    def inside(number: int) -> int:
        for first, here, length in ranges:
            if here <= number < here + length:
                return number - here + first
        raise AssertionError(f"{kind} {number} is nobody in the namespace of {process}")

    return {inside(int(number)) for number in ids.split()}


def test_master_and_workers_run_without_root_and_without_capabilities(frontend: Server) -> None:
    for process in processes_of(frontend):
        status = dict(
            line.split(":\t", 1) for line in (process / "status").read_text().splitlines()
        )
        assert ids_inside(process, "uid", status["Uid"]) == {UID}
        assert ids_inside(process, "gid", status["Gid"]) == {UID}
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[kind], 16) == 0
        assert status["NoNewPrivs"] == "1"


def test_only_tmp_is_writable_and_only_tmp_is_written(frontend: Server) -> None:
    process = processes_of(frontend)[0]
    mounts = {
        fields[4]: fields[5].split(",")
        for fields in map(str.split, (process / "mountinfo").read_text().splitlines())
    }
    assert "ro" in mounts["/"]
    assert "ro" in mounts["/usr/share"]
    assert "rw" in mounts["/tmp"]  # noqa: S108 - the mount point that the image has
    written = {path.name for path in (process / "root" / "tmp").iterdir()}
    assert written == {
        "nginx.pid",
        "client-body",
        "proxy",
        "fastcgi",
        "uwsgi",
        "scgi",
        "media-origin.conf",
    }


def test_the_configuration_does_not_forward_to_anybody() -> None:
    assert "proxy_pass" not in NGINX_CONF.read_text()


def test_pictures_may_come_from_where_the_operator_says_and_nowhere_else(tmp_path: Path) -> None:
    with running_frontend(tmp_path, "https://d1.cloudfront.net") as server:
        policy = httpx.get(server.origin, timeout=60).headers["content-security-policy"]
    assert "img-src 'self' blob: https://d1.cloudfront.net;" in policy
    assert policy.count("https:") == 1


@pytest.mark.parametrize(
    "origin",
    [
        "https://d1.net; script-src *", "https://*", "http://d1.net", "https://", "d1.net",
        "https://d1.net/x", 'https://d1.net"', "https://d1.net https://evil.example",
        "https://d1.net\nadd_header X y", "https://D1.net", "*",
    ],
)  # fmt: skip
def test_what_is_no_origin_of_one_host_starts_nothing(origin: str) -> None:
    ended = subprocess.run(
        [ENTRYPOINT, "-c", "/none"], env={"MEDIA_ORIGIN": origin, "PATH": "/nowhere"}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 78
    assert ended.stderr.startswith("error: MEDIA_ORIGIN must")
    assert "evil" not in ended.stderr
