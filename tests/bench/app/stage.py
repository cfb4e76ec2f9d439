"""All processes of a measurement: databases, the stand-in for S3, and the servers side by side.

The server that is asked has a processor of its own, the last one; databases, S3 and whoever asks
share the others.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trustme
from app.mariadb import running_mariadb
from app.processes import COMMAND, SIGN_UP, environment, production
from support.ports import free_port
from support.waiting import wait_for

from bench import ending
from bench.stage import processor_seconds

from . import template

TESTS = Path(__file__).parents[2]
_POSTGRES = Path("/usr/lib/postgresql")


@dataclass
class Server:
    """A server that is asked, and what it is asked with."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def cpu_seconds(self) -> float:
        """The processor time it has used so far."""
        return processor_seconds(self.process.pid)


def _ended(process: subprocess.Popen[bytes], by: signal.Signals) -> None:
    process.send_signal(by)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def processors() -> tuple[set[int], set[int]]:
    """The one that a server has, and those of all else."""
    usable = sorted(os.sched_getaffinity(0))
    return {usable[-1]}, set(usable[:-1]) or {usable[-1]}


class Stage:
    """What the servers need, and the servers."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        ending.end_in_order()
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-app-")))
        stack.callback(ending.kill_children)
        self._own, self.others = processors()
        stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        os.sched_setaffinity(0, self.others)
        self.s3_port = free_port()
        command = [sys.executable, "-m", "bench.app.s3", str(self.s3_port)]
        self._ready(self._begin("s3", command, environment()), self.s3_port, "/")
        self._mariadb = self._started_mariadb()

    def _started_mariadb(self) -> Any:
        ca = trustme.CA()
        (self._folder / "mariadb").mkdir()
        return self._stack.enter_context(running_mariadb(self._folder / "mariadb", ca))

    def variables(self, database: str, **more: object) -> dict[str, str]:
        """What the operator gives the app, on a database of that name."""
        endpoint = f"http://127.0.0.1:{self.s3_port}"
        return production(
            self._mariadb, database, endpoint,
            APP_ACCESS_TOKEN_SECONDS=3600,
            APP_SIGN_IN_PER_ACCOUNT=10**6,
            APP_SIGN_IN_PER_ADDRESS=10**6,
            APP_SIGN_UP_PER_ADDRESS=10**6,
            AWS_DEFAULT_REGION="us-east-1",
            **more,
        )  # fmt: skip

    def ours(self, variables: dict[str, str], *command: str) -> Server:
        """The app, migrated. `command`: what serves it, if not its own command."""
        if variables["DB_NAME"] not in self._databases():
            self._mariadb.new_database(variables["DB_NAME"])
            subprocess.run([COMMAND, "migrate"], env=variables, check=True, capture_output=True)
        name = f"ours-{variables['APP_PORT']}"
        server = self._serve(
            name, list(command) or [COMMAND, "serve"], variables, int(variables["APP_PORT"])
        )
        self._ready(server.process, int(variables["APP_METRICS_PORT"]), "/readyz")
        return server

    def _databases(self) -> set[str]:
        from pymysql import connect

        with connect(unix_socket=str(self._mariadb.socket), user="root") as connection:
            cursor = connection.cursor()
            cursor.execute("SHOW DATABASES")
            return {row[0] for row in cursor.fetchall()}

    def bare(self, variables: dict[str, str]) -> Server:
        """The bare app, on the same database and objects."""
        port = free_port()
        command = [sys.executable, "-m", "bench.app.bare", str(port)]
        server = self._serve("bare", command, variables, port)
        self._ready(server.process, port, "/openapi.json")
        return server

    def template(self, key: str) -> tuple[Server, str]:
        """The template's app on a PostgreSQL of its own, and the id of its account."""
        url = self._postgres()
        user_id, port = template.made(url), free_port()
        command = [sys.executable, "-m", "bench.app.template", str(port), url, key]
        server = self._serve("template", command, environment(), port)
        self._ready(server.process, port, "/openapi.json")
        return server, user_id

    def _postgres(self) -> str:
        found = sorted(_POSTGRES.glob("*/bin"))
        if not found:
            sys.exit("error: there is no PostgreSQL; install it with: apt-get install postgresql")
        folder, port = self._folder / "postgres", free_port()
        folder.mkdir()
        user = "postgres" if os.geteuid() == 0 else None  # it does not run as root
        self._folder.chmod(0o755)
        if user:
            shutil.chown(folder, user)
        data = str(folder / "data")
        subprocess.run(
            [str(found[-1] / "initdb"), "-D", data, "-U", "app", "-A", "trust", "-N"],
            user=user, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        command = [
            str(found[-1] / "postgres"), "-D", data, "-p", str(port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
            "-c", "fsync=off",
        ]  # fmt: skip
        # Its word for "at once": the other one waits for all who are connected.
        self._begin("postgres", command, environment(), ends=signal.SIGINT, user=user, cwd=folder)
        is_ready = [str(found[-1] / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
        wait_for(
            "PostgreSQL",
            lambda: subprocess.run(is_ready, capture_output=True, check=False).returncode == 0,
        )
        return f"postgresql+psycopg://app@127.0.0.1:{port}/postgres"

    def _serve(self, name: str, command: list[str], variables: dict[str, str], port: int) -> Server:
        os.sched_setaffinity(0, self._own)
        try:
            return Server(port, self._begin(name, command, variables))
        finally:
            os.sched_setaffinity(0, self.others)

    def _begin(
        self,
        name: str,
        command: list[str],
        variables: dict[str, str],
        *,
        ends: signal.Signals = signal.SIGTERM,
        **more: Any,
    ) -> subprocess.Popen[bytes]:
        out = self._stack.enter_context((self._folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            command, env=variables | {"PYTHONPATH": str(TESTS)}, stdout=out, stderr=out, **more
        )
        self._stack.callback(_ended, process, ends)
        return process

    @staticmethod
    def _ready(process: subprocess.Popen[bytes], port: int, path: str) -> None:
        def answers() -> bool:
            if process.poll() is not None:
                sys.exit(f"error: {process.args!r} ended with {process.returncode}")
            try:
                return httpx.get(f"http://127.0.0.1:{port}{path}").is_success
            except httpx.HTTPError:
                return False

        wait_for(f"port {port}", answers, 60)

    def on_the_servers_processor(self, module: str, *arguments: str) -> list[float]:
        """The numbers that a module prints, run where a server would."""
        os.sched_setaffinity(0, self._own)
        try:
            done = subprocess.run(
                [sys.executable, "-m", module, *arguments], capture_output=True, check=True,
                env=environment() | {"PYTHONPATH": str(TESTS)}, text=True,
            )  # fmt: skip
        finally:
            os.sched_setaffinity(0, self.others)
        return [float(number) for number in done.stdout.split()]

    def hang(self, *, hangs: bool) -> None:
        """Makes S3 answer nothing any more, or answer again."""
        method = "PUT" if hangs else "DELETE"
        httpx.request(method, f"http://127.0.0.1:{self.s3_port}/_hangs").raise_for_status()


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """A stage, and the end of all that was begun on it."""
    with contextlib.ExitStack() as stack:
        yield Stage(stack)


class Person:
    """Somebody with an account in the app."""

    def __init__(self, server: Server, number: int = 0) -> None:
        self.email = f"ada{number}@example.com"
        # An address of one's own, as the load balancer would tell it.
        self.headers = {"X-Forwarded-For": f"10.{number // 250}.{number % 250}.9"}
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{server.port}", headers=self.headers, timeout=60
        )
        answer = self.client.post("/api/v1/auth/sign-up", json=SIGN_UP | {"email": self.email})
        answer.raise_for_status()
        self.token: str = answer.json()["access_token"]
        self.headers["Authorization"] = f"Bearer {self.token}"

    def upload(self, picture: bytes) -> str:
        """Gives the account a picture; its address."""
        answer = self.client.put(
            "/api/v1/users/me/avatar",
            headers=self.headers,
            files={"file": ("a.jpg", picture, "image/jpeg")},
        )
        answer.raise_for_status()
        address: str = answer.json()["avatar_url"]
        return address
