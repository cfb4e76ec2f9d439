"""Every statement of the table of rights against AWS's own tables, and the controllers' calls.

The table (golden/policies.md) is what was applied; that it still is, test_policy_report.py shows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.iam_tables import problems

from appinstance_local.platform.iam_evaluator import permitted
from terraform import rights, world

_HERE = Path(__file__).parent
_DOCUMENTS = rights.documents((_HERE / "golden" / "policies.md").read_text())
_CALLS = yaml.safe_load((_HERE / "facts" / "calls.yaml").read_text())
_FEWEST_STATEMENTS = 120
_CLUSTER = "acme-platform"
# A sentence of the check, and why it is none of a fault.
_KNOWN = {
    r"condition key aws:RequestedRegion$": "a global key, in every request that has a region",
    r"condition key aws:Source(Account|Arn)$": "sent by the service that is the principal",
    r"AssumeRoleWithWebIdentity has no condition key oidc\.": "claims of our issuer",
    r"kms:DescribeKey has no condition key kms:EncryptionContext": "as AWS's page on it",
    r"FindLogGroup: logs:DescribeLogGroups": "judged on log-group::log-stream:",
    r"FindingsPublish|AlarmsPublish: sns:Publish is not judged on \[": "the topic, by an address",
}
_BARE_LOG_GROUP = re.compile(r":log-group:[^:*]+$")


def _faults(policy: Mapping[str, Any]) -> list[str]:
    """Return what AWS's tables do not know; a resource is one only if the action fits none."""
    many: defaultdict[str, list[str]] = defaultdict(list)
    found = []
    for text in problems(policy):
        action, nowhere, _ = text.partition(" is not judged on ")
        if nowhere:
            many[action].append(text)
        else:
            found.append(text)
    for statement in policy["Statement"]:
        for action, texts in many.items():
            sid, _, _ = action.partition(":")
            if sid == statement["Sid"] and len(texts) == len(statement.get("Resource", ())):
                found += texts
    return found


@pytest.mark.parametrize("address", sorted(_DOCUMENTS))
def test_awss_tables_know_every_statement(address: str) -> None:
    faults = [
        text for text in _faults(_DOCUMENTS[address]) if not any(re.search(k, text) for k in _KNOWN)
    ]
    assert faults == []


def test_the_whole_table_was_read() -> None:
    assert sum(len(item["Statement"]) for item in _DOCUMENTS.values()) >= _FEWEST_STATEMENTS


def test_a_right_that_aws_binds_to_nothing_is_found_when_bound() -> None:
    """As SetWebAcl was: no load balancer would have got its web ACL."""
    bound = {
        "Sid": "X", "Effect": "Allow", "Action": "elasticloadbalancing:SetWebAcl",
        "Resource": ["arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/*/*"],
        "Condition": {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "x"}},
    }  # fmt: skip
    assert len(_faults({"Statement": [bound]})) == 2
    assert _faults({"Statement": [{**bound, "Resource": ["*"], "Condition": {}}]}) == []


def test_no_right_names_a_bare_log_group_alone() -> None:
    """Calls are judged on the ARN with `:*`, or on a stream's: the bare one matches none."""
    for address, document in _DOCUMENTS.items():
        for statement in document["Statement"]:
            resources = statement.get("Resource", ())
            alone = [
                bare
                for bare in resources
                if _BARE_LOG_GROUP.search(bare)
                and not any(other.startswith(f"{bare}:") for other in resources)
            ]
            assert statement["Effect"] == "Deny" or alone == [], f"{address} {statement['Sid']}"


# The controllers' calls

