"""Databases that the platform makes: kept apart, dumped and restored, rotated under load.

The two are the instances that all tests have, acme's and globex's.
"""

from __future__ import annotations

import json
import secrets
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e import support
from e2e.support import condition, kubectl, names, wait_for
from e2e.ways import Way, await_open, open_among

from appinstance_local.paths import kubeconfig
from appinstance_local.platform import aws, demo, install, seed, tls
from appinstance_local.shell import run

pytestmark = pytest.mark.e2e

OWN, JOB = "appinstance-system", "appinstance-database"
ACME, GLOBEX = "acme", "globex"
"""Each the name of a namespace and of the instance in it."""

_ASKING = """
import json, os, ssl, pymysql
def ask(statement):
    connected = pymysql.connect(host=os.environ["DB_HOST"], user=os.environ["DB_USERNAME"],
        password=os.environ["DB_PASSWORD"],
        ssl=ssl.create_default_context(cafile=os.environ["DB_TLS_CA_FILE"]))
    with connected, connected.cursor() as cursor:
        try:
            cursor.execute(statement)
        except pymysql.MySQLError as error:
            return error.args[0]
        return [list(map(str, row)) for row in cursor.fetchall()]
"""
_REFUSED = {1044, 1142, 1227}
"""The schema, the table, the right."""


@pytest.fixture(scope="module")
def people(instances: None) -> dict[str, Person]:
    """One person in each."""
    return {namespace: Person.signed_up(namespace) for namespace in (ACME, GLOBEX)}


@contextmanager
def _edge(namespace: str) -> Iterator[httpx.Client]:
    """An instance's API as somebody outside has it: the edge by address, under our own CA."""
    host = f"{namespace}.{install.DOMAIN}"
    context = ssl.create_default_context(cafile=str(tls.ca_path()))
    with httpx.Client(
        base_url="https://127.0.0.1:8443/api/v1",
        verify=context,
        timeout=60,
        headers={"Host": f"{host}:8443"},
    ) as client:
        client.event_hooks["request"].append(
            lambda request: request.extensions.update(sni_hostname=host)
        )
        yield client


@dataclass(frozen=True)
class Person:
    """Somebody with an account, by whose session it shows whose data is there."""

    namespace: str
    headers: dict[str, str]

    @classmethod
    def signed_up(cls, namespace: str) -> Person:
        """Return a new one."""
        account = {
            "email": f"{secrets.token_hex(6)}@example.com",
            "password": "a long enough passphrase",
            "display_name": "Ada",
        }
        with _edge(namespace) as client:
            answer = client.post("/auth/sign-up", json=account)
        assert answer.status_code == 201, answer.text
        return cls(namespace, {"Authorization": f"Bearer {answer.json()['access_token']}"})

    @property
    def known(self) -> bool:
        """Whether the instance has the account and its session, by its first answer.

        Its pods need not be ready in the moment in which its tables are replaced.
        """

        def asked() -> int | None:
            with _edge(self.namespace) as client:
                code = client.get("/users/me", headers=self.headers).status_code
            return code if code in {200, 401} else None

        return wait_for(f"an answer of {self.namespace}", asked) == 200


def _patch(namespace: str, spec: dict[str, Any]) -> None:
    kubectl(
        "-n", namespace, "patch", "appi", namespace, "--type=merge", "-p",
        json.dumps({"spec": spec}),
    )  # fmt: skip


def _entry(namespace: str) -> dict[str, Any] | None:
    return seed.get_secret(f"apps/{namespace}/{namespace}/database")


def _schema(namespace: str) -> str:
    entry = _entry(namespace)
    assert entry
    return str(entry["dbname"])


def _asked(namespace: str, pod: str, *statements: str) -> list[Any]:
    """Return what a pod is told by the database: rows, or the number of an error."""
    program = f"{_ASKING}\nprint(json.dumps([ask(item) for item in {list(statements)!r}]))"
    found: list[Any] = support.python_in(namespace, pod, program)
    return found


def _appinstance(*words: str) -> str:
    """Run the command line as a person of the platform does."""
    program = Path(sys.executable).parent / "appinstance"
    return run([program, *words], env={"KUBECONFIG": str(kubeconfig())}, timeout=300)


