"""Planted values are nowhere but in the Secrets: not in logs, status, events or arguments.

Runs after the others (conftest.py), so that it reads what they have left behind: the logs of all
pods that there have been, the operator's and the controllers' too, every object but Secrets, and
all processes. Looked for is every value that an entry has and ever had, in the forms of
support/planted.py (tests/local/test_planted.py tries these).
"""

from __future__ import annotations

import subprocess
import uuid

import pytest
import yaml
from e2e import node_logs, support
from e2e.support import kubectl
from support.planted import every_value, patterns, where

from appinstance_local.platform import aws, install

pytestmark = pytest.mark.e2e

_FIELDS = ("password", "secretKey")


@pytest.fixture(scope="module")
def planted(instances: None) -> dict[str, str]:
    """Return all values by name."""
    found = {
        "root": install.root_password(),
        "administrator": install.administrator_password(),
        "aws": aws.admin().secret,
    }
    manager = aws.client("secretsmanager")
    found |= support.RETIRED
    for name in ("acme", "globex"):
        for entry in ("database", "app"):
            found |= every_value(manager, f"apps/{name}/{name}/{entry}", _FIELDS)
    assert len(found) >= 6
    return found


def test_the_search_itself_finds_what_it_looks_for(planted: dict[str, str]) -> None:
    told = support.run_in("acme", support.pod("acme", "backend", "acme"), "printenv", "DB_PASSWORD")
    assert any("database password" in name for name in where(told.stdout, planted))


def _say_and_go(words: str) -> None:
    """Make a pod that says something, and delete it as soon as it has."""
    body = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "says", "namespace": "acme"},
        "spec": {
            "restartPolicy": "Never", "automountServiceAccountToken": False,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "says", "image": support.BACKEND_IMAGE, "imagePullPolicy": "Never",
                "command": ["python3", "-c", f"print({words!r})"],
                "resources": {"limits": {"memory": "64Mi"}},
                "securityContext": {
                    "runAsNonRoot": True, "runAsUser": 10001, "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }],
        },
    }  # fmt: skip
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(body))
    kubectl(
        "-n", "acme", "wait", "pod/says", "--for=jsonpath={.status.phase}=Succeeded",
        support.PATIENTLY,
    )  # fmt: skip
    support.wait_for("its log to be kept", lambda: _kept(words))
    kubectl("-n", "acme", "delete", "pod", "says", "--wait=true")


def _kept(words: str) -> list[str]:
    return [name for name in node_logs.files_with(f"{words}\n") if "/kept/" in name]


def test_what_pods_that_are_gone_have_said_is_found(instances: None) -> None:
    words = f"planted-{uuid.uuid4().hex}"
    _say_and_go(words)
    assert _kept(words)


def test_not_in_logs_of_any_pod_that_there_has_been(planted: dict[str, str]) -> None:
    for part in ("appinstance-operator", "external-secrets", "acme-backend"):
        assert any(part in name for name in _kept("")), f"no log of {part} is kept"
    assert node_logs.files_with(patterns(planted)) == []


def test_not_in_the_journal_of_the_node(planted: dict[str, str]) -> None:
    assert node_logs.lines_of_the_journal("kubelet\n"), "the journal is empty"
    assert node_logs.lines_of_the_journal(patterns(planted)) == 0


def test_not_in_any_object_but_secrets(planted: dict[str, str]) -> None:
    kinds = set(kubectl("api-resources", "--verbs=list", "-o", "name").split()) - {"secrets"}
    assert {"appinstances.platform.appinstance.io", "events", "replicasets.apps"} <= kinds
    text = kubectl("get", ",".join(sorted(kinds)), "-A", "-o", "yaml", "--show-managed-fields")
    assert "kind: AppInstance" in text
    assert where(text, planted) == []


def test_not_in_arguments_of_any_process(planted: dict[str, str]) -> None:
    told = subprocess.run(
        ["docker", "exec", node_logs.NODE, "sh", "-c",
         "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "mariadbd" in told.stdout
    assert "uvicorn" in told.stdout or "appinstance-app" in told.stdout
    assert where(told.stdout, planted) == []
