"""A hostile editor of one namespace against the tenants beside it, on the cluster.

Mallory may edit the namespace `evil` and nothing else: a service account bound to `edit`, into
which the chart aggregates the right to make AppInstances. Each attempt is made twice: as the
platform is, where admission says no to kubectl, and with admission switched off, where the operator
says no in the status. What Mallory may have is made beside it. At the end acme is as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e import support
from e2e.support import condition, get, kubectl, names, wait_for

from appinstance_local.platform import aws, demo, seed
from appinstance_local.platform.demo import through_edge

pytestmark = pytest.mark.e2e

ACME = "arn:aws:iam::123456789012:role/appinstances/"
_BINDING = "validatingadmissionpolicybinding/appinstance-operator-tenancy"


@pytest.fixture(scope="module")
def mallory(instances: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of an editor of `evil`; the namespace and what is in it go at the end."""
    support.ensure_namespace("evil")
    seed.seed_instance("evil", "evil")
    yield support.editor_of("evil", "mallory", tmp_path_factory.mktemp("mallory"))
    kubectl("-n", "evil", "delete", "appi", "--all", "--timeout=300s")
    kubectl("delete", "namespace", "evil", "--wait=false")


def _digest(entry: str) -> str:
    return hashlib.sha256(json.dumps(seed.get_secret(entry)).encode()).hexdigest()


def _state_of_acme() -> dict[str, Any]:
    """Return what would show that somebody had got at acme."""
    iam, s3 = aws.client("iam"), aws.client("s3")
    body = get("acme", "appi", "acme") or {}
    roles = {}
    for arn in body["status"]["roles"].values():
        name = arn.rsplit("/", 1)[-1]
        role = iam.get_role(RoleName=name)["Role"]
        policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
        roles[name] = [
            role["AssumeRolePolicyDocument"],
            role["Tags"],
            [
                iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
                for one in policies
            ],
        ]
    listed = s3.list_objects_v2(Bucket=aws.BUCKET, Prefix="acme/")
    ingress = get("acme", "ingress", "acme") or {}
    return {
        "spec": body["spec"],
        "ready": condition("acme", "acme", "Ready")["status"],
        "roles": roles,
        "objects": {item["Key"]: item["ETag"] for item in listed.get("Contents", ())},
        "entries": [_digest(f"apps/acme/acme/{name}") for name in ("app", "database")],
        "ingress": [ingress["metadata"]["uid"], ingress["spec"]],
        "served": through_edge("acme", "/").status_code,
    }


@pytest.fixture(scope="module", autouse=True)
def unharmed(instances: None) -> Iterator[None]:
    """See that acme is after all of this what it was before."""
    aws.client("s3").put_object(Bucket=aws.BUCKET, Key="acme/acme/mine", Body=b"acme's")
    support.wait_until_ready("acme", "acme")
    before = _state_of_acme()
    yield
    support.wait_until_ready("acme", "acme")
    assert _state_of_acme() == before


def _set_admission(action: str) -> None:
    patch = json.dumps({"spec": {"validationActions": [action]}})
    kubectl("patch", _BINDING, "--type=merge", "-p", patch)


@pytest.fixture(scope="module")
def without_admission(mallory: Path) -> Iterator[None]:
    """Let admission only watch, so that the operator is alone with what is asked of it."""
    _set_admission("Audit")
    try:
        body = json.dumps(support.manifest("evil", "probe", host="probe.example.com"))
        words = ("apply", "--dry-run=server", "-f", "-")
        # The API server takes up a change of its policies within a second or two.
        wait_for("admission to be off", lambda: support.kubectl_as(mallory, *words, stdin=body)[0])
        yield
    finally:
        _set_admission("Deny")


def _credentials(key: str) -> dict[str, Any]:
    return {"credentials": {"remoteRef": {"key": key}}}


def _entry(key: str) -> list[dict[str, Any]]:
    return [{"name": "APP_SECRET_KEY", "remoteRef": {"key": key, "property": "secretKey"}}]


def _egress(*cidrs: str) -> dict[str, Any]:
    return {"egress": [{"cidr": cidr, "ports": [443]} for cidr in cidrs]}


