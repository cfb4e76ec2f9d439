"""What the operator may run beside the administrator's password: requests, and nothing else.

Its RBAC lets it make Jobs everywhere. So here it has an administrator's rights, and a policy alone
holds it.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from support.admission import NAMESPACE, Court
from support.hostile_specs import TENANT
from support.people import Answer, manifest
from support.waiting import wait_for

from appinstance_operator.api.request import Request, What
from appinstance_operator.kube.kinds import DATABASE_JOB
from appinstance_operator.reconcile.requests import job

pytestmark = pytest.mark.integration
Change = Callable[[dict[str, Any]], Any]
_OPENAPI = "/openapi/v3/apis/batch/v1"
_REQUEST = Request(What.ENSURE, "acme", "shop", "2026-11-28")


@pytest.fixture(scope="module")
def template(court: Court) -> dict[str, Any]:
    """The CronJob as the API server has it, with its defaults."""
    words = ("get", "cronjob", DATABASE_JOB, "--namespace", NAMESPACE, "-o", "json")
    found: dict[str, Any] = json.loads(court.server.kubectl(*words).stdout)
    return found


def _refused(court: Court, body: dict[str, Any]) -> Answer | None:
    answer = court.operator.create(NAMESPACE, body, dry=True)
    return answer if answer.status != 201 else None


def _job(template: dict[str, Any], request: Request = _REQUEST) -> dict[str, Any]:
    return copy.deepcopy(job(template, request, NAMESPACE, f"{DATABASE_JOB}-0123456789"))


def _pod(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["spec"]["template"]["spec"]
    return found


def _container(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _pod(body)["containers"][0]
    return found


@pytest.mark.parametrize(
    "request_",
    [_REQUEST, Request(What.ENSURE, "acme", "shop"), Request(What.DELETE, "a", "b" * 40)],
)
def test_its_requests_are_let_through(
    court: Court, template: dict[str, Any], request_: Request
) -> None:
    answer = court.operator.create(NAMESPACE, _job(template, request_), dry=True)
    assert answer.status == 201, answer.message


def _mount(path: str) -> Change:
    return lambda body: _container(body)["volumeMounts"].append({"name": "tmp", "mountPath": path})


def _args(*args: str) -> Change:
    return lambda body: _container(body).update(args=list(args))


HOSTILE: dict[str, Change] = {
    "another image": lambda body: _container(body).update(image="evil:1"),
    "a command": lambda body: _container(body).update(command=["cat", "/var/run/x"]),
    "no arguments": lambda body: _container(body).pop("args"),
    "a person's command": _args("restore", "acme/shop"),
    "the list": _args("list"),
    "a flag for a name": _args("ensure", "--settings=/tmp/x"),
    "a flag behind it": _args("ensure", "acme/shop", "--settings=/tmp/x"),
    "one more argument": _args("ensure", "acme/shop", "--rotation=1", "x"),
    "a path": _args("delete", "../acme/shop"),
    "more environment": lambda body: _container(body)["env"].append(
        {"name": "AWS_ENDPOINT_URL", "value": "http://evil"}
    ),
    "environment of a secret": lambda body: _container(body).update(
        envFrom=[{"secretRef": {"name": "administrator"}}]
    ),
    "the password as termination message": lambda body: _container(body).update(
        terminationMessagePath="/var/run/appinstance/administrator/password"
    ),
    "a hook": lambda body: _container(body).update(
        lifecycle={"preStop": {"exec": {"command": ["x"]}}}
    ),
    "a probe": lambda body: _container(body).update(livenessProbe={"exec": {"command": ["x"]}}),
    "another mount": _mount("/usr/local/bin"),
    "no read-only root": lambda body: _container(body)["securityContext"].update(
        readOnlyRootFilesystem=False
    ),
    "a second container": lambda body: _pod(body)["containers"].append(
        {"name": "evil", "image": "evil:1"}
    ),
    "an init container": lambda body: _pod(body).update(
        initContainers=[{"name": "evil", "image": "evil:1"}]
    ),
    "another volume": lambda body: _pod(body)["volumes"].append({"name": "x", "emptyDir": {}}),
    "another account": lambda body: _pod(body).update(
        serviceAccountName="default", serviceAccount="default"
    ),
    "a token": lambda body: _pod(body).update(automountServiceAccountToken=True),
    "the host's network": lambda body: _pod(body).update(hostNetwork=True),
    "another server by its name": lambda body: _pod(body).update(
        hostAliases=[{"ip": "192.0.2.1", "hostnames": ["db.example.com"]}]
    ),
    "another resolver": lambda body: _pod(body).update(
        dnsPolicy="None", dnsConfig={"nameservers": ["192.0.2.1"]}
    ),
    "a node of its choice": lambda body: _pod(body).update(nodeName="evil"),
    "labels that open more": lambda body: body["spec"]["template"]["metadata"]["labels"].update(
        {"app.kubernetes.io/name": "appinstance-operator"}
    ),
    "one more label": lambda body: body["spec"]["template"]["metadata"]["labels"].update(x="y"),
    "a label less": lambda body: body["spec"]["template"]["metadata"]["labels"].pop(
        "app.kubernetes.io/name"
    ),
    "an annotation": lambda body: body["spec"]["template"]["metadata"].update(
        annotations={"x": "y"}
    ),
    "another name": lambda body: body["metadata"].update(name="evil"),
}


@pytest.mark.parametrize("attempt", HOSTILE)
def test_whatever_else_it_makes_there_is_refused(
    court: Court, template: dict[str, Any], attempt: str
) -> None:
    body = _job(template)
    HOSTILE[attempt](body)
    answer = court.operator.create(NAMESPACE, body, dry=True)
    assert answer.status == 403, answer.message
    assert "denied request" in answer.message


def test_it_changes_none_of_its_jobs(court: Court, template: dict[str, Any]) -> None:
    body = _job(template)
    assert court.operator.create(NAMESPACE, body).status == 201
    patch = {"metadata": {"annotations": {"x": "y"}}}
    answer = court.operator.patch(NAMESPACE, "Job", body["metadata"]["name"], patch, dry=True)
    assert answer.status == 403
    answer = court.operator.delete(NAMESPACE, "Job", body["metadata"]["name"])
    assert answer.status == 200, answer.message


def test_all_other_kinds_there_stay_closed(court: Court) -> None:
    for kind in ("ConfigMap", "ServiceAccount"):
        body = manifest(kind, f"{DATABASE_JOB}-x")
        assert court.operator.create(NAMESPACE, body, dry=True).status == 403


def test_a_request_elsewhere_is_no_request(court: Court, template: dict[str, Any]) -> None:
    body = _job(template)
    body["metadata"]["namespace"] = TENANT
    answer = court.operator.create(TENANT, body, dry=True)
    assert answer.status == 403
    assert "not owned by an AppInstance" in answer.message


def test_without_the_template_it_makes_none(court: Court, template: dict[str, Any]) -> None:
    words = ("--namespace", NAMESPACE, "-f", "-")
    court.server.kubectl("delete", "cronjob", DATABASE_JOB, "--namespace", NAMESPACE)
    try:
        # Until the policy's own watch has seen it.
        answer = wait_for("the refusal", partial(_refused, court, _job(template)))
        assert answer.status in (403, 422)
    finally:
        bare = copy.deepcopy(template)
        for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            bare["metadata"].pop(field, None)
        court.server.kubectl("create", *words, stdin=json.dumps(bare))


@pytest.mark.parametrize(
    ("kind", "anchor"),
    [("PodSpec", "variables.pod"), ("Container", r"variables.pod.containers\[0\]")],
)
def test_the_policy_names_every_field_that_a_pod_may_have(
    court: Court, kind: str, anchor: str
) -> None:
    openapi = json.loads(court.server.kubectl("get", "--raw", _OPENAPI).stdout)
    fields = set(openapi["components"]["schemas"][f"io.k8s.api.core.v1.{kind}"]["properties"])
    words = ("get", "validatingadmissionpolicy", "appinstance-operator-databases", "-o", "json")
    policy = json.loads(court.server.kubectl(*words).stdout)
    named = set()
    for validation in policy["spec"]["validations"]:
        named |= set(re.findall(rf"{anchor}\.\?(\w+) ==", validation["expression"]))
    # Looked at by rules of their own.
    fields -= {"containers"} if kind == "PodSpec" else {"args"}
    assert fields - named == set()
