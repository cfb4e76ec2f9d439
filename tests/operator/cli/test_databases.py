"""Commands for people: what they run, and what they print of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from support.scripted_api import Call, ScriptedApi

import appinstance_operator.cli.databases as databases
from appinstance_operator.api.request import Answer
from appinstance_operator.cli.fleet import CommandError, Key
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import DATABASE_JOB

_NAMESPACE = "appinstance-system"
_POD = {"containers": [{"name": "provisioner", "image": "p:1", "args": ["list"]}]}
_TEMPLATE = {
    "metadata": {"name": DATABASE_JOB},
    "spec": {"jobTemplate": {"spec": {"template": {"spec": _POD}}}},
}
SHOP = {"event": "database", "namespace": "acme", "name": "shop", "schema": "app-acme-shop-1",
        "entry": "apps/acme/shop/database", "state": "active"}  # fmt: skip
GONE = {**SHOP, "name": "gone", "schema": "app-acme-gone-2", "entry": "apps/acme/gone/database"}


class _Cluster:
    """Answers as an API server in which the Job ends at the second look."""

    def __init__(
        self, wrote: Sequence[dict[str, Any]] = (), instances: Sequence[str] = (), code: int = 0
    ) -> None:
        self.made: list[Any] = []
        self.wrote, self.instances, self.code = wrote, instances, code
        self.looks = 0
        self.template: list[Any] = [_TEMPLATE]

    def __call__(self, call: Call) -> tuple[int, Any]:
        if call.method == "POST":
            self.made.append(call.body)
            return 201, call.body
        if call.path.endswith("/cronjobs"):
            return 200, {"items": self.template}
        if call.path.endswith("/jobs"):
            return 200, {"items": [{"metadata": {"name": "x"}, "status": self._status()}]}
        if call.path.endswith("/log"):
            return 200, "".join(f"{json.dumps(line)}\n" for line in self.wrote).encode()
        if call.path.endswith("/pods"):
            return 200, {"items": [{"metadata": {"name": "pod-1"}}]}
        items = [
            {"metadata": dict(zip(("namespace", "name"), key.split("/"), strict=True))}
            for key in self.instances
        ]
        return 200, {"metadata": {}, "items": items}

    def _status(self) -> dict[str, Any]:
        self.looks += 1
        if self.looks < 2:
            return {}
        if self.code:
            words = f"Container provisioner for pod a/b failed with exit code {self.code} matching"
            return {"conditions": [{"type": "Failed", "status": "True", "message": words}]}
        return {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}

    @property
    def args(self) -> list[str]:
        """The arguments of the one Job that was made."""
        (job,) = self.made
        (container,) = job["spec"]["template"]["spec"]["containers"]
        args: list[str] = container["args"]
        return args


def _provisioner(api: ScriptedApi, cluster: _Cluster) -> databases.Provisioner:
    api.answers = [cluster]
    waited: list[float] = []
    return databases.Provisioner(Kube(access=api.access()), _NAMESPACE, waited.append)


def test_orphans_are_those_in_the_ledger_without_an_appinstance(api: ScriptedApi) -> None:
    cluster = _Cluster([SHOP, GONE], ["acme/shop", "globex/gone"])
    told = databases.orphans(_provisioner(api, cluster))
    assert cluster.args == ["list"]
    assert told.splitlines() == [
        "INSTANCE   SCHEMA           ENTRY",
        "acme/gone  app-acme-gone-2  apps/acme/gone/database",
    ]


def test_without_orphans_it_says_so(api: ScriptedApi) -> None:
    told = databases.orphans(_provisioner(api, _Cluster([SHOP], ["acme/shop"])))
    assert told == "no database is without its AppInstance"


def test_an_orphan_is_removed_and_the_dump_named(api: ScriptedApi) -> None:
    cluster = _Cluster([{"event": "removed", "dump": "acme/gone/1.sql.gz"}])
    told = databases.removed(_provisioner(api, cluster), Key("acme", "gone"))
    assert cluster.args == ["delete", "acme/gone"]
    assert told == "removed; the dump is acme/gone/1.sql.gz"


def test_a_database_in_use_is_not_removed(api: ScriptedApi) -> None:
    cluster = _Cluster(instances=["acme/shop"])
    with pytest.raises(CommandError, match="is there"):
        databases.removed(_provisioner(api, cluster), Key("acme", "shop"))
    assert cluster.made == []


def test_a_dump_is_loaded(api: ScriptedApi) -> None:
    cluster = _Cluster([{"event": "restored", "dump": "k", "tables": 4}])
    told = databases.restored(_provisioner(api, cluster), Key("acme", "shop"), "k", replace=True)
    assert cluster.args == ["restore", "acme/shop", "--dump", "k", "--replace"]
    assert told == "loaded k: 4 tables"


def test_reading_passes_statement_and_reason(api: ScriptedApi) -> None:
    cluster = _Cluster([{"event": "read"}, {"event": "row", "values": ["1", "Ada"]}])
    told = databases.read(_provisioner(api, cluster), Key("acme", "shop"), "SELECT 1", "ticket")
    assert cluster.args == ["read", "acme/shop", "--statement", "SELECT 1", "--reason", "ticket"]
    assert told == '["1", "Ada"]'


def test_a_failed_job_is_told_with_its_answer(api: ScriptedApi) -> None:
    cluster = _Cluster(code=Answer.DUMP_FAILED.value)
    with pytest.raises(CommandError) as caught:
        databases.removed(_provisioner(api, cluster), Key("acme", "gone"))
    assert Answer.DUMP_FAILED.sentence in str(caught.value)


def test_where_none_is_offered_it_says_so(api: ScriptedApi) -> None:
    cluster = _Cluster()
    cluster.template = []
    with pytest.raises(CommandError, match="no CronJob"):
        databases.orphans(_provisioner(api, cluster))
    assert cluster.made == []