def _sees_its_own_alone(namespace: str, pod: str, other: str) -> None:
    beyond = ["mysql`.`user", "appinstance-ledger`.`databases", f"{_schema(other)}`.`users"]
    shown, grants, made, *others = _asked(
        namespace,
        pod,
        "SHOW DATABASES",
        f"GRANT SELECT ON `{_schema(namespace)}`.* TO CURRENT_USER",
        "CREATE DATABASE `app-beside`",
        *(f"SELECT 1 FROM `{table}`" for table in beyond),  # noqa: S608
    )
    assert sorted(name for (name,) in shown) == sorted([_schema(namespace), "information_schema"])
    assert {grants, made, *others} <= _REFUSED, (grants, made, others)


def test_each_sees_its_own_schema_and_neither_the_others_nor_the_administrators(
    people: dict[str, Person],
) -> None:
    for namespace, other in ((ACME, GLOBEX), (GLOBEX, ACME)):
        assert condition(namespace, namespace, "DatabaseReady")["reason"] == "Provisioned"
        assert people[namespace].known
        _sees_its_own_alone(namespace, support.pod(namespace, "backend", namespace), other)


def test_nor_does_a_migration(people: dict[str, Person]) -> None:
    with support.migration_of(ACME) as pod:
        _sees_its_own_alone(ACME, pod, GLOBEX)


def test_the_provisioner_reaches_database_endpoint_and_dns_alone(
    stranger: str, outside: tuple[str, int], people: dict[str, Person]
) -> None:
    """Tried from a pod with its labels, and so under its policy; names, so DNS answers too."""
    name = "like-the-provisioner"
    labels = {"app.kubernetes.io/name": JOB, "app.kubernetes.io/instance": "appinstance-operator"}
    meta = {"name": name, "namespace": OWN, "labels": labels}
    body = {**support.STRANGER, "metadata": meta}
    kubectl("apply", "-f", "-", stdin=json.dumps(body))
    try:
        kubectl("-n", OWN, "wait", "--for=condition=Ready", f"pod/{name}", support.PATIENTLY)
        await_open(
            (OWN, name, seed.DATABASE_HOST, 3306), (OWN, name, "moto.aws.svc.cluster.local", 5000)
        )
        backend, address = support.pod(ACME, "backend", ACME), support.pod_ip(OWN, name)
        closed = [
            outside,
            (support.pod_ip(stranger, "stranger"), support.LISTENS),
            ("kubernetes.default.svc.cluster.local", 443),
            ("traefik.traefik.svc.cluster.local", 443),
            (support.pod_ip(ACME, backend), 8000),
        ]
        into: list[Way] = [
            (ACME, backend, address, support.LISTENS),
            ("stranger", stranger, address, support.LISTENS),
        ]
        assert open_among(*((OWN, name, *place) for place in closed), *into) == []
    finally:
        kubectl("-n", OWN, "delete", "pod", name, "--wait=false")


def test_one_that_asks_for_it_leaves_a_dump_and_is_restored_from_it(
    people: dict[str, Person],
) -> None:
    entry = _entry(GLOBEX)
    assert entry
    support.RETIRED["globex's password before its end"] = entry["password"]
    _patch(GLOBEX, {"deletionPolicy": "Delete"})
    kubectl("-n", GLOBEX, "delete", "appi", GLOBEX, "--timeout=300s")
    assert _entry(GLOBEX) is None
    listed = aws.client("s3").list_objects_v2(Bucket=aws.DUMPS, Prefix=f"{GLOBEX}/{GLOBEX}/")
    dump = sorted(item["Key"] for item in listed["Contents"])[-1]

    support.create(GLOBEX, GLOBEX, database={"provision": True})
    support.wait_until_ready(GLOBEX, GLOBEX)
    demo.wait_until_served(GLOBEX, page=False)
    assert not people[GLOBEX].known, "its database is a new one"
    words = ("database", "restore", f"{GLOBEX}/{GLOBEX}", "--dump", dump, "--replace")
    assert dump in _appinstance(*words)
    assert people[GLOBEX].known
    _no_instances_role_reads(dump)


