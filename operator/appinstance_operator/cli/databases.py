"""`appinstance orphans` and `appinstance database …`: for the people of the platform.

Each runs the provisioner in a Job of the CronJob's template, as whoever the kubeconfig says: it
takes the right to make Jobs in the operator's namespace. Who made one is in the API server's audit
log; what was read and why is a line in the Job's own.
"""

from __future__ import annotations

import argparse
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from appinstance_operator.api.request import Request, What, answer_in
from appinstance_operator.desired.names import OPERATOR_NAMESPACE

from .fleet import CommandError, Key, exit_code

if TYPE_CHECKING:
    from appinstance_operator.kube.client import Kube

_WAIT_SECONDS = 3600.0
_LOOK_SECONDS = 1.0


class Provisioner:
    """Runs the provisioner and returns what it wrote."""

    def __init__(
        self, kube: Kube, namespace: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._kube = kube
        self._namespace = namespace
        self._sleep = sleep

    def wrote(self, arguments: list[str]) -> str:
        """Run it to its end. Raises CommandError with its answer."""
        from appinstance_operator.kube.kinds import BY_KIND, CRON_JOB, DATABASE_JOB
        from appinstance_operator.reconcile.requests import job_of

        template = self._kube.find(CRON_JOB, self._namespace, DATABASE_JOB)
        if template is None:
            raise CommandError(
                f"namespace {self._namespace} has no CronJob {DATABASE_JOB}: databases are not "
                "offered here, or --namespace is not the operator's"
            )
        name = f"{DATABASE_JOB}-by-hand-{secrets.token_hex(4)}"
        body = job_of(template, arguments, self._namespace, name, {})
        self._kube.create(BY_KIND["Job"], body)
        status = self._ended(name)
        text = "".join(self._logs(name))
        if status.get("succeeded"):
            return text
        raise CommandError(f"job {name} in {self._namespace} failed: {_told(status, text)}")

    def instances(self) -> set[str]:
        """Return every AppInstance that is there, as <namespace>/<name>."""
        from appinstance_operator.kube.kinds import APPINSTANCE

        return {
            f"{item['metadata']['namespace']}/{item['metadata']['name']}"
            for page in self._kube.pages(APPINSTANCE)
            for item in page["items"]
        }

    def _ended(self, name: str) -> Mapping[str, Any]:
        from appinstance_operator.kube.kinds import BY_KIND

        waited = 0.0
        while waited < _WAIT_SECONDS:
            live = self._kube.find(BY_KIND["Job"], self._namespace, name) or {}
            status: Mapping[str, Any] = live.get("status") or {}
            if any(
                item["type"] in {"Complete", "Failed"} and item["status"] == "True"
                for item in status.get("conditions") or ()
            ):
                return status
            self._sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
        raise CommandError(f"job {name} in {self._namespace} has not ended; see `kubectl get jobs`")

    def _logs(self, name: str) -> Iterator[str]:
        from appinstance_operator.kube.kinds import POD

        listed = self._kube.list(POD, f"batch.kubernetes.io/job-name={name}", self._namespace)
        for pod in listed.get("items") or ():
            yield self._kube.log(self._namespace, pod["metadata"]["name"])


def _told(status: Mapping[str, Any], text: str) -> str:
    """Return why a Job failed: its answer's sentence, and the last line that it wrote."""
    words = " ".join(str(item.get("message", "")) for item in status.get("conditions") or ())
    answer = answer_in(words)
    last = (text.strip().splitlines() or [""])[-1]
    return "; ".join(part for part in (answer.sentence if answer else words, last) if part)


def events(text: str, event: str) -> list[dict[str, Any]]:
    """Return the lines of one kind in what the provisioner wrote."""
    found = []
    for line in text.splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if isinstance(item, dict) and item.get("event") == event:
            found.append(item)
    return found


def orphans(provisioner: Provisioner) -> str:
    """Return a table of the databases whose AppInstance is not there (any more)."""
    # The ledger first: an instance that is made meanwhile is then no orphan.
    held = events(provisioner.wrote(["list"]), "database")
    living = provisioner.instances()
    rows = [
        (f"{item['namespace']}/{item['name']}", item["schema"], item["entry"])
        for item in held
        if f"{item['namespace']}/{item['name']}" not in living
    ]
    if not rows:
        return "no database is without its AppInstance"
    table = [("INSTANCE", "SCHEMA", "ENTRY"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join(lines)


def removed(provisioner: Provisioner, instance: Key) -> str:
    """Remove an orphan, after a dump. Raises CommandError where its AppInstance is there."""
    if str(instance) in provisioner.instances():
        raise CommandError(
            f"AppInstance {instance} is there; delete it, with spec.deletionPolicy Delete"
        )
    request = Request(What.DELETE, instance.namespace, instance.name)
    (done,) = events(provisioner.wrote(request.arguments), "removed") or [{"dump": ""}]
    return f"removed; the dump is {done['dump']}" if done["dump"] else "there was nothing to remove"


def restored(provisioner: Provisioner, instance: Key, dump: str, *, replace: bool) -> str:
    """Load a dump into the database that an AppInstance has."""
    words = ["restore", str(instance), "--dump", dump, *(["--replace"] if replace else [])]
    (done,) = events(provisioner.wrote(words), "restored")
    return f"loaded {done['dump']}: {done['tables']} tables"


def read(provisioner: Provisioner, instance: Key, statement: str, reason: str) -> str:
    """Return what a statement finds, a row a line."""
    words = ["read", str(instance), "--statement", statement, "--reason", reason]
    rows = events(provisioner.wrote(words), "row")
    return "\n".join(json.dumps(row["values"]) for row in rows) or "no rows"


def _key(text: str) -> Key:
    try:
        return Key.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _run(options: argparse.Namespace) -> int:
    from appinstance_operator.kube.client import ApiError, Kube

    def work() -> str:
        try:
            words: str = options.work(Provisioner(Kube(), options.namespace), options)
        except ApiError as error:
            raise CommandError(error.message) from error
        return words

    return exit_code(work)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `orphans` and `database` to the parser of `main.py`."""

    def add(
        where: argparse._SubParsersAction[argparse.ArgumentParser],
        name: str,
        work: Callable[[Provisioner, argparse.Namespace], str],
        text: str,
    ) -> argparse.ArgumentParser:
        added = where.add_parser(name, help=text, description=text)
        added.add_argument("--namespace", default=OPERATOR_NAMESPACE, help="the operator's own")
        added.set_defaults(run=_run, work=work)
        return added

    text = "list databases whose AppInstance is gone; one of the same name gets it again"
    add(commands, "orphans", lambda made, _: orphans(made), text)
    group = commands.add_parser("database", help="remove an orphan, load a dump, read")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    remove = add(
        actions,
        "remove",
        lambda made, given: removed(made, given.instance),
        "dump and remove a database whose AppInstance is gone",
    )
    load = add(
        actions,
        "restore",
        lambda made, given: restored(made, given.instance, given.dump, replace=given.replace),
        "load a dump into the database of an AppInstance",
    )
    look = add(
        actions,
        "read",
        lambda made, given: read(made, given.instance, given.statement, given.reason),
        "read from an instance's database; statement and reason are written down",
    )
    for parser in (remove, load, look):
        parser.add_argument("instance", type=_key, metavar="NAMESPACE/NAME")
    load.add_argument("--dump", required=True, metavar="KEY")
    load.add_argument("--replace", action="store_true", help="even where there are tables")
    look.add_argument("statement")
    look.add_argument("--reason", required=True, help="why, such as the number of a ticket")
