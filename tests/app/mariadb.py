"""A real MariaDB for tests: a process of its own, in a folder of its own, with TLS under our CA."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pymysql
import pytest
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import trustme

START_SECONDS: Final = 180.0
USER: Final = "appinstance"
PASSWORD: Final = "planted-database-password-5Hq"


@dataclass(frozen=True)
class MariaDb:
    """A running server. Its certificate is for `localhost` and for no address."""

    port: int
    ca_file: Path
    socket: Path

    def execute(self, *statements: str) -> None:
        """As root, over the socket."""
        with pymysql.connect(unix_socket=str(self.socket), user="root") as connection:
            for statement in statements:
                connection.cursor().execute(statement)
            connection.commit()

    def new_database(self, name: str) -> None:
        """An empty database that `USER` may use, from anywhere, with TLS or not."""
        self.execute(
            f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4",
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON `{name}`.* TO '{USER}'@'%'",
        )


@contextmanager
def running_mariadb(folder: Path, ca: trustme.CA, *, tls: bool = True) -> Iterator[MariaDb]:
    """A fresh server in `folder`. Fails with a sentence where MariaDB is not installed."""
    binaries = {name: _found(name) for name in ("mariadbd", "mariadb-install-db")}
    data = folder / "data"
    ca_file = folder / "ca.crt"
    ca.cert_pem.write_to_path(ca_file)
    as_user = ["--user=root"] if os.geteuid() == 0 else []
    installed = subprocess.run(
        [
            binaries["mariadb-install-db"],
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *as_user,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    # Unix socket paths have at most 107 characters, and a test's folder may be deep.
    socket_path = folder / "s"
    port = free_port()
    options = [
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={socket_path}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--pid-file={folder / 'pid'}",
        # A test's server has nothing to lose by a crash.
        "--innodb-flush-log-at-trx-commit=0",
        "--debug-no-sync",
        "--innodb-buffer-pool-size=32M",
        *as_user,
        *(_tls_options(folder, ca) if tls else ["--skip-ssl"]),
    ]
    with _running([binaries["mariadbd"], *options], folder / "log", socket_path):
        yield MariaDb(port=port, ca_file=ca_file, socket=socket_path)


def _tls_options(folder: Path, ca: trustme.CA) -> list[str]:
    certificate = ca.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    (folder / "server.crt").write_bytes(
        b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    )
    return [
        f"--ssl-ca={folder / 'ca.crt'}",
        f"--ssl-cert={folder / 'server.crt'}",
        f"--ssl-key={folder / 'server.key'}",
    ]


@contextmanager
def _running(command: Sequence[str], log: Path, socket_path: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(socket_path):
            running = process.poll() is None and time.monotonic() < deadline
            assert running, f"MariaDB did not start:\n{log.read_text()}"
            time.sleep(0.05)
        yield
    finally:
        # Killed: nothing of it is kept, and its orderly end takes its time.
        process.kill()
        process.wait()


def _answers(socket_path: Path) -> bool:
    # Tried first with a socket of our own: PyMySQL leaves one open that was refused.
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(socket_path)):
            return False
    try:
        pymysql.connect(unix_socket=str(socket_path), user="root").close()
    except pymysql.OperationalError:
        return False
    return True


def _found(name: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if path is None:
        pytest.fail(f"There is no {name}; install MariaDB with: apt-get install mariadb-server")
    return path
