"""An instance over its life: drift, rotation, suspension, a broken neighbour, the end."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from typing import Any

import httpx
import pytest
from e2e import support
from e2e.support import condition, get, kubectl, names, wait_for

from appinstance_local.platform import demo, seed
from appinstance_local.platform.demo import through_edge

pytestmark = pytest.mark.e2e


def _patch(namespace: str, name: str, spec: dict[str, Any]) -> None:
    kubectl(
        "-n", namespace, "patch", "appi", name, "--type=merge", "-p", json.dumps({"spec": spec})
    )


def test_a_deleted_child_comes_back(instances: None) -> None:
    before = get("globex", "service", "globex-backend")
    assert before
    kubectl("-n", "globex", "delete", "service", "globex-backend")
    made = wait_for("the service", lambda: get("globex", "service", "globex-backend"))
    assert made["metadata"]["uid"] != before["metadata"]["uid"]
    support.wait_until_ready("globex", "globex")


def test_a_widened_policy_is_closed_again(instances: None) -> None:
    opened: dict[str, Any] = {"spec": {"ingress": [{}]}}
    kubectl(
        "-n", "globex", "patch", "networkpolicy", "globex-default-deny", "--type=merge",
        "-p", json.dumps(opened),
    )  # fmt: skip

    def closed() -> bool:
        policy = get("globex", "networkpolicy", "globex-default-deny") or {}
        return bool(policy.get("spec", {}).get("ingress", []) == [])

    wait_for("the policy to be closed", closed)


def test_a_field_of_somebody_else_survives(instances: None) -> None:
    kubectl(
        "-n", "globex", "annotate", "deployment", "globex-backend", "team=theirs", "--overwrite"
    )
    kubectl("-n", "globex", "delete", "pdb", "globex-backend", "--ignore-not-found")
    kubectl("-n", "globex", "scale", "deployment", "globex-backend", "--replicas=3")

    def repaired() -> bool:
        body = get("globex", "deployment", "globex-backend") or {}
        return bool(body.get("spec", {}).get("replicas") == 1)

    wait_for("replicas to be put right", repaired)
    body = get("globex", "deployment", "globex-backend")
    assert body
    assert body["metadata"]["annotations"]["team"] == "theirs"
    ours = "app.kubernetes.io/component=backend"
    wait_for("the other pods to go", lambda: len(names("globex", "pods", ours)) == 1)
    support.wait_until_ready("globex", "globex")


def test_a_rotated_secret_rolls_the_pods_without_a_failed_request(instances: None) -> None:
    old = set(names("acme", "pods", "app.kubernetes.io/component=backend"))
    value = secrets.token_urlsafe(48)
    failed: list[str] = []
    answered = 0
    done = threading.Event()

    def keep_asking() -> None:
        nonlocal answered
        while not done.is_set():
            try:
                code = through_edge("acme", "/api/v1/users/me").status_code
            except httpx.HTTPError as error:  # as a user would see it: no answer
                failed.append(repr(error))
                continue
            answered += 1
            if code != 401:
                failed.append(str(code))

    seed.put_secret("apps/acme/acme/app", {"secretKey": value})
    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        wait_for("the old pods to go", lambda: old.isdisjoint(names("acme", "pods")))
        support.wait_until_ready("acme", "acme")
    finally:
        done.set()
        asking.join()
    assert failed == []
    assert answered > 10
    told = support.python_in(
        "acme",
        support.pod("acme", "backend", "acme"),
        "import os, json, hashlib;"
        "print(json.dumps(hashlib.sha256(os.environ['APP_SECRET_KEY'].encode()).hexdigest()))",
    )
    assert told == hashlib.sha256(value.encode()).hexdigest()


def _status_of_a_failed_migration() -> dict[str, dict[str, Any]] | None:
    """Return its conditions as they stood together: it is tried again by itself, a minute later."""
    body = get("globex", "appi", "globex") or {}
    told = {item["type"]: item for item in body.get("status", {}).get("conditions", [])}
    failed = told.get("MigrationsApplied", {}).get("reason") == "MigrationFailed"
    return told if failed else None


def test_a_failing_migration_leaves_the_old_version_serving(instances: None) -> None:
    serving = support.pod("globex", "backend", "globex")
    # This image has no `migrate` command, so the job fails.
    broken = {"backend": {"image": "appinstance/operator:dev"}}
    _patch("globex", "globex", broken)
    try:
        told = wait_for("the migration to fail", _status_of_a_failed_migration)
        assert "keeps serving" in told["MigrationsApplied"]["message"]
        assert told["Ready"]["status"] == "False"
        assert told["Stalled"]["reason"] == "MigrationFailed"
        assert serving in names("globex", "pods")
        # What has nothing to do with the new version is put right meanwhile.
        kubectl("-n", "globex", "delete", "service", "globex-backend")
        wait_for("the service", lambda: get("globex", "service", "globex-backend"))
        demo.wait_until_served("globex", page=False)
    finally:
        _patch("globex", "globex", {"backend": {"image": support.BACKEND_IMAGE}})
    support.wait_until_ready("globex", "globex")


def test_a_broken_instance_says_why_and_delays_no_other(instances: None) -> None:
    missing = "apps/broken/broken/never-made"
    support.ensure_namespace("broken")
    body = support.manifest(
        "broken", "broken", database={"credentials": {"remoteRef": {"key": missing}}}
    )
    kubectl("apply", "-f", "-", stdin=json.dumps(body))
    try:
        told = wait_for("the reason", lambda: condition("broken", "broken", "SecretsReady"))
        assert told["status"] == "False"
        assert missing in told["message"] or "apps/broken" in told["message"]
        assert "so the backend has not been started" in told["message"]
        assert names("broken", "pods") == []
        assert "broken-default-deny" in names("broken", "networkpolicies")
        kubectl("-n", "globex", "delete", "service", "globex-backend")
        wait_for("the other's repair", lambda: get("globex", "service", "globex-backend"))
    finally:
        kubectl("-n", "broken", "delete", "appi", "broken", support.PATIENTLY)
        kubectl("delete", "namespace", "broken", "--wait=false")


def test_a_suspended_instance_is_left_alone_and_never_ready(instances: None) -> None:
    _patch("globex", "globex", {"suspend": True})
    try:
        wait_for(
            "Suspended",
            lambda: condition("globex", "globex", "Ready").get("reason") == "Suspended",
        )
        assert condition("globex", "globex", "Ready")["status"] == "False"
        kubectl("-n", "globex", "delete", "configmap", "globex-database-ca")
        # Something that is not suspended is repaired meanwhile, so the operator has had its turn.
        kubectl("-n", "acme", "delete", "configmap", "acme-database-ca")
        wait_for("the other's repair", lambda: get("acme", "configmap", "acme-database-ca"))
        assert get("globex", "configmap", "globex-database-ca") is None
    finally:
        _patch("globex", "globex", {"suspend": False})
    wait_for("the repair", lambda: get("globex", "configmap", "globex-database-ca"))
    support.wait_until_ready("globex", "globex")


def test_the_operator_killed_on_the_way_leaves_no_orphan(instances: None) -> None:
    support.create("short", "short")
    kubectl(
        "-n", "appinstance-system", "delete", "pod", "-l",
        "app.kubernetes.io/name=appinstance-operator", "--force", "--grace-period=0",
    )  # fmt: skip
    support.wait_until_ready("short", "short")
    assert len(support.roles("-short-short-")) == 2


def test_deletion_leaves_nothing_in_the_cluster_or_in_iam(instances: None) -> None:
    support.create("short", "short")
    support.wait_until_ready("short", "short")
    assert support.roles("-short-short-")
    kubectl("-n", "short", "delete", "appi", "short", support.PATIENTLY)
    assert support.roles("-short-short-") == []
    selector = "app.kubernetes.io/instance=short"
    kinds = "deploy,svc,ing,netpol,sa,cm,job,pdb,hpa,externalsecret,secretstore,secret,pod"
    wait_for("the cluster to collect", lambda: names("short", kinds, selector) == [])
    kubectl("delete", "namespace", "short", "--wait=false")
