"""The command line, in processes of its own: it serves, migrates, drains, or says why not."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pymysql
import pytest
import trustme
from app.mariadb import PASSWORD
from app.processes import KEY, SIGN_UP, USER_PASSWORD, Process, development, ended, environment
from support.ports import free_port
from support.waiting import WAIT_SECONDS

from appinstance_app import cli

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.mariadb import MariaDb


@pytest.mark.integration
def test_it_serves_without_anything_but_a_folder(launch: Callable[..., Process]) -> None:
    process = launch(development())  # `serve` is the default
    process.until(lambda: process.status("/readyz") == 200)
    with httpx.Client(base_url=process.url(""), timeout=WAIT_SECONDS) as client:
        answer = client.post("/api/v1/auth/sign-up", json=SIGN_UP)
        assert answer.status_code == 201
        assert client.post("/api/v1/auth/refresh").status_code == 200
        assert client.get("/metrics").status_code == 404
        assert client.get("/readyz").status_code == 404
        assert client.get("/healthz").text == "ok\n"
    beside = f"http://127.0.0.1:{process.metrics_port}"
    with httpx.Client(base_url=beside, timeout=WAIT_SECONDS) as probe:
        assert probe.get("/healthz").text == "ok\n"
        assert probe.get("/api/v1/users/me").status_code == 404
        metrics = probe.get("/metrics").text
    assert 'http_requests_total{method="POST",route="/api/v1/auth/sign-up",status="201"}' in metrics
    lines = process.text.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert USER_PASSWORD not in process.text
    assert client.cookies["session"] not in process.text
    assert answer.json()["access_token"] not in process.text


@pytest.mark.integration
def test_on_sigterm_it_stops_being_ready_finishes_what_it_began_and_ends_with_0(
    launch: Callable[..., Process],
) -> None:
    # Long enough to be looked into: a second signal ends it.
    process = launch(development(APP_DRAIN_SECONDS=120, APP_SHUTDOWN_SECONDS=120), "serve")
    process.until(lambda: process.status("/readyz") == 200)
    body = json.dumps(SIGN_UP).encode()
    with socket.create_connection(("127.0.0.1", process.port)) as slow:
        slow.sendall(
            b"POST /api/v1/auth/sign-up HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body[:10]
        )
        process.popen.send_signal(signal.SIGTERM)
        process.until(lambda: process.status("/readyz") == 503)
        assert process.status("/healthz") == 200, "New requests are still answered."
        process.popen.send_signal(signal.SIGTERM)
        # The socket closes, and the request under way still waits for its end.
        process.until(lambda: process.status("/healthz") == 0)
        assert process.popen.poll() is None
        assert process.status("/readyz") == 503, "Health is answered to the end."
        slow.sendall(body[10:])
        assert slow.makefile("rb").readline().startswith(b"HTTP/1.1 201 ")
    assert process.popen.wait(timeout=WAIT_SECONDS) == 0
    assert "drain.done" in process.text


@pytest.mark.integration
def test_the_waiting_ends_by_itself_too(launch: Callable[..., Process]) -> None:
    process = launch(development(APP_DRAIN_SECONDS=0.5), "serve")
    process.until(lambda: process.status("/readyz") == 200)
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(timeout=WAIT_SECONDS) == 0


@pytest.mark.integration
def test_migrate_then_serve_as_in_production(
    launch: Callable[..., Process], production: dict[str, str], tmp_path: Path
) -> None:
    from app.avatars.hostile import drawn, saved

    hidden = ("MEDIA_", "AWS_", "APP_SECRET_KEY")
    job = {name: value for name, value in production.items() if not name.startswith(hidden)}
    assert ended(job, tmp_path, "migrate") == (0, "")
    assert ended(job, tmp_path, "migrate") == (0, "")
    process = launch(production, "serve")
    process.until(lambda: process.status("/readyz") == 200)
    with httpx.Client(base_url=process.url(""), timeout=WAIT_SECONDS) as client:
        answer = client.post("/api/v1/auth/sign-up", json=SIGN_UP)
        assert "Secure" in answer.headers["set-cookie"]
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        files = {"file": ("a.png", saved(drawn(), "PNG"), "image/png")}
        user = client.put("/api/v1/users/me/avatar", headers=headers, files=files).json()
        picture = client.get(user["avatar_url"])
        assert picture.headers["content-type"] == "image/webp"
        assert client.get("/api/v1/docs").status_code == 404
    url = f"{production['AWS_ENDPOINT_URL']}/appinstance-media?list-type=2"
    listing = httpx.get(url, timeout=WAIT_SECONDS).text
    assert f"<Key>acme/shop/avatars/{user['id']}/" in listing
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(timeout=WAIT_SECONDS) == 0
    for secret in (USER_PASSWORD, PASSWORD, KEY, "planted-aws-secret", headers["Authorization"]):
        assert secret not in process.text


@pytest.mark.integration
def test_before_the_migration_it_is_alive_and_not_ready(
    launch: Callable[..., Process], production: dict[str, str]
) -> None:
    process = launch(production, "serve")
    process.until(lambda: process.status("/readyz") == 503)
    assert process.status("/healthz") == 200


@pytest.mark.integration
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_migration_that_is_told_to_end_says_so_and_not_that_it_is_done(
    launch: Callable[..., Process],
    production: dict[str, str],
    mariadb: MariaDb,
    number: signal.Signals,
    code: int,
) -> None:
    job = {name: value for name, value in production.items() if not name.startswith("MEDIA_")}
    name = f"appinstance-migrate-{hashlib.sha256(job['DB_NAME'].encode()).hexdigest()[:32]}"
    with pymysql.connect(unix_socket=str(mariadb.socket), user="root") as other:
        other.cursor().execute("SELECT GET_LOCK(%s, 0)", (name,))
        process = launch(job, "migrate")
        process.until(lambda: "migration.waiting" in process.text)
        process.popen.send_signal(number)
        assert process.popen.wait(timeout=WAIT_SECONDS) == code
    last = process.text.splitlines()[-1]
    assert last == f"appinstance-app: Ended by {number.name} before its work was done."
    assert "migration.done" not in process.text
    assert "Traceback" not in process.text


@pytest.mark.integration
def test_a_start_that_is_told_to_end_says_so(
    launch: Callable[..., Process], production: dict[str, str]
) -> None:
    changed = {"DB_PORT": str(free_port()), "APP_START_TIMEOUT_SECONDS": "60"}
    process = launch(production | changed, "serve")
    process.until(lambda: "database.waiting" in process.text)
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(timeout=WAIT_SECONDS) == 143


@pytest.mark.integration
def test_a_migration_that_the_data_does_not_admit_is_not_tried_again(
    production: dict[str, str], tmp_path: Path, mariadb: MariaDb
) -> None:
    job = {name: value for name, value in production.items() if not name.startswith("MEDIA_")}
    # What is in the way of the first version: a view of a table's name.
    mariadb.execute(f"CREATE VIEW `{job['DB_NAME']}`.alembic_version AS SELECT 1 AS planted")
    code, last = ended(job, tmp_path, "migrate")
    assert code == 78, last
    assert last.startswith("appinstance-app: The database does not admit the migration: ")
    assert "planted-" not in last


@pytest.mark.integration
@pytest.mark.parametrize("command", ["serve", "migrate"])
@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"DB_HOST": "127.0.0.1"}, 1, "certificate is not valid for DB_HOST"),
        ({"DB_TLS_CA_FILE": "other.crt"}, 1, "certificate is not valid for DB_HOST"),
        ({"DB_TLS_CA_FILE": "log"}, 78, "DB_TLS_CA_FILE names no file"),
        ({"DB_PASSWORD": "wrong-planted"}, 1, "the server refuses DB_USERNAME or DB_PASSWORD"),
        ({"DB_PORT": "1", "APP_START_TIMEOUT_SECONDS": "0.5"}, 1, "did not answer within 0.5 s"),
        ({"USE_FILE_STORAGE": "true"}, 78, "USE_FILE_STORAGE=true is for development only"),
    ],
)
def test_it_refuses_with_one_sentence_at_the_end(
    production: dict[str, str],
    tmp_path: Path,
    command: str,
    change: dict[str, Any],
    code: int,
    sentence: str,
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.crt")
    got, last = ended(production | change, tmp_path, command)
    assert got == code
    assert last.startswith("appinstance-app: ")
    assert sentence in last
    assert "planted" not in last


@pytest.mark.integration
def test_without_its_bucket_it_does_not_start(production: dict[str, str], tmp_path: Path) -> None:
    changed = production | {"MEDIA_BUCKET": "no-such", "APP_START_TIMEOUT_SECONDS": "0.5"}
    code, last = ended(changed, tmp_path, "serve")
    assert code == 1
    assert "The media bucket could not be listed within 0.5 s: ListObjectsV2: NoSuchBucket." in last


def test_settings_are_refused_with_exit_code_78(
    clean_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    try:
        assert cli.main(["serve"]) == 78
        assert cli.main(["migrate"]) == 78
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("appinstance-app: The settings are not usable.") for line in lines)


@pytest.mark.integration
def test_a_data_folder_that_can_not_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, last = ended(development(APP_DATA_DIR=tmp_path / "file" / "data"), tmp_path, "serve")
    assert code == 78
    assert (
        last == "appinstance-app: APP_DATA_DIR names a folder that can't be used: Not a directory."
    )


def test_importing_the_app_configures_and_opens_nothing() -> None:
    code = (
        "import threading, logging, socket, builtins\n"
        "import appinstance_app.application, appinstance_app.cli\n"
        "assert threading.active_count() == 1\n"
        "assert not logging.getLogger().handlers\n"
        "import structlog; assert not structlog.is_configured()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert threading.current_thread() is threading.main_thread()
