"""`appinstance-app` in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from support.ports import free_port
from support.waiting import WAIT_SECONDS

from .mariadb import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from .mariadb import MariaDb

EMAIL = "ada@example.com"
USER_PASSWORD = "planted password Zk3 horse"
COMMAND = str(Path(sys.executable).with_name("appinstance-app"))
BUCKET = "appinstance-media"
KEY = "planted-Zr1xV0nT5mJ7cB2yW9kL4pD6hF3sGa"
SIGN_UP = {"email": EMAIL, "password": USER_PASSWORD, "display_name": "Ada"}


def environment(**variables: object) -> dict[str, str]:
    """Only what is given, and what a process needs to run at all."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {name: str(value) for name, value in variables.items()}


def development(**variables: object) -> dict[str, str]:
    return environment(
        APP_ENVIRONMENT="development",
        USE_FILE_STORAGE="true",
        APP_PORT=free_port(),
        APP_METRICS_PORT=free_port(),
        **variables,
    )


def production(mariadb: MariaDb, database: str, endpoint: str, **more: object) -> dict[str, str]:
    """What the operator gives, on a database and with AWS at an endpoint."""
    return environment(
        APP_ENVIRONMENT="production",
        APP_PORT=free_port(),
        APP_METRICS_PORT=free_port(),
        APP_PUBLIC_URL="https://acme.apps.localhost",
        APP_TRUSTED_PROXY_HOPS=1,
        APP_SECRET_KEY=KEY,
        APP_DRAIN_SECONDS=0,
        DB_HOST="localhost",
        DB_PORT=mariadb.port,
        DB_USERNAME=USER,
        DB_PASSWORD=PASSWORD,
        DB_NAME=database,
        DB_TLS_CA_FILE=mariadb.ca_file,
        MEDIA_BUCKET=BUCKET,
        MEDIA_PREFIX="acme/shop/",
        AWS_REGION="us-east-1",
        AWS_ENDPOINT_URL=endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="planted-aws-secret",
        **more,
    )


class Process:
    """`appinstance-app`, with its output in a file."""

    def __init__(self, folder: Path, variables: dict[str, str], *arguments: str) -> None:
        self.log = folder / "log"
        self.port = int(variables.get("APP_PORT", 0))
        self.metrics_port = int(variables.get("APP_METRICS_PORT", 0))
        with self.log.open("wb") as output:
            self.popen = subprocess.Popen(
                [COMMAND, *arguments],
                cwd=folder,
                env=variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.log.read_text()

    def url(self, path: str) -> str:
        """`/readyz` and `/metrics` are answered on the other port alone."""
        port = self.metrics_port if path in ("/readyz", "/metrics") else self.port
        return f"http://127.0.0.1:{port}{path}"

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for it, as long as the process lives."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.text)
            time.sleep(0.02)

    def status(self, path: str) -> int:
        try:
            return httpx.get(self.url(path), timeout=30).status_code
        except httpx.TransportError:
            return 0


def ended(variables: dict[str, str], folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and the last line of a run that ends by itself."""
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()[-1] if done.stderr else ""