_ELB = f"arn:aws:elasticloadbalancing:{world.REGION}:{world.ACCOUNT}"
_EC2 = f"arn:aws:ec2:{world.REGION}:{world.ACCOUNT}"
_LOGS = f"arn:aws:logs:{world.REGION}:{world.ACCOUNT}:log-group:/aws/containerinsights"
_ON = {
    "$LB": f"{_ELB}:loadbalancer/app/k8s-x/0",
    "$TG": f"{_ELB}:targetgroup/k8s-x/0",
    "$LISTENER": f"{_ELB}:listener/app/k8s-x/0/1",
    "$RULE": f"{_ELB}:listener-rule/app/k8s-x/0/1/2",
    "$ACL": f"arn:aws:wafv2:{world.REGION}:{world.ACCOUNT}:regional/webacl/n/0",
    "$ENI": f"{_EC2}:network-interface/eni-0",
    "$SUBNET": f"{_EC2}:subnet/subnet-0",
    "$GROUP": f"{_EC2}:security-group/sg-0",
    "$NODE": f"{_EC2}:instance/i-0",
    "$STREAM": f"{_LOGS}/{_CLUSTER}/application:log-stream:x",
    "$ENTRY": f"arn:aws:secretsmanager:{world.REGION}:{world.ACCOUNT}:secret:platform/x-abcdef",
    "$ROLE": f"arn:aws:iam::{world.ACCOUNT}:role/x",
    "$ZONE": "arn:aws:route53:::hostedzone/ZONE",
    "$OTHER_ZONE": "arn:aws:route53:::hostedzone/ZOTHER",
}
_TAGS = {
    "load-balancer-controller": "elbv2.k8s.aws/cluster",
    "vpc-cni": "cluster.k8s.amazonaws.com/name",
}


def _vpc(document: Mapping[str, Any]) -> str:
    """Return the VPC that a document names, as the table writes it."""
    for statement in document["Statement"]:
        found = statement.get("Condition", {}).get("ArnEquals", {}).get("ec2:Vpc")
        if found:
            return str(found)
    raise AssertionError("no statement names the VPC")


def _context(name: str, call: Mapping[str, Any]) -> dict[str, str | list[str]]:
    context: dict[str, str | list[str]] = {"aws:RequestedRegion": world.REGION}
    tag = _TAGS.get(name, "")
    if call.get("request"):
        context[f"aws:RequestTag/{tag}"] = _CLUSTER
    if call.get("own"):
        context[f"aws:ResourceTag/{tag}"] = _CLUSTER
    if call.get("node"):
        context[f"aws:ResourceTag/kubernetes.io/cluster/{_CLUSTER}"] = "owned"
    if call.get("vpc"):
        context["ec2:Vpc"] = _vpc(_DOCUMENTS[_CALLS[name]["document"]])
    if "groups" in call:
        context["elasticloadbalancing:SecurityGroup"] = [
            f"[module.security_groups.aws_security_group.{group}]" for group in call["groups"]
        ]
    if "creates" in call:
        service = "ec2" if name == "vpc-cni" else "elasticloadbalancing"
        context[f"{service}:CreateAction"] = call["creates"]
    for key, field in (("NormalizedRecordNames", "records"), ("RecordTypes", "types")):
        if field in call:
            context[f"route53:ChangeResourceRecordSets{key}"] = call[field]
            context["route53:ChangeResourceRecordSetsActions"] = ["UPSERT"]
    if "namespace" in call:
        context["cloudwatch:namespace"] = call["namespace"]
    return context


@pytest.mark.parametrize("name", sorted(_CALLS))
@pytest.mark.parametrize("kind", ["allowed", "refused"])
def test_a_controller_may_call_what_it_calls_and_nothing_beside(name: str, kind: str) -> None:
    document = _DOCUMENTS[_CALLS[name]["document"]]
    for call in _CALLS[name][kind]:
        for action in call["actions"]:
            on = _ON.get(call["resource"], call["resource"])
            told = permitted(document, action, on, context=_context(name, call))
            assert told == (kind == "allowed"), f"{action} on {on}: {call}"


@pytest.mark.parametrize("name", sorted(_CALLS))
def test_each_difference_from_upstreams_policy_has_its_reason(name: str) -> None:
    given = {
        action
        for statement in _DOCUMENTS[_CALLS[name]["document"]]["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }
    upstream = set(_CALLS[name]["upstream"])
    reasons = [action for listed in _CALLS[name]["upstream_beside"].values() for action in listed]
    assert sorted(upstream - given) == sorted(reasons)
    assert given - upstream == set(), "more than upstream asks for"
