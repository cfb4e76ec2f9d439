"""The provisioner's command on a real server, and looks at what it left."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pymysql
from app.mariadb import MariaDb

from appinstance_operator.api.request import Answer, Request
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.tenancy import provisioned_key
from appinstance_provisioner import steps
from appinstance_provisioner.main import Command
from appinstance_provisioner.names import Identity
from appinstance_provisioner.server import Place, connection
from support.golden_settings import COMMON
from support.waiting import wait_for
from support.yamls import document


class Session:
    """A session that makes each client once, which takes as long as several tests."""

    def __init__(self, session: boto3.session.Session) -> None:
        self._session = session
        self._made: dict[str, Any] = {}

    def client(self, service: str, config: object = None) -> Any:
        """The client of a service."""
        assert config is None or config
        if service not in self._made:
            made: Any = self._session
            self._made[service] = made.client(service)
        return self._made[service]


REGION = "eu-central-1"
BUCKET = "platform-dumps"
ADMINISTRATOR = "administrator"
RIGHTS_ON_RDS = (
    "ALTER, CREATE, CREATE USER, DELETE, DROP, EXECUTE, INDEX, INSERT, LOCK TABLES, PROCESS, "
    "REFERENCES, RELOAD, SELECT, SHOW DATABASES, UPDATE"
)
"""Of the master user's rights on RDS for MySQL those that concern this; no SUPER, no KILL."""


class Died(BaseException):
    """The process is lost at a point; nothing that catches errors catches it."""


@dataclass
class Bench:
    """One server, one cloud, one set of settings."""

    server: MariaDb
    aws: Session
    folder: Path

    def settings(self, **provisioning: Any) -> Settings:
        """Settings that lead to the server; keys of `provisioning` by their YAML names."""
        values = document(COMMON.read_text())
        values["database"] = {
            **values["database"],
            "port": self.server.port,
            "caBundle": self.server.ca_file.read_text(),
            "provisioning": {
                "host": "localhost",
                "rotationGapMinutes": 0,
                "backupBucket": BUCKET,
                **provisioning,
            },
        }
        values["secrets"].pop("kmsKeyArn")
        return parse_settings(values)

    def command(self, password: str = "administrators-own-7", **provisioning: Any) -> Command:
        """A run, with the administrator's login in files."""
        (self.folder / "username").write_text(ADMINISTRATOR)
        (self.folder / "password").write_text(password)
        return Command(self.settings(**provisioning), self.folder, self.aws)

    def asked(self, request: Request, **provisioning: Any) -> Answer:
        """The answer to a request."""
        return self.command(**provisioning).answer(request)

    def asked_and_died(self, request: Request, at: str) -> bool:
        """Whether the point was come to, at which the process was lost."""

        def die(point: str) -> None:
            if point == at:
                raise Died

        steps.hook = die
        try:
            self.asked(request)
        except Died:
            return True
        finally:
            steps.hook = None
        return False

    def identity(self, namespace: str = "acme", name: str = "shop") -> Identity:
        """Whose database it is."""
        return Identity(self.settings().oidc.issuer, namespace, name)

    def key(self, namespace: str = "acme", name: str = "shop") -> str:
        """The entry's key."""
        return provisioned_key(namespace, name, self.settings())

    @functools.cached_property
    def manager(self) -> Any:
        """Secrets Manager."""
        return self.aws.client("secretsmanager")

    def entry(self, namespace: str = "acme", name: str = "shop") -> dict[str, Any]:
        """What the entry holds."""
        text = self.manager.get_secret_value(SecretId=self.key(namespace, name))["SecretString"]
        value: dict[str, Any] = json.loads(text)
        return value

    def entries(self) -> list[str]:
        """The names of all entries."""
        return sorted(item["Name"] for item in self.manager.list_secrets()["SecretList"])

    def dumps(self) -> list[str]:
        """The keys of all dumps."""
        found = self.aws.client("s3").list_objects_v2(Bucket=BUCKET)
        return [item["Key"] for item in found.get("Contents", ())]

    def root(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as root; what it finds."""
        with (
            pymysql.connect(
                unix_socket=str(self.server.socket), user="root", autocommit=True
            ) as connected,
            connected.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())

    def await_idle(self) -> None:
        """Wait until the server has noticed that instances' connections are closed."""
        count = "SELECT COUNT(*) FROM information_schema.processlist WHERE user LIKE 'app-%'"
        wait_for("connections to end", lambda: self.root(count) == [(0,)])

    def schemas(self) -> list[str]:
        """The schemas that instances (or tests) have."""
        return [name for (name,) in self.root("SHOW DATABASES LIKE 'app-%'")]

    def users(self) -> list[str]:
        """The users that instances have."""
        rows = self.root("SELECT user FROM mysql.user WHERE user LIKE 'app-%' ORDER BY user")
        return [name for (name,) in rows]

    def as_instance(self, entry: dict[str, Any] | None = None) -> pymysql.Connection[Any]:
        """A connection with what the entry says. Raises Failure as the server does."""
        held = entry or self.entry()
        place = Place(held["host"], held["port"], self.server.ca_file.read_text())
        return connection(place, held["username"], held["password"], held["dbname"])

    def filled(self, rows: int = 3) -> None:
        """Make a table in the instance's schema, as its own user, with rows of all kinds."""
        with self.as_instance() as connected, connected.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE people (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40),"
                " raw VARBINARY(16), at DATETIME(6), price DECIMAL(10,3), note JSON,"
                " twice BIGINT AS (id * 2) VIRTUAL)"
            )
            cursor.execute(
                "CREATE TABLE `pe``ts` (id INT PRIMARY KEY, owner BIGINT,"
                " FOREIGN KEY (owner) REFERENCES people (id))"
            )
            for number in range(rows):
                cursor.execute(
                    "INSERT INTO people (name, raw, at, price, note) VALUES (%s, %s, %s, %s, %s)",
                    (f"Zoë '{number}\n🦊", bytes(range(16)), "2026-01-01 00:00:00.123456", "1.005",
                     '{"a": [1, null]}'),
                )  # fmt: skip
            cursor.execute("INSERT INTO `pe``ts` VALUES (1, 1)")

    def people(self) -> list[tuple[Any, ...]]:
        """All rows of the table."""
        with self.as_instance() as connected, connected.cursor() as cursor:
            cursor.execute("SELECT * FROM people ORDER BY id")
            return list(cursor.fetchall())

    def clear(self) -> None:
        """Take everything of ours off the server."""
        for schema in [*self.schemas(), "appinstance-ledger"]:
            self.root(f"DROP DATABASE IF EXISTS `{schema}`")
        for user in self.users():
            self.root(f"DROP USER '{user}'@'%'")