# What is asked for, and of what the refusal speaks.
ATTEMPTS: dict[str, tuple[dict[str, Any], str]] = {
    "another's database entry": (
        {"database": _credentials("apps/acme/acme/database")}, "secret key apps/acme/acme/database",
    ),
    "another's entry": (
        {"secrets": _entry("apps/acme/acme/app")}, "secret key apps/acme/acme/app",
    ),
    "an entry that begins alike": (
        {"secrets": _entry("apps/evil-twin/x/app")}, "secret key apps/evil-twin/x/app",
    ),
    "an entry in another case": (
        {"secrets": _entry("apps/Evil/x/app")}, "secret key apps/Evil/x/app",
    ),
    "another's media": ({"media": {"prefix": "acme/acme/"}}, "media.prefix acme/acme/"),
    "all of another's media": ({"media": {"prefix": "acme/"}}, "media.prefix acme/"),
    "media that begin alike": ({"media": {"prefix": "evil-twin/"}}, "media.prefix evil-twin/"),
    "media in another case": ({"media": {"prefix": "Evil/x/"}}, "media.prefix Evil/x/"),
    "another bucket": ({"media": {"bucket": "somebodys"}}, "media.bucket somebodys"),
    "a host elsewhere": ({"host": "www.example.com"}, "host www.example.com"),
    "a host two labels below": ({"host": "a.acme.apps.localhost"}, "host a.acme.apps.localhost"),
    "a domain itself": ({"host": "apps.localhost"}, "host apps.localhost"),
    "everywhere in two halves": (
        {"network": _egress("0.0.0.0/1", "128.0.0.0/1")}, "network.egress 128.0.0.0/1",
    ),
    "the metadata address": (
        {"network": _egress("169.254.169.254/32")}, "network.egress 169.254.169.254/32",
    ),
    "the pods' network": ({"network": _egress("10.244.0.0/16")}, "network.egress 10.244.0.0/16"),
    "the API server": ({"network": _egress("10.96.0.1/32")}, "network.egress 10.96.0.1/32"),
    "another's role": (
        {"identity": {"backendRoleArn": f"{ACME}appi-acme-acme-0123456789abcdef-backend"}},
        "identity.backendRoleArn",
    ),
    "another's role for secrets": (
        {"identity": {"secretsRoleArn": f"{ACME}appi-acme-acme-0123456789abcdef-secrets"}},
        "identity.secretsRoleArn",
    ),
}  # fmt: skip
_KINDS = "deploy,svc,ing,netpol,sa,cm,job,externalsecret,secretstore,pod"


def _apply(who: Path, name: str, **spec: Any) -> tuple[bool, str]:
    body = json.dumps(support.manifest("evil", name, **spec))
    return support.kubectl_as(who, "apply", "-f", "-", stdin=body)


