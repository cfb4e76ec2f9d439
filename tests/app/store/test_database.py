"""Connections to the database: verified TLS or none, and patience only where it helps."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from app.conftest import database_settings
from app.mariadb import PASSWORD, USER, MariaDb, running_mariadb
from sqlalchemy import text
from sqlalchemy.exc import DataError

from appinstance_app.settings import DatabaseSettings
from appinstance_app.store.database import (
    DatabaseRefusedError,
    engine_for,
    pauses,
    tls_context,
    wait_for_database,
)
from appinstance_app.store.protocol import StoreUnavailableError
from appinstance_app.store.records import User, new_id
from appinstance_app.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


def refusal(fields: dict[str, Any]) -> str:
    """What `wait_for_database` ends with at once, without another attempt."""
    engine = engine_for(DatabaseSettings(**fields), connections=1)

    def no_pause(_seconds: float) -> None:
        raise AssertionError("It tried again, which can't help here.")

    with pytest.raises(DatabaseRefusedError) as caught:
        wait_for_database(engine, timeout_seconds=60, sleep=no_pause)
    engine.dispose()
    return str(caught.value)


@pytest.fixture(scope="module")
def plaintext_server(tmp_path_factory: pytest.TempPathFactory, ca: trustme.CA) -> Iterator[MariaDb]:
    with running_mariadb(tmp_path_factory.mktemp("plain"), ca, tls=False) as server:
        server.new_database("contract")
        yield server


def test_the_context_demands_a_certificate_a_name_and_tls_1_2(
    tmp_path: Path, ca: trustme.CA
) -> None:
    ca.cert_pem.write_to_path(tmp_path / "ca.crt")
    context = tls_context(tmp_path / "ca.crt")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1, "The system's CAs must not count."


def test_a_ca_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    with pytest.raises(DatabaseRefusedError, match="no CA certificate in PEM form"):
        tls_context(tmp_path / "ca.crt")


@pytest.mark.integration
def test_the_right_server_is_connected_to_with_tls(database_fields: dict[str, Any]) -> None:
    engine = engine_for(DatabaseSettings(**database_fields), connections=1)
    wait_for_database(engine, timeout_seconds=60)
    with engine.connect() as connection:
        _, version = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_version'")).one()
        charset = connection.execute(text("SELECT @@character_set_client")).scalar_one()
    engine.dispose()
    assert version in ("TLSv1.2", "TLSv1.3")
    assert charset == "utf8mb4"


@pytest.mark.integration
def test_a_wrong_host_name_is_refused(database_fields: dict[str, Any]) -> None:
    # The server is the same and so is its CA; the certificate is for localhost.
    sentence = refusal(database_fields | {"db_host": "127.0.0.1"})
    assert "certificate is not valid for DB_HOST" in sentence
    assert "IP address mismatch" in sentence


@pytest.mark.integration
def test_an_unknown_ca_is_refused(database_fields: dict[str, Any], tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.crt")
    sentence = refusal(database_fields | {"db_tls_ca_file": tmp_path / "other.crt"})
    assert "certificate is not valid for DB_HOST under our CA" in sentence
    assert "self-signed certificate in certificate chain" in sentence


@pytest.mark.integration
def test_a_server_without_tls_is_refused(plaintext_server: MariaDb) -> None:
    assert refusal(database_settings(plaintext_server, "contract")) == (
        "The database is not used: it offers no TLS."
    )


def test_nothing_is_sent_to_a_server_without_tls(tmp_path: Path, ca: trustme.CA) -> None:
    ca.cert_pem.write_to_path(tmp_path / "ca.crt")
    received: list[bytes] = []
    # Protocol 10, a version, a salt, and capabilities without CLIENT_SSL (0x0800).
    greeting = (
        b"\x0a8.0.0\x00" + b"\x01\x00\x00\x00" + b"saltsalt\x00" + b"\xff\xf7" + b"\x2d\x02\x00"
        b"\xff\xc1" + b"\x15" + bytes(10) + b"saltsaltsalt\x00" + b"mysql_native_password\x00"
    )

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.sendall(len(greeting).to_bytes(3, "little") + b"\x00" + greeting)
            while chunk := peer.recv(4096):
                received.append(chunk)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        server = MariaDb(listener.getsockname()[1], tmp_path / "ca.crt", tmp_path)
        sentence = refusal(database_settings(server, "contract") | {"db_host": "127.0.0.1"})
        thread.join()
    assert sentence == "The database is not used: it offers no TLS."
    assert received == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"db_password": "wrong"}, "the server refuses DB_USERNAME or DB_PASSWORD"),
        ({"db_name": "mysql"}, "DB_USERNAME may not use the database DB_NAME"),
        ({"db_name": "nothing"}, "DB_USERNAME may not use the database DB_NAME"),
    ],
)
def test_what_stays_wrong_is_said_at_once_and_without_a_secret(
    database_fields: dict[str, Any], change: dict[str, Any], cause: str
) -> None:
    sentence = refusal(database_fields | change)
    assert sentence == f"The database is not used: {cause}."
    assert PASSWORD not in sentence
    assert USER not in sentence


@pytest.mark.integration
def test_a_server_that_comes_up_late_is_waited_for(
    mariadb: MariaDb, database_fields: dict[str, Any]
) -> None:
    """The way is blocked at first, as by a network policy that is not there yet."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port = closed.getsockname()[1]
        waits: list[float] = []

        def open_the_way(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                closed.listen()
                threading.Thread(target=forward, args=(closed, mariadb.port), daemon=True).start()

        engine = engine_for(DatabaseSettings(**database_fields | {"db_port": port}), connections=1)
        wait_for_database(engine, timeout_seconds=60, sleep=open_the_way)
        engine.dispose()
    assert waits == [0.25, 0.5]


def forward(listener: socket.socket, port: int) -> None:
    """Passes one connection on."""
    peer, _ = listener.accept()
    with socket.create_connection(("127.0.0.1", port)) as server, peer:
        back = threading.Thread(target=copy, args=(server, peer), daemon=True)
        back.start()
        copy(peer, server)
        back.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    # Who has said goodbye closes without waiting for what the other still sends.
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_the_waiting_ends_with_a_sentence(
    tmp_path: Path, ca: trustme.CA, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal now
        now += seconds

    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("appinstance_app.store.database.time", clock)
    ca.cert_pem.write_to_path(tmp_path / "ca.crt")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = MariaDb(closed.getsockname()[1], tmp_path / "ca.crt", tmp_path)
        fields = database_settings(server, "contract") | {"db_host": host}
        engine = engine_for(DatabaseSettings(**fields), connections=1)
        with pytest.raises(DatabaseRefusedError) as caught:
            wait_for_database(engine, timeout_seconds=0.6, sleep=pass_by)
    assert "did not answer within 0.6 s" in str(caught.value)
    assert "Check DB_HOST and DB_PORT, DNS, and the network policy." in str(caught.value)
    assert now == 0.25, "A second pause would have ended too late."


def test_pauses_grow_up_to_a_ceiling() -> None:
    some = pauses()
    assert [next(some) for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 5, 5, 5]


@pytest.mark.integration
def test_a_connection_that_the_server_closed_is_nobodys_failed_request(
    mariadb: MariaDb, sql_store: SqlStore
) -> None:
    user = User(new_id(), "a@example.com", "Ada", datetime.now(UTC))
    for ask in (sql_store.check, lambda: sql_store.add_user(user, "planted-hash")):
        sql_store.check()
        mariadb.execute(f"KILL CONNECTION USER {USER}")
        ask()


@pytest.mark.integration
def test_a_read_that_takes_too_long_is_not_asked_again(database_fields: dict[str, Any]) -> None:
    store = SqlStore(engine_for(DatabaseSettings(**database_fields), connections=1, read_seconds=1))
    asked = []

    def slow(connection: Connection) -> None:
        asked.append(connection)
        connection.execute(text("SELECT SLEEP(30)"))

    with pytest.raises(StoreUnavailableError):
        store._read(slow)
    assert len(asked) == 1
    store.close()


@pytest.mark.integration
def test_a_database_without_the_schema_is_not_ready(mariadb: MariaDb) -> None:
    mariadb.new_database("bare")
    store = SqlStore(
        engine_for(DatabaseSettings(**database_settings(mariadb, "bare")), connections=1)
    )
    with pytest.raises(StoreUnavailableError):
        store.check()
    store.close()


@pytest.mark.integration
def test_errors_carry_no_values(sql_store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    too_long = User(new_id(), "a@example.com", "planted-name" * 20, datetime.now(UTC))
    with pytest.raises(DataError) as caught:
        sql_store.add_user(too_long, "planted-hash")
    chain = [str(caught.value), str(caught.value.__cause__), capsys.readouterr().out]
    assert not [part for part in chain if "planted" in part]
