"""What must hold of everything that is rendered, whatever the golden files say.

`make golden` writes down what is rendered, right or wrong; these rules are not written anew by it.
Each is asked of every golden case.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.model import Plan
from appinstance_operator.api.settings import Settings
from appinstance_operator.cli import documents

CASES = sorted(path.name for path in (DESIRED / "golden").iterdir())
_ALB = "alb.ingress.kubernetes.io"
_DNS = {("UDP", 53), ("TCP", 53)}
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A golden case: the AppInstance, the settings, and what becomes of it."""

    spec: Body
    settings: Settings
    plan: Plan


@functools.cache
def _case(name: str) -> Case:
    folder = DESIRED / "golden" / name
    settings = golden_settings(folder)
    body = golden_instance(folder)
    return Case(body, settings, documents.planned(body, settings))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Return a golden case; each test runs with all of them."""
    return _case(request.param)


@pytest.fixture
def settings(case: Case) -> Settings:
    """Return the settings of the case."""
    return case.settings


@pytest.fixture
def spec(case: Case) -> Body:
    """Return the AppInstance of the case."""
    return case.spec


@pytest.fixture
def plan(case: Case) -> Plan:
    """Return what becomes of it."""
    return case.plan


def _of(plan: Plan, kind: str) -> list[Body]:
    return [item for item in plan.objects if item["kind"] == kind]


def _pods(plan: Plan) -> Iterator[tuple[str, Body]]:
    """Yield the name and the pod template of all that has pods."""
    for item in (*_of(plan, "Deployment"), *_of(plan, "Job"), *_of(plan, "CronJob")):
        spec = item["spec"].get("jobTemplate", item)["spec"]
        yield item["metadata"]["name"], spec["template"]


def _containers(plan: Plan) -> Iterator[Body]:
    for _, template in _pods(plan):
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            yield from template["spec"].get(kind, ())


def _selects(selector: Body, labels: Body) -> bool:
    return set(selector) == {"matchLabels"} and selector["matchLabels"].items() <= labels.items()


def _policies_of(plan: Plan, template: Body) -> list[Body]:
    labels = template["metadata"]["labels"]
    policies = _of(plan, "NetworkPolicy")
    return [item for item in policies if _selects(item["spec"]["podSelector"], labels)]


def _ports(rule: Body) -> set[tuple[str, int]]:
    return {(item["protocol"], item["port"]) for item in rule["ports"]}


# Pods


def test_there_is_something_to_look_at(plan: Plan) -> None:
    assert len(list(_containers(plan))) >= 1
    assert _of(plan, "Ingress")
    assert len(_of(plan, "NetworkPolicy")) >= 2


def test_no_container_can_write_its_root_or_gain_rights(plan: Plan) -> None:
    for container in _containers(plan):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["runAsNonRoot"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not context.get("privileged")


def test_no_pod_has_a_token_of_the_api_or_anything_of_the_node(plan: Plan) -> None:
    accounts = {item["metadata"]["name"]: item for item in _of(plan, "ServiceAccount")}
    for _, template in _pods(plan):
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False
        account = accounts.get(pod["serviceAccountName"])
        assert account is not None, "not the namespace's default account, nor somebody else's"
        assert account["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & pod.keys()
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for volume in pod.get("volumes", ()):
            assert "hostPath" not in volume
            for source in volume.get("projected", {}).get("sources", ()):
                token = source.get("serviceAccountToken")
                assert token is None or token["audience"] == "sts.amazonaws.com"


def test_every_container_has_a_memory_limit(plan: Plan) -> None:
    for container in _containers(plan):
        assert container["resources"]["limits"]["memory"]


def test_no_secret_is_a_literal(plan: Plan) -> None:
    assert not _of(plan, "Secret")
    for container in _containers(plan):
        for variable in container.get("env", ()):
            name = variable["name"]
            if name.endswith(("PASSWORD", "SECRET_KEY", "SECRET_ACCESS_KEY", "TOKEN")):
                assert "secretKeyRef" in variable["valueFrom"], name


# Network


def test_every_pod_is_closed_by_a_policy_that_opens_nothing(plan: Plan) -> None:
    for name, template in _pods(plan):
        closing = [
            item["spec"]
            for item in _policies_of(plan, template)
            if not item["spec"].get("ingress") and not item["spec"].get("egress")
        ]
        assert any(set(spec["policyTypes"]) == {"Ingress", "Egress"} for spec in closing), name


def test_no_rule_opens_all_peers_or_all_ports(plan: Plan) -> None:
    for policy in _of(plan, "NetworkPolicy"):
        rules = [(rule, "from") for rule in policy["spec"].get("ingress", ())]
        rules += [(rule, "to") for rule in policy["spec"].get("egress", ())]
        for rule, side in rules:
            assert rule.keys() == {side, "ports"}, "a rule that lacks one of them opens all of it"
            assert rule[side]
            assert rule["ports"]
            for port in rule["ports"]:
                assert port.keys() == {"protocol", "port"}
            for peer in rule[side]:
                assert peer, "an empty peer is everybody"
                if "ipBlock" in peer:
                    assert int(peer["ipBlock"]["cidr"].rpartition("/")[2]) >= 8
                else:
                    assert peer["namespaceSelector"]["matchLabels"], "all namespaces"


def test_the_frontend_reaches_nothing_but_dns(plan: Plan, settings: Settings) -> None:
    for name, template in _pods(plan):
        if not name.endswith("-frontend"):
            continue
        egress = [
            rule
            for policy in _policies_of(plan, template)
            for rule in policy["spec"].get("egress", ())
        ]
        assert [_ports(rule) for rule in egress] == [_DNS]
        (peer,) = egress[0]["to"]
        labels = dict(settings.dns.namespace_selector.match_labels)
        assert peer["namespaceSelector"] == {"matchLabels": labels}


def test_a_migration_reaches_the_database_and_dns_and_is_reached_by_nobody(
    plan: Plan, settings: Settings
) -> None:
    for job in _of(plan, "Job"):
        policies = _policies_of(plan, job["spec"]["template"])
        assert not [rule for item in policies for rule in item["spec"].get("ingress", ())]
        egress = [rule for item in policies for rule in item["spec"].get("egress", ())]
        assert sorted(map(sorted, map(_ports, egress))) == sorted(
            [sorted(_DNS), [("TCP", settings.database.port)]]
        )


def test_the_edge_reaches_only_the_port_of_the_container(plan: Plan) -> None:
    for name, template in _pods(plan):
        serving = [port["containerPort"] for item in template["spec"]["containers"]
                   for port in item.get("ports", ()) if port["name"] == "http"]  # fmt: skip
        opened = [_ports(rule) for policy in _policies_of(plan, template)
                  for rule in policy["spec"].get("ingress", ())]  # fmt: skip
        if serving:
            assert {("TCP", serving[0])} in opened, name


# The edge


def test_the_specs_hosts_are_served_and_only_over_tls(plan: Plan, spec: Body) -> None:
    (ingress,) = _of(plan, "Ingress")
    hosts = [spec["spec"]["host"], *spec["spec"].get("hosts", ())]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == hosts
    assert ingress["spec"]["tls"] == [{"hosts": hosts}]
    assert "defaultBackend" not in ingress["spec"]
    services = {item["metadata"]["name"] for item in _of(plan, "Service")}
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            name = path["backend"]["service"]["name"]
            if path["backend"]["service"]["port"].get("name") == "use-annotation":
                action = ingress["metadata"]["annotations"][f"{_ALB}/actions.{name}"]
                (target,) = json.loads(action)["forwardConfig"]["targetGroups"]
                name = target["serviceName"]
            assert name in services


def test_no_rule_forgets_the_networks_that_alone_are_let_through(plan: Plan, spec: Body) -> None:
    networks = set(spec["spec"].get("allowFrom", ()))
    (ingress,) = _of(plan, "Ingress")
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            key = f"{_ALB}/conditions.{path['backend']['service']['name']}"
            conditions = ingress["metadata"].get("annotations", {}).get(key, "[]")
            found = {
                network
                for condition in json.loads(conditions)
                for network in condition["sourceIpConfig"]["values"]
            }
            assert found <= networks
            assert bool(found) is bool(networks)


def test_a_load_balancer_of_aws_redirects_to_https(plan: Plan, settings: Settings) -> None:
    (ingress,) = _of(plan, "Ingress")
    if settings.edge.class_name != "alb":
        assert not ingress["metadata"].get("annotations")
        return
    annotations = ingress["metadata"]["annotations"]
    assert annotations[f"{_ALB}/ssl-redirect"] == "443"
    assert '{"HTTPS":443}' in annotations[f"{_ALB}/listen-ports"]
    assert annotations[f"{_ALB}/ssl-policy"].startswith("ELBSecurityPolicy-TLS13-")
    assert annotations[f"{_ALB}/wafv2-acl-arn"] == (settings.edge.waf_acl_arn or "none")
    assert f"{_ALB}/group.name" not in annotations


# Whose it is


def test_everything_is_the_instances_own(plan: Plan, spec: Body) -> None:
    meta = spec["metadata"]
    for item in plan.objects:
        where = item["metadata"]
        assert where["namespace"] == meta["namespace"]
        assert where["name"] == meta["name"] or where["name"].startswith(f"{meta['name']}-")
        assert where["labels"]["app.kubernetes.io/instance"] == meta["name"]
        owners = [owner["uid"] for owner in where.get("ownerReferences", ())]
        assert owners == ([meta["uid"]] if meta.get("uid") else [])


def test_a_role_is_for_one_service_account_and_capped(plan: Plan, spec: Body) -> None:
    meta = spec["metadata"]
    accounts = {item["metadata"]["name"] for item in _of(plan, "ServiceAccount")}
    for role in plan.roles:
        assert role.boundary_arn
        (statement,) = role.trust["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Condition"].keys() == {"StringEquals"}
        by_claim = {
            key.rpartition(":")[2]: value
            for key, value in statement["Condition"]["StringEquals"].items()
        }
        assert by_claim.keys() == {"sub", "aud"}
        assert by_claim["aud"] == "sts.amazonaws.com"
        prefix, _, account = by_claim["sub"].rpartition(":")
        assert prefix == f"system:serviceaccount:{meta['namespace']}"
        assert account in accounts


def test_no_role_may_do_everything_or_reach_everything(plan: Plan) -> None:
    for role in plan.roles:
        for statement in role.policy["Statement"]:
            assert statement["Effect"] == "Allow"
            assert all("*" not in action for action in statement["Action"])
            for resource in statement["Resource"]:
                assert resource.startswith("arn:")
                before, _, after = resource.partition("*")
                assert "/" in before if after == "" and before != resource else "*" not in resource


# Workers and jobs


def _processes(plan: Plan) -> Iterator[tuple[str, Body]]:
    for name, template in _pods(plan):
        component = template["metadata"]["labels"]["app.kubernetes.io/component"]
        if component.startswith(("worker-", "job-")):
            yield name, template


def test_nobody_but_the_monitoring_reaches_a_worker_and_nobody_a_job(
    plan: Plan, settings: Settings
) -> None:
    asking = [source.model_dump() for source in settings.monitoring.sources]
    for name, template in _processes(plan):
        rules = [rule for item in _policies_of(plan, template) for rule in item["spec"]["ingress"]]
        assert all(_ports(rule) == {("TCP", 9090)} for rule in rules), name
        assert len(rules) <= (len(asking) if "-worker-" in name else 0)
        for service in _of(plan, "Service"):
            chosen = service["spec"]["selector"].items()
            assert not chosen <= template["metadata"]["labels"].items(), name


def test_a_process_has_no_secret_and_no_way_out_that_it_does_not_name(
    plan: Plan, spec: Body
) -> None:
    given = {
        f"{spec['metadata']['name']}-{kind}-{item['name']}": item
        for kind in ("worker", "job")
        for item in spec["spec"].get(f"{kind}s", ())
    }
    for name, template in _processes(plan):
        process = given[name]
        uses = set(process.get("uses", ()))
        container = template["spec"]["containers"][0]
        references = [
            variable["valueFrom"]["secretKeyRef"]
            for variable in container["env"]
            if "secretKeyRef" in variable.get("valueFrom", {})
        ]
        instance = spec["metadata"]["name"]
        of_the_app = {item["key"] for item in references if item["name"] == f"{instance}-app"}
        assert of_the_app == set(process.get("secrets", ()))
        others = {item["name"] for item in references} - {f"{instance}-app"}
        allowed = {"database": f"{instance}-database", "media": f"{instance}-media"}
        assert others <= {secret for use, secret in allowed.items() if use in uses}
        tokens = [volume for volume in template["spec"]["volumes"] if "projected" in volume]
        account = template["spec"]["serviceAccountName"]
        assert account == (name if "role" in process or not tokens else f"{instance}-backend")
        assert "media" in uses or not tokens
        egress = [rule for item in _policies_of(plan, template) for rule in item["spec"]["egress"]]
        assert uses or [_ports(rule) for rule in egress] == [_DNS]


def _with_roles_of_their_own(spec: Body) -> dict[str, str]:
    """Return the kind of role by the account of whom a spec gives one."""
    return {
        f"{spec['metadata']['name']}-{kind}-{item['name']}": item["role"]
        for kind in ("worker", "job")
        for item in spec["spec"].get(f"{kind}s", ())
        if "role" in item
    }


def test_an_account_has_word_of_a_role_only_where_the_spec_gives_one(
    plan: Plan, spec: Body
) -> None:
    given = _with_roles_of_their_own(spec)
    for account in _of(plan, "ServiceAccount"):
        name = account["metadata"]["name"]
        if "-worker-" in name or "-job-" in name:
            assert ("annotations" in account["metadata"]) == (name in given)


def test_a_role_of_ones_own_is_taken_by_its_own_pods_alone(plan: Plan, spec: Body) -> None:
    meta, given = spec["metadata"], _with_roles_of_their_own(spec)
    by_account = {
        value.removeprefix(f"system:serviceaccount:{meta['namespace']}:"): role
        for role in plan.roles
        for key, value in role.trust["Statement"][0]["Condition"]["StringEquals"].items()
        if key.endswith(":sub")
    }
    assert len(by_account) == len(plan.roles) == len({role.name for role in plan.roles})
    pods = {name: template["spec"] for name, template in _pods(plan)}
    for account, kind in given.items():
        role, container = by_account[account], pods[account]["containers"][0]
        assert pods[account]["serviceAccountName"] == account
        arns = [item["value"] for item in container["env"] if item["name"] == "AWS_ROLE_ARN"]
        assert [arn.rpartition("/")[2] for arn in arns] == [role.name]
        actions = {action for item in role.policy["Statement"] for action in item["Action"]}
        reads = {"s3:GetObject", "s3:ListBucket", "kms:Decrypt"}
        assert actions <= reads if kind == "ReadOnly" else "s3:PutObject" in actions
    for name, pod in pods.items():
        if name not in given:
            assert pod["serviceAccountName"] not in given
