"""`appinstance-provisioner`: one request, and its answer as the exit code (docs/adr/0034).

The operator's requests are `ensure` and `delete`. The platform has `sweep` (a CronJob: what is in
the ledger is put right, and rotated when due), its people `list`, `restore`, `read`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.request import Answer, Request, What
from appinstance_operator.api.settings import Settings, load_settings
from appinstance_operator.api.tenancy import provisioned_key

from .dumps import Login, Store
from .entries import Entries
from .failures import Failure
from .ledger import Ledger, State
from .names import Identity
from .provision import Provisioner, Terms
from .reading import Reader
from .removal import Remover
from .server import Administrator, Place

SETTINGS = "PROVISIONER_SETTINGS"
ADMINISTRATOR = "PROVISIONER_ADMINISTRATOR"
_ONCE = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 5})


class Command:
    """One run, under the platform's settings and with the administrator's login."""

    def __init__(self, settings: Settings, administrator: Path, session: Any = None) -> None:
        offered = settings.database.provisioning
        if offered is None:
            raise Failure(Answer.UNCONFIGURED, "database.provisioning is not set")
        self._settings = settings
        self._offered = offered
        place = Place(offered.host, settings.database.port, settings.database.ca_bundle)
        self._login = Login(
            place, _word(administrator, "username"), _word(administrator, "password")
        )
        aws = session or boto3.session.Session(region_name=settings.region)
        self._entries = Entries(
            aws.client("secretsmanager", config=_ONCE), settings.secrets.kms_key_arn
        )
        self._store = None
        if offered.backup_bucket:
            client = aws.client("s3", config=_ONCE)
            self._store = Store(client, offered.backup_bucket, offered.backup_kms_key_arn)

    def answer(self, request: Request) -> Answer:
        """Carry out a request of the operator's. Raises Failure."""
        identity = self._identity(request.namespace, request.name)
        key = self._key(identity)
        with self._administrator() as admin:
            if request.what is What.DELETE:
                dump = self._remover(admin).delete(identity, key)
                say("removed", identity, dump=dump)
                return Answer.DONE
            done = self._provisioner(admin).ensure(identity, key, request.rotation)
            say("ensured", identity, repaired=done.repaired, rotated=done.rotated)
            return Answer.ROTATION_WAITS if done.waits else Answer.DONE

    def sweep(self) -> Answer:
        """Put right all that the ledger has; the first thing that failed is the answer."""
        worst = Answer.DONE
        with self._administrator() as admin:
            for line in Ledger(admin).lines(self._settings.oidc.issuer):
                if line.state is State.DELETING:
                    continue
                try:
                    done = self._provisioner(admin).ensure(line.identity, self._key(line.identity))
                    say("ensured", line.identity, repaired=done.repaired, rotated=done.rotated)
                except Failure as failure:
                    worst = worst or failure.answer
                    say("failed", line.identity, error=str(failure))
        return worst

    def databases(self) -> Answer:
        """Print a line for each database: whose it is, its schema, and its entry."""
        with self._administrator() as admin:
            for line in Ledger(admin).lines(self._settings.oidc.issuer):
                say(
                    "database",
                    line.identity,
                    schema=line.schema,
                    entry=self._key(line.identity),
                    state=line.state.value,
                )
        return Answer.DONE

    def restore(self, key: tuple[str, str], dump: str, *, replace: bool) -> Answer:
        """Load a dump into the database that an AppInstance has."""
        identity = self._identity(*key)
        with self._administrator() as admin:
            tables = self._remover(admin).restore(identity, dump, replace=replace)
            say("restored", identity, dump=dump, tables=tables)
        return Answer.DONE

    def read(self, key: tuple[str, str], statement: str, reason: str) -> Answer:
        """Print what a statement finds; that it was asked, and why, is written down before."""
        identity = self._identity(*key)
        say("read", identity, reason=reason, statement=statement)
        with self._administrator() as admin:
            for row in Reader(admin, self._login.place).rows(identity, statement):
                say("row", identity, values=[str(item) for item in row])
        return Answer.DONE

    def _administrator(self) -> Administrator:
        return Prepared(self._login.place, self._login.user, self._login.password)

    def _provisioner(self, admin: Administrator) -> Provisioner:
        offered = self._offered
        terms = Terms(
            self._login.place,
            offered.connections,
            offered.rotation_days * 86_400,
            offered.rotation_gap_minutes * 60,
        )
        return Provisioner(admin, self._entries, terms)

    def _remover(self, admin: Administrator) -> Remover:
        return Remover(admin, self._login, self._entries, self._store)

    def _identity(self, namespace: str, name: str) -> Identity:
        return Identity(self._settings.oidc.issuer, namespace, name)

    def _key(self, identity: Identity) -> str:
        return provisioned_key(identity.namespace, identity.name, self._settings)


class Prepared(Administrator):
    """The administrator, with a ledger at hand."""

    def __enter__(self) -> Self:
        """Connect, and make the ledger where it is not there."""
        super().__enter__()
        Ledger(self).prepare()
        return self


def say(event: str, identity: Identity, **more: object) -> None:
    """Write a line to the log."""
    line = {"event": event, "namespace": identity.namespace, "name": identity.name, **more}
    sys.stdout.write(json.dumps(line) + "\n")


def _word(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text().strip()
    except OSError as error:
        raise Failure(
            Answer.UNCONFIGURED, f"cannot read the administrator's {name}: {error.strerror}"
        ) from None


def _key(text: str) -> tuple[str, str]:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form <namespace>/<name>")
    return namespace, name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="appinstance-provisioner", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for what in What:
        added = commands.add_parser(what.value)
        added.add_argument("key", type=_key)
        added.add_argument("--rotation", default="")
    commands.add_parser("sweep")
    commands.add_parser("list")
    restore = commands.add_parser("restore")
    restore.add_argument("key", type=_key)
    restore.add_argument("--dump", required=True)
    restore.add_argument("--replace", action="store_true")
    read = commands.add_parser("read")
    read.add_argument("key", type=_key)
    read.add_argument("--statement", required=True)
    read.add_argument("--reason", required=True)
    return parser


def run(arguments: Sequence[str], command: Command) -> Answer:
    """Carry out a command line. Raises Failure."""
    options = _parser().parse_args(arguments)
    if options.command == "sweep":
        return command.sweep()
    if options.command == "list":
        return command.databases()
    if options.command == "read":
        return command.read(options.key, options.statement, options.reason)
    if options.command == "restore":
        return command.restore(options.key, options.dump, replace=options.replace)
    return command.answer(_request(options))


def _request(options: argparse.Namespace) -> Request:
    namespace, name = options.key
    return Request(What(options.command), namespace, name, options.rotation)


def main() -> None:
    """Run, and exit with the answer."""
    try:
        settings = load_settings(Path(os.environ.get(SETTINGS, "/etc/appinstance/settings.yaml")))
        folder = Path(os.environ.get(ADMINISTRATOR, "/var/run/appinstance/administrator"))
        answer = run(sys.argv[1:], Command(settings, folder))
    except Failure as failure:
        sys.stderr.write(f"error: {failure}\n")
        sys.exit(failure.answer)
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(Answer.UNCONFIGURED)
    if answer is not Answer.DONE:
        sys.stderr.write(f"{answer.reason}: {answer.sentence}\n")
    sys.exit(answer)


if __name__ == "__main__":
    main()
