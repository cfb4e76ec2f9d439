"""A hostile editor of a namespace, on the real API server with the chart's admission policies.

The editor is a user bound to Kubernetes' own `edit`, with the chart's aggregated rules. Every
attempt is refused with its sentence, and beside each stands the allowed case of the same shape. The
specs are tried against an operator alone, without these policies, in test_hostile_specs.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from support import hostile_objects, hostile_specs
from support.admission import FINALIZER, NAMESPACE, OPERATOR, TOKEN, Court
from support.hostile_specs import TENANT
from support.people import manifest

pytestmark = pytest.mark.integration
OUR_LABEL = "label app.kubernetes.io/managed-by=appinstance-operator is for what the operator makes"


# ---- what a spec may name


@pytest.mark.parametrize("name", hostile_specs.ATTEMPTS, ids=str)
def test_a_spec_that_reaches_beyond_its_namespace_is_refused(court: Court, name: str) -> None:
    attempt = hostile_specs.ATTEMPTS[name]
    body = manifest("AppInstance", "shop", spec=hostile_specs.spec(attempt.changes))
    refused = court.mallory.create(TENANT, body, dry=True)
    assert refused.status in {403, 422}
    assert attempt.sentence in refused.message
    allowed = manifest("AppInstance", "shop", spec=hostile_specs.spec(attempt.allowed))
    answer = court.mallory.create(TENANT, allowed, dry=True)
    assert answer.status == 201, answer.message


def test_everything_that_is_wrong_is_said_at_once(court: Court) -> None:
    changes = {"host": "shop.example.org", "media.prefix": "acme/", "media.bucket": "elsewhere"}
    body = manifest("AppInstance", "shop", spec=hostile_specs.spec(changes))
    message = court.mallory.create(TENANT, body, dry=True).message
    assert "host shop.example.org is not" in message
    assert "; media.bucket elsewhere is not the platform's" in message
    assert "; media.prefix acme/ is outside" in message


def test_more_than_a_message_can_hold_is_refused_with_where_to_look(court: Court) -> None:
    keys = [
        {"name": f"X{number}", "remoteRef": {"key": f"apps/acme/{number}/{'x' * 400}"}}
        for number in range(32)
    ]
    body = manifest("AppInstance", "shop", spec=hostile_specs.spec({"secrets": keys}))
    refused = court.mallory.create(TENANT, body, dry=True)
    assert refused.status == 403
    assert "`appinstance validate` lists each" in refused.message


@pytest.mark.usefixtures("ours")
def test_a_change_is_judged_as_a_new_spec_is(court: Court) -> None:
    wrong = {"spec": {"media": {"prefix": "acme/acme/"}}}
    refused = court.mallory.patch(TENANT, "AppInstance", "ours", wrong)
    assert "media.prefix acme/acme/ is outside of this namespace's prefix evil/" in refused.message
    right = {"spec": {"media": {"prefix": "evil/ours/"}}}
    assert court.mallory.patch(TENANT, "AppInstance", "ours", right, dry=True).status == 200


@pytest.mark.parametrize("namespace", ["kube-system", NAMESPACE])
def test_no_instance_is_put_where_the_operator_writes_nothing(court: Court, namespace: str) -> None:
    spec = hostile_specs.spec({"database.credentials.remoteRef.key": f"apps/{namespace}/x"})
    refused = court.admin.create(namespace, manifest("AppInstance", "x", spec=spec), dry=True)
    assert f"namespace {namespace} is the cluster's or the operator's own" in refused.message
    spec = hostile_specs.spec({"database.credentials.remoteRef.key": "apps/monitoring/x"})
    assert (
        court.admin.create("monitoring", manifest("AppInstance", "x", spec=spec), dry=True).status
        == 201
    )


# ---- what the operator alone may do to an AppInstance


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("left", [None, [], ["example.org/mine"]])
def test_the_finalizer_is_lifted_by_the_operator_alone(
    court: Court, left: list[str] | None
) -> None:
    patch = {"metadata": {"finalizers": left}}
    refused = court.mallory.patch(TENANT, "AppInstance", "ours", patch, dry=True)
    assert refused.status == 403
    assert f"the finalizer {FINALIZER} is the operator's to lift" in refused.message
    for person in (court.operator, court.admin):
        assert person.patch(TENANT, "AppInstance", "ours", patch, dry=True).status == 200


@pytest.mark.usefixtures("ours")
def test_finalizers_of_others_are_free(court: Court) -> None:
    more = {"metadata": {"finalizers": [FINALIZER, "example.org/mine"]}}
    assert court.mallory.patch(TENANT, "AppInstance", "ours", more).status == 200
    less = {"metadata": {"finalizers": [FINALIZER]}}
    assert court.mallory.patch(TENANT, "AppInstance", "ours", less).status == 200


@pytest.mark.usefixtures("ours")
def test_a_status_is_not_an_editors_to_write(court: Court) -> None:
    condition = {
        "type": "Ready", "status": "True", "reason": "ReconcileSucceeded", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    patch = {"status": {"conditions": [condition]}}
    refused = court.mallory.patch(TENANT, "AppInstance", "ours", patch, "/status", dry=True)
    assert refused.status == 403
    assert 'cannot patch resource "appinstances/status"' in refused.message
    assert (
        court.operator.patch(TENANT, "AppInstance", "ours", patch, "/status", dry=True).status
        == 200
    )


@pytest.mark.parametrize(
    "words",
    [
        ("delete", "validatingadmissionpolicy", "appinstance-operator-tenancy"),
        ("delete", "validatingadmissionpolicybinding", "appinstance-operator-tenancy"),
        ("-n", NAMESPACE, "delete", "configmap", "appinstance-operator-admission"),
        ("-n", NAMESPACE, "delete", "configmap", "appinstance-operator-settings"),
        ("create", "clusterrolebinding", "me", "--clusterrole=cluster-admin", "--user=mallory"),
        ("-n", NAMESPACE, "create", "token", "appinstance-operator"),
        ("label", "namespace", TENANT, "kubernetes.io/metadata.name=kube-system", "--overwrite"),
        ("get", "configmaps", "--as", OPERATOR),
        ("get", "configmaps", "--as", "mallory", "--as-group", "system:masters"),
    ],
    ids=" ".join,
)
def test_the_policies_and_the_way_around_them_are_out_of_reach(
    court: Court, words: tuple[str, ...]
) -> None:
    kubeconfig = court.server.kubeconfig_for(TOKEN, "mallory")
    result = court.server.kubectl("--kubeconfig", str(kubeconfig), *words, check=False)
    assert result.returncode != 0
    assert "forbidden" in result.stderr.lower()


# ---- past the operator, by objects that AWS's controllers act on


@pytest.mark.parametrize("name", hostile_objects.ATTEMPTS, ids=str)
def test_an_object_that_reaches_others_is_refused(court: Court, name: str) -> None:
    attempt = hostile_objects.ATTEMPTS[name]
    refused = court.mallory.create(TENANT, attempt.body, dry=True)
    assert attempt.sentence in refused.message
    assert refused.status == 403
    allowed = court.mallory.create(TENANT, attempt.allowed, dry=True)
    assert allowed.status == 201, allowed.message


@pytest.mark.parametrize("name", hostile_objects.ATTEMPTS, ids=str)
def test_looking_like_the_operators_own_is_no_help(
    court: Court, ours: dict[str, Any], name: str
) -> None:
    attempt = hostile_objects.ATTEMPTS[name]
    labels = {
        "app.kubernetes.io/managed-by": "appinstance-operator",
        "app.kubernetes.io/part-of": "appinstance-platform",
        "app.kubernetes.io/instance": "ours",
    }
    metadata = {**attempt.body["metadata"], "labels": labels, "ownerReferences": [ours]}
    refused = court.mallory.create(TENANT, {**attempt.body, "metadata": metadata}, dry=True)
    # The API server tells of one policy, and the label has one of its own.
    assert attempt.sentence in refused.message or OUR_LABEL in refused.message
    assert refused.status == 403
    # What it says of itself in other words than that label is no help either.
    del labels["app.kubernetes.io/managed-by"]
    refused = court.mallory.create(TENANT, {**attempt.body, "metadata": metadata}, dry=True)
    assert attempt.sentence in refused.message


LABELLED: dict[str, dict[str, Any]] = {
    "ConfigMap": {"data": {"a": "b"}},
    "Service": {"spec": {"ports": [{"port": 80}], "selector": {"app": "own"}}},
    "ServiceAccount": {},
    "NetworkPolicy": {"spec": {"podSelector": {"matchLabels": {"app": "own"}}}},
    "SecretStore": {"spec": hostile_objects.ATTEMPTS["a store without auth"].allowed["spec"]},
}


@pytest.mark.parametrize("kind", LABELLED)
def test_nobody_puts_the_operators_label_on_objects_of_ones_own(court: Court, kind: str) -> None:
    """The operator keeps in its memory what carries it: a tenant could fill that."""
    honest = manifest(kind, "labelled", labels={"app.kubernetes.io/managed-by": "Helm"})
    honest = {**honest, **LABELLED[kind]}
    ours = {"metadata": {"labels": {"app.kubernetes.io/managed-by": "appinstance-operator"}}}
    dishonest = {**honest, "metadata": {**honest["metadata"], **ours["metadata"]}}
    refused = court.mallory.create(TENANT, dishonest, dry=True)
    assert (refused.status, OUR_LABEL in refused.message) == (403, True), refused.message
    created = court.mallory.create(TENANT, honest)
    assert created.status == 201, created.message
    refused = court.mallory.patch(TENANT, kind, "labelled", ours)
    assert (refused.status, OUR_LABEL in refused.message) == (403, True), refused.message
    court.admin.delete(TENANT, kind, "labelled")


@pytest.mark.usefixtures("edge")
def test_what_the_operator_labelled_may_be_marked_by_others(court: Court) -> None:
    label = {"metadata": {"labels": {"app.kubernetes.io/managed-by": "appinstance-operator"}}}
    assert court.admin.patch(TENANT, "Ingress", "ours", label).status == 200
    mark = {"metadata": {"annotations": {"team": "theirs"}}}
    marked = court.mallory.patch(TENANT, "Ingress", "ours", mark, dry=True)
    assert marked.status == 200, marked.message


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize(
    "patch",
    [
        {"metadata": {"annotations": {"alb.ingress.kubernetes.io/wafv2-acl-arn": None}}},
        {"metadata": {"annotations": {"alb.ingress.kubernetes.io/wafv2-acl-arn": "none"}}},
        {"metadata": {"annotations": {"alb.ingress.kubernetes.io/group.name": "acme"}}},
        {"metadata": {"annotations": {"kubernetes.io/ingress.class": "alb"}}},
        {"metadata": {"annotations": {"external-dns.alpha.kubernetes.io/target": "192.0.2.1"}}},
        {"metadata": {"annotations": {"external-dns.kubernetes.io/target": "192.0.2.1"}}},
        {"spec": {"rules": [{"host": "acme.apps.example.com"}]}},
        {"spec": {"defaultBackend": {"service": {"name": "own", "port": {"number": 80}}}}},
    ],
    ids=str,
)
def test_the_operators_ingress_is_not_changed_by_others(
    court: Court, patch: dict[str, Any]
) -> None:
    refused = court.mallory.patch(TENANT, "Ingress", "ours", patch, dry=True)
    assert "Ingresses of class alb are the operator's alone" in refused.message
    harmless = {"metadata": {"annotations": {"team": "theirs"}, "labels": {"team": "theirs"}}}
    assert court.mallory.patch(TENANT, "Ingress", "ours", harmless, dry=True).status == 200


def test_an_own_ingress_does_not_turn_into_the_platforms(court: Court) -> None:
    assert court.mallory.create(TENANT, hostile_objects.ingress()).status == 201
    for patch, sentence in (
        ({"spec": {"ingressClassName": "alb"}}, "Ingresses of class alb"),
        ({"spec": {"rules": [{"host": "acme.apps.example.com"}]}}, "host acme.apps.example.com is"),
        (
            {"metadata": {"annotations": {"alb.ingress.kubernetes.io/group.name": "acme"}}},
            "annotation alb.ingress.kubernetes.io/group.name acts",
        ),
    ):
        refused = court.mallory.patch(TENANT, "Ingress", "own", patch, dry=True)
        assert sentence in refused.message
    other = {"spec": {"rules": [{"host": "next.evil.example.org"}]}}
    assert court.mallory.patch(TENANT, "Ingress", "own", other).status == 200
    assert court.mallory.delete(TENANT, "Ingress", "own").status == 200


def test_an_own_service_does_not_become_a_load_balancer_with_annotations(court: Court) -> None:
    certificate = {"service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "x"}
    body = hostile_objects.service("ClusterIP", certificate)
    assert court.mallory.create(TENANT, body).status == 201
    balanced = {"spec": {"type": "LoadBalancer"}}
    refused = court.mallory.patch(TENANT, "Service", "own", balanced, dry=True)
    assert "aws-load-balancer-ssl-cert acts on load balancers" in refused.message
    plain = {"metadata": {"annotations": None}, **balanced}
    assert court.mallory.patch(TENANT, "Service", "own", plain, dry=True).status == 200
    court.mallory.delete(TENANT, "Service", "own")
