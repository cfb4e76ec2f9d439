"""Fixtures of the backend's tests: settings, apps with clients, and the real servers."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
import pytest
import structlog
import trustme
from app.frontend.page import launched_chromium
from app.frontend.servers import missing
from app.mariadb import PASSWORD, USER, MariaDb, running_mariadb
from app.processes import BUCKET, EMAIL, USER_PASSWORD, Process
from app.processes import production as in_production
from asgi_lifespan import LifespanManager
from playwright.sync_api import sync_playwright
from pydantic import SecretStr
from sqlalchemy import text
from support.moto import running_moto

from appinstance_app.application import create_app
from appinstance_app.migrations.runner import migrate
from appinstance_app.settings import DatabaseSettings, Environment, Settings
from appinstance_app.store.database import engine_for
from appinstance_app.store.files import FileStore
from appinstance_app.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from playwright.sync_api import Browser

    from appinstance_app.store.protocol import Store

SECRET_KEY = "planted-signing-key-0123456789-abcdefghijkl"


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Drawing tracebacks for a terminal takes seconds; the tests of logs configure their own."""

    def dropped(*_: object) -> NoReturn:
        raise structlog.DropEvent

    structlog.configure(processors=[dropped])


@pytest.fixture(autouse=True)
def _cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of tests sign up; auth/test_passwords.py keeps the real cost."""
    monkeypatch.setattr("appinstance_app.auth.passwords.MEMORY_KIB", 64)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests behind all others: Playwright's loop runs on when it is in use, and
    no test of asyncio's can begin beside it."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


_READ = ("APP_", "DB_", "MEDIA_", "AWS_", "OIDC_", "SMTP_", "MAIL_", "USE_FILE_STORAGE")


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No variable that the app reads is set, and there is no `.env` in the working directory."""
    for name in list(os.environ):
        if name.startswith(
            ("APP_", "DB_", "MEDIA_", "AWS_", "OIDC_", "SMTP_", "MAIL_", "USE_FILE_STORAGE")
        ):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def make_settings(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Settings]:
    """Development settings on files; every field can be given."""

    def make(**fields: Any) -> Settings:
        defaults: dict[str, Any] = {
            "environment": Environment.DEVELOPMENT,
            "use_file_storage": True,
            "data_dir": tmp_path / "data",
            "secret_key": SecretStr(SECRET_KEY),
            "public_url": "http://testserver",
            "start_timeout_seconds": 1,
        }
        return Settings(**defaults | fields)

    return make


@dataclass
class Running:
    """An app with a client that keeps cookies."""

    app: FastAPI
    client: httpx.AsyncClient

    async def signed_up(self, email: str = EMAIL) -> dict[str, str]:
        """Makes an account; the headers that act for it."""
        answer = await self.client.post(
            "/api/v1/auth/sign-up",
            json={"email": email, "password": USER_PASSWORD, "display_name": "Ada"},
        )
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator[Running]:
        """The same app in another browser, which has no cookies yet."""
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 4000))
        async with httpx.AsyncClient(transport=transport, base_url=self.client.base_url) as client:
            yield Running(self.app, client)

    @property
    def cookie(self) -> str:
        """The refresh token that the client holds."""
        return self.client.cookies["session"]


@pytest.fixture
async def start(make_settings: Callable[..., Settings]) -> AsyncIterator[Callable[..., Any]]:
    """Starts apps: `await start(store=…, media=…, **settings)`."""
    ends = []

    async def begin(*, store: Any = None, media: Any = None, **fields: Any) -> Running:
        app = create_app(make_settings(**fields), store=store, media=media)
        # Its own patience is five seconds.
        manager = LifespanManager(app, startup_timeout=60, shutdown_timeout=60)
        await manager.__aenter__()
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 4000))
        client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        ends.append((manager, client))
        return Running(app, client)

    yield begin
    for manager, client in ends:
        await client.aclose()
        await manager.__aexit__(None, None, None)


@pytest.fixture
async def running(start: Callable[..., Any]) -> Running:
    """One app on files."""
    result: Running = await start()
    return result


@pytest.fixture(scope="session")
def tools() -> None:
    """Fails where a program or a right is missing, and says which. Nothing is skipped silently."""
    sentence = missing()
    if sentence:
        pytest.fail(sentence, pytrace=False)


@pytest.fixture(scope="session")
def browser(tools: None) -> Iterator[Browser]:
    """Debian's Chromium, one for all tests: Playwright's loop can't be begun twice."""
    with sync_playwright() as playwright:
        chromium = launched_chromium(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """The database's certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory, ca: trustme.CA) -> Iterator[MariaDb]:
    """One server for all tests."""
    with running_mariadb(tmp_path_factory.mktemp("db"), ca) as server:
        yield server


@pytest.fixture(scope="session")
def database_fields(mariadb: MariaDb) -> dict[str, Any]:
    """The settings of a database with the newest schema."""
    mariadb.new_database("contract")
    fields = database_settings(mariadb, "contract")
    engine = engine_for(DatabaseSettings(**fields), connections=2)
    migrate(engine)
    engine.dispose()
    return fields


def database_settings(server: MariaDb, name: str) -> dict[str, Any]:
    """The fields that lead to database `name` on `server`."""
    return {
        "environment": Environment.DEVELOPMENT,
        "use_file_storage": False,
        "db_host": "localhost",
        "db_port": server.port,
        "db_username": USER,
        "db_password": SecretStr(PASSWORD),
        "db_name": name,
        "db_tls_ca_file": server.ca_file,
        "start_timeout_seconds": 1,
    }


@pytest.fixture
def sql_store(database_fields: dict[str, Any]) -> Iterator[SqlStore]:
    """An empty store on MariaDB."""
    engine = engine_for(DatabaseSettings(**database_fields), connections=18)
    with engine.begin() as connection:
        for table in (
            "proofs",
            "pending_users",
            "hits",
            "refresh_tokens",
            "sessions",
            "users",
            "old_pictures",
        ):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 fixed names
    store = SqlStore(engine)
    yield store
    store.close()


@pytest.fixture(params=["files", pytest.param("sql", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "sql":
        yield request.getfixturevalue("sql_store")
        return
    files = FileStore(tmp_path / "store")
    yield files
    files.close()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts `appinstance-app`; what is left of it is ended."""
    processes: list[Process] = []

    def start(variables: dict[str, str], *arguments: str) -> Process:
        processes.append(Process(tmp_path, variables, *arguments))
        return processes[-1]

    yield start
    for process in processes:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.wait()


@pytest.fixture
def production(mariadb: MariaDb, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the operator gives, with an empty database and a bucket."""
    name = f"cli_{tmp_path.name}"[:60]
    mariadb.new_database(name)
    with running_moto() as endpoint:
        httpx.put(f"{endpoint}/{BUCKET}", timeout=60).raise_for_status()
        yield in_production(mariadb, name, endpoint, APP_START_TIMEOUT_SECONDS=60)
