"""A world for each test: its own namespace, and an operator process that is stopped at the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from support import hostile_objects, hostile_specs
from support.admission import FINALIZER, Court, court_of_law
from support.apiserver import ApiServer
from support.hostile_specs import TENANT, VICTIM
from support.moto import running_moto
from support.operator_world import World
from support.people import manifest
from support.ports import free_port

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """IAM for all tests: its address."""
    with running_moto() as address:
        yield address


@pytest.fixture
def world(apiserver: ApiServer, moto: str) -> Iterator[World]:
    """A world whose operator is not started yet; what is left of instances is let go at the end."""
    made = World(apiserver, moto, free_port(), f"w{next(_numbers)}")
    assert made.admin.create_namespace(made.namespace).status == 201
    yield made
    made.stop()
    made.let_go()


@pytest.fixture(scope="session")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """A server of its own, because the chart's policies are for a whole cluster."""
    others = (VICTIM, "monitoring", "partner", "lodger")
    with court_of_law(tmp_path_factory.mktemp("court"), TENANT, others) as found:
        yield found


@pytest.fixture
def ours(court: Court) -> Iterator[dict[str, Any]]:
    """An AppInstance of the tenant's, held by the operator, as an ownerReference names it."""
    body = manifest("AppInstance", "ours", spec=hostile_specs.spec({}))
    body["metadata"]["finalizers"] = [FINALIZER]
    created = court.mallory.create(TENANT, body)
    assert created.status == 201, created.message
    yield {
        "apiVersion": body["apiVersion"],
        "kind": "AppInstance",
        "name": "ours",
        "uid": created.body["metadata"]["uid"],
        "controller": True,
    }
    court.operator.patch(TENANT, "AppInstance", "ours", {"metadata": {"finalizers": None}})
    court.admin.delete(TENANT, "AppInstance", "ours")


@pytest.fixture
def edge(court: Court, ours: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The Ingress that the operator made for it."""
    body = hostile_objects.ingress(
        "ours.apps.example.com",
        "alb",
        {
            "alb.ingress.kubernetes.io/wafv2-acl-arn": "arn:aws:wafv2:eu-central-1:1:regional/x",
            "alb.ingress.kubernetes.io/scheme": "internal",
        },
    )
    body["metadata"].update(name="ours", ownerReferences=[ours])
    applied = court.operator.apply(TENANT, body)
    assert applied.status == 201, applied.message
    yield body
    court.admin.delete(TENANT, "Ingress", "ours")