def _stalled(name: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = condition("evil", name, "Stalled")
        return found if found.get("status") == "True" else None

    return wait_for(f"{name} to be refused", look)


def _delete(who: Path, name: str) -> None:
    done, said = support.kubectl_as(
        who, "-n", "evil", "delete", "appi", name, "--ignore-not-found", support.PATIENTLY
    )
    assert done, said


def test_mallory_is_an_editor_of_one_namespace(mallory: Path) -> None:
    def may(verb: str, kind: str, namespace: str) -> bool:
        words = ("-n", namespace, "auth", "can-i", verb, kind)
        return support.kubectl_as(mallory, *words)[0]

    assert may("create", "appinstances.platform.appinstance.io", "evil")
    assert may("create", "ingresses.networking.k8s.io", "evil")
    assert not may("create", "appinstances.platform.appinstance.io", "acme")
    assert not may("get", "secrets", "acme")


def test_mallorys_own_instance_is_served_like_any_other(mallory: Path) -> None:
    done, said = _apply(mallory, "evil", media={"prefix": "evil/anything/"})
    assert done, said
    support.wait_until_ready("evil", "evil")
    demo.wait_until_served("evil", page=False)


@pytest.mark.parametrize("what", ATTEMPTS)
def test_admission_refuses_at_once(mallory: Path, what: str) -> None:
    spec, about = ATTEMPTS[what]
    done, said = _apply(mallory, "greedy", **spec)
    assert not done
    assert about in said, said
    assert "ValidatingAdmissionPolicy" in said, said
    assert get("evil", "appi", "greedy") is None


@pytest.mark.parametrize("what", ATTEMPTS)
def test_the_operator_refuses_by_itself(mallory: Path, without_admission: None, what: str) -> None:
    spec, about = ATTEMPTS[what]
    done, said = _apply(mallory, "greedy", **spec)
    assert done, said
    try:
        stalled = _stalled("greedy")
        assert stalled["reason"] == "NotAllowed"
        assert about in stalled["message"]
        assert condition("evil", "greedy", "Ready")["status"] == "False"
        assert names("evil", _KINDS, "app.kubernetes.io/instance=greedy") == []
        assert support.roles("-evil-greedy-") == []
    finally:
        _delete(mallory, "greedy")


def test_another_tenants_host_is_taken_and_it_is_not_said_by_whom(mallory: Path) -> None:
    done, said = _apply(mallory, "taker", host="acme.apps.localhost")
    assert done, said
    try:
        stalled = _stalled("taker")
        assert stalled["reason"] == "HostTaken"
        assert "acme/" not in stalled["message"].replace("acme.apps.localhost", "")
        assert names("evil", "ingress", "app.kubernetes.io/instance=taker") == []
        assert through_edge("acme", "/").status_code == 200
        host = json.dumps({"spec": {"host": "taker.apps.localhost"}})
        words = ("-n", "evil", "patch", "appi", "taker", "--type=merge", "-p", host)
        assert support.kubectl_as(mallory, *words)[0]
        wait_for("a free host to be given", lambda: not condition("evil", "taker", "Stalled"))
    finally:
        _delete(mallory, "taker")


FOREIGN: dict[str, dict[str, Any]] = {
    "service-backend": {
        "apiVersion": "v1", "kind": "Service",
        "spec": {"selector": {"app": "somebody"}, "ports": [{"port": 80}]},
    },
    "secret-database": {
        "apiVersion": "v1", "kind": "Secret", "stringData": {"password": "somebody's"},
    },
    "configmap-database-ca": {
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": "somebody's"},
    },
}  # fmt: skip


@pytest.mark.parametrize("which", FOREIGN)
def test_an_object_of_somebody_else_is_not_taken_over(mallory: Path, which: str) -> None:
    kind, part = which.split("-", 1)
    # An instance of its own each: what External Secrets made for one goes a while after it.
    instance = f"namesake-of-a-{kind}"
    name = f"{instance}-{part}"
    body = {**FOREIGN[which], "metadata": {"name": name, "namespace": "evil"}}
    kubectl("apply", "-f", "-", stdin=json.dumps(body))
    before = get("evil", kind, name)
    try:
        seed.seed_instance("evil", instance)
        done, said = _apply(mallory, instance)
        assert done, said
        stalled = _stalled(instance)
        assert stalled["reason"] == "NameTaken"
        assert name in stalled["message"]
        assert get("evil", kind, name) == before
        _delete(mallory, instance)
        of_it = f"app.kubernetes.io/instance={instance}"
        wait_for("the collector's turn", lambda: names("evil", _KINDS, of_it) == [])
        assert get("evil", kind, name) == before
    finally:
        _delete(mallory, instance)
        kubectl("-n", "evil", "delete", kind, name, "--ignore-not-found")


def _ingress(name: str, host: str, class_name: str) -> dict[str, Any]:
    backend = {"service": {"name": "evil-backend", "port": {"number": 8000}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "evil"},
        "spec": {
            "ingressClassName": class_name,
            "rules": [{"host": host, "http": {"paths": [path]}}],
        },
    }


# Past the operator: objects that other controllers act on.
RAW: dict[str, tuple[dict[str, Any], str]] = {
    "another's host": (
        _ingress("raw", "acme.apps.localhost", "elsewhere"), "host acme.apps.localhost",
    ),
    "the edge's class": (
        _ingress("raw", "raw.example.com", "traefik"), "Ingresses of class traefik",
    ),
    "another's role on an account": (
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": "raw",
                "namespace": "evil",
                "annotations": {
                    "eks.amazonaws.com/role-arn": f"{ACME}appi-acme-acme-0123456789abcdef-backend"
                },
            },
        },
        "is the operator's",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", RAW)
def test_raw_objects_past_the_operator_are_refused(mallory: Path, what: str) -> None:
    body, about = RAW[what]
    done, said = support.kubectl_as(mallory, "apply", "-f", "-", stdin=json.dumps(body))
    assert not done
    assert about in said, said
    assert through_edge("acme", "/").status_code == 200


def test_a_raw_ingress_elsewhere_is_mallorys_own_business(mallory: Path) -> None:
    body = json.dumps(_ingress("raw", "raw.example.com", "elsewhere"))
    done, said = support.kubectl_as(mallory, "apply", "-f", "-", stdin=body)
    assert done, said
    assert support.kubectl_as(mallory, "-n", "evil", "delete", "ingress", "raw")[0]
