"""Least privilege, measured: the operator under exactly its rules, and what it really asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from support.apiserver import ApiServer, audited, started
from support.crds import install_crds
from support.operator_world import World
from support.ports import free_port
from support.waiting import WAIT_SECONDS, wait_for

from appinstance_operator.kube.kinds import LEASE_NAME
from appinstance_operator.runtime.permissions import (
    LEASE_RULES,
    NAMESPACE_RULE,
    RBAC_RULES,
    SECURITY_GROUP_RULE,
    Rule,
)

pytestmark = pytest.mark.integration

# On EKS; elsewhere the last two are not granted, and the operator starts without them.
RULES = (*RBAC_RULES, NAMESPACE_RULE, SECURITY_GROUP_RULE)

ACCOUNT = "operator-under-test"
USER = f"system:serviceaccount:life:{ACCOUNT}"


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server of its own, so that its audit log holds this one life alone."""
    with started(tmp_path_factory.mktemp("rights")) as server:
        install_crds(server)
        yield server


def _grant(server: ApiServer) -> str:
    """Make a ServiceAccount that holds the rules and nothing else, and return a token of it.

    Those of the Lease it holds in its own namespace alone.
    """
    server.kubectl("create", "namespace", "life")
    server.kubectl("-n", "life", "create", "serviceaccount", ACCOUNT)
    for kind, rules in (("ClusterRole", RULES), ("Role", LEASE_RULES)):
        for body in _role_and_binding(kind, rules):
            server.kubectl("-n", "life", "apply", "-f", "-", stdin=json.dumps(body))
    return server.kubectl("-n", "life", "create", "token", ACCOUNT).stdout.strip()


def _role_and_binding(kind: str, rules: Iterable[Rule]) -> Iterator[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    base = {"apiVersion": f"{group}/v1", "metadata": {"name": "operator"}}
    yield {**base, "kind": kind, "rules": [rule.manifest() for rule in rules]}
    yield {
        **base,
        "kind": f"{kind}Binding",
        "roleRef": {"apiGroup": group, "kind": kind, "name": "operator"},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": "life"}],
    }


def test_the_rules_are_enough_for_a_whole_life_and_none_is_unused(
    own_server: ApiServer, moto: str
) -> None:
    server = own_server
    token = _grant(server)
    world = World(server, moto, free_port(), "life", security_groups=True, lease_seconds=6)
    world.kubeconfig = server.kubeconfig_for(token, "operator")
    try:
        world.start()
        scaled = {"image": "appinstance/backend:dev", "autoscaling": {"maxReplicas": 4}}
        nightly = {"name": "nightly", "schedule": "@daily", "args": ["nightly"]}
        world.apply(backend=scaled, jobs=[nightly])
        world.refuse_secret()
        world.wait_condition("SecretsReady", "ExternalSecretNotSynced")
        world.sync_secrets()
        world.finish_job(wait_for("the migration", world.jobs)[0])
        wait_for("the autoscaler", lambda: world.get("hpa", "shop-backend"))
        # What pods may use is pruned only once the new ones run.
        world.roll_out()
        world.wait_condition("WorkloadsAvailable", "MinimumReplicasAvailable")
        _leave_something_of_each_kind_to_prune(world)
        wait_for("the Lease to be renewed", partial(_is_renewed, world))
        world.kubectl("delete", "appi", "shop", f"--timeout={WAIT_SECONDS:.0f}s")
    finally:
        world.stop()
    listed = {
        (rule.group, resource, verb)
        for rule in (*RULES, *LEASE_RULES)
        for resource in rule.resources
        for verb in rule.verbs
    }
    used = audited(server, USER)
    assert used - listed == set(), "asked for what it has no rule for"
    assert listed - used == set(), "rules never used"


def _is_renewed(world: World) -> bool:
    lease = world.get("lease", LEASE_NAME)["spec"]
    return bool(lease["renewTime"] != lease["acquireTime"])


def _leave_something_of_each_kind_to_prune(world: World) -> None:
    """Make an object of each kind that looks like ours and is in no plan, and wait for its end."""
    owner = world.get("networkpolicy", "shop-default-deny")["metadata"]["ownerReferences"]
    for kind, name in (
        ("ingress", "shop"), ("hpa", "shop-backend"), ("pdb", "shop-backend"),
        ("service", "shop-backend"), ("deployment", "shop-backend"), ("job", world.jobs()[0]),
        ("cronjob", "shop-job-nightly"),
        ("externalsecret", "shop-app"), ("secretstore", "shop"), ("configmap", "shop-database-ca"),
        ("serviceaccount", "shop-backend"), ("networkpolicy", "shop-backend"),
        ("securitygrouppolicy", "shop-backend"),
    ):  # fmt: skip
        body = world.get(kind, name)
        labels = body["metadata"]["labels"]
        body["metadata"] = {"name": "stray", "labels": labels, "ownerReferences": owner}
        body.pop("status", None)
        if kind == "service":
            body["spec"] = {"ports": body["spec"]["ports"], "selector": {"a": "b"}}
        if kind == "job":
            template = body["spec"]["template"]
            template["metadata"]["labels"] = {"a": "b"}
            body["spec"] = {"template": template}
        told = world.admin.create(world.namespace, body)
        assert told.status == 201, told.message
        wait_for(f"a stray {kind} to go", partial(world.is_gone, kind, "stray"))