def _no_instances_role_reads(dump: str) -> None:
    program = f"""
import boto3, json
from botocore.exceptions import ClientError
try:
    boto3.client("s3").get_object(Bucket={aws.DUMPS!r}, Key={dump!r})
except ClientError as error:
    print(json.dumps(error.response["Error"]["Code"]))
"""
    pod = support.pod(GLOBEX, "backend", GLOBEX)
    assert support.python_in(GLOBEX, pod, program) in {"AccessDenied", "403"}


def test_the_operator_holds_no_login_and_its_requests_none_either(
    people: dict[str, Person],
) -> None:
    text = kubectl("-n", OWN, "get", "jobs,cronjobs,pods,configmaps", "-o", "json")
    assert JOB in text
    for password in (install.administrator_password(), *_passwords()):
        assert password not in text
    deployment = kubectl("-n", OWN, "get", "deployment", "appinstance-operator", "-o", "json")
    assert "database-administrator" not in deployment
    operator = "system:serviceaccount:appinstance-system:appinstance-operator"
    may = support.kubectl_as(
        kubeconfig(), "-n", OWN, "auth", "can-i", "get", "secret/database-administrator",
        f"--as={operator}",
    )  # fmt: skip
    assert may == (False, "no\n")


def _passwords() -> list[str]:
    return [str(entry["password"]) for entry in map(_entry, (ACME, GLOBEX)) if entry]


def test_a_person_reads_and_statement_and_reason_are_in_the_log(
    people: dict[str, Person],
) -> None:
    reason = f"ticket {secrets.token_hex(4)}"
    words = ("database", "read", f"{ACME}/{ACME}", "--reason", reason)
    (told,) = _appinstance(*words, "SELECT COUNT(*) FROM users").splitlines()
    assert int(json.loads(told)[0]) >= 1

    def logged() -> list[dict[str, Any]]:
        logs = kubectl("-n", OWN, "logs", "-l", f"app.kubernetes.io/name={JOB}", "--tail=-1")
        return [json.loads(line) for line in logs.splitlines() if reason in line]

    # A sweep may begin at any moment, and kubectl fails at a pod that has no log yet.
    (line,) = wait_for("the line of it", logged)
    assert line["event"] == "read"
    assert line["statement"] == "SELECT COUNT(*) FROM users"


def test_a_rotation_under_load_fails_no_request(people: dict[str, Person]) -> None:
    held, old = _entry(ACME), set(names(ACME, "pods", "app.kubernetes.io/component=backend"))
    assert held
    failed: list[str] = []
    answered = 0
    done = threading.Event()

    def keep_asking() -> None:
        """Reads and writes by turns; a session is looked up for each."""
        nonlocal answered
        with _edge(ACME) as client:
            while not done.is_set():
                method, body = (("GET", None), ("PATCH", {"display_name": "Ada"}))[answered % 2]
                try:
                    answer = client.request(
                        method, "/users/me", json=body, headers=people[ACME].headers
                    )
                except httpx.HTTPError as error:  # as a user would see it: no answer
                    failed.append(repr(error))
                    continue
                answered += 1
                if answer.status_code != 200:
                    failed.append(f"{answer.status_code} {answer.text}")

    asking = [threading.Thread(target=keep_asking) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        _patch(ACME, {"database": {"rotate": secrets.token_hex(4)}})
        wait_for("a new login", lambda: (_entry(ACME) or held)["username"] != held["username"])
        # So that External Secrets does not wait until it looks again by itself.
        kubectl(
            "-n", ACME, "annotate", "--overwrite", "externalsecret", "acme-database",
            f"now={secrets.token_hex(4)}",
        )  # fmt: skip
        wait_for("the old pods to go", lambda: old.isdisjoint(names(ACME, "pods")))
        support.wait_until_ready(ACME, ACME)
    finally:
        done.set()
        for thread in asking:
            thread.join()
    assert failed == []
    assert answered > 10
    now = _entry(ACME)
    assert now
    assert now["username"] != held["username"]
    pod = support.pod(ACME, "backend", ACME)
    assert _asked(ACME, pod, "SELECT CURRENT_USER()") == [[[f"{now['username']}@%"]]]


def test_the_sweep_has_ended_well(people: dict[str, Person]) -> None:
    """It comes every two minutes here; the alert looks at the same time."""
    path = "-o=jsonpath={.status.lastSuccessfulTime}"
    wait_for("a sweep", lambda: kubectl("-n", OWN, "get", "cronjob", f"{JOB}-sweep", path))
