"""Planted values are nowhere but in the Secrets: not in logs, status, events or arguments.

Runs after the others (conftest.py), so that it reads what they have left behind.
"""

from __future__ import annotations

import subprocess

import pytest
from e2e import support
from e2e.support import kubectl

from appinstance_local import aws, platform, seed

pytestmark = pytest.mark.e2e

NAMESPACES = (
    "acme",
    "globex",
    "appinstance-system",
    "external-secrets",
    "database",
    "aws",
    "traefik",
)


def _planted() -> dict[str, str]:
    found = {"root": platform.root_password(), "aws": aws.admin().secret}
    for name in ("acme", "globex"):
        database = seed.get_secret(f"apps/{name}/{name}/database") or {}
        app = seed.get_secret(f"apps/{name}/{name}/app") or {}
        found[f"{name} password"] = str(database["password"])
        found[f"{name} key"] = str(app["secretKey"])
    return found


def _where(text: str, planted: dict[str, str]) -> list[str]:
    return [name for name, value in planted.items() if value in text]


def test_the_search_itself_finds_what_it_looks_for(instances: None) -> None:
    planted = _planted()
    assert all(len(value) > 15 for value in planted.values())
    told = support.run_in("acme", support.pod("acme", "backend", "acme"), "printenv", "DB_PASSWORD")
    assert _where(told.stdout, planted) == ["acme password"]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_not_in_logs(instances: None, namespace: str) -> None:
    planted = _planted()
    for pod in support.names(namespace, "pods"):
        text = kubectl("-n", namespace, "logs", pod, "--all-containers", "--prefix")
        assert _where(text, planted) == [], pod


def test_not_in_status_events_or_specs(instances: None) -> None:
    text = kubectl("get", "appi,events,pods,deploy,jobs,cm,externalsecrets", "-A", "-o", "yaml")
    assert _where(text, _planted()) == []


def test_not_in_arguments_of_any_process(instances: None) -> None:
    told = subprocess.run(
        ["docker", "exec", "appinstance-control-plane", "sh", "-c",
         "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "mariadbd" in told.stdout
    assert "uvicorn" in told.stdout or "appinstance-app" in told.stdout
    assert _where(told.stdout, _planted()) == []
