"""The offline judgement: what it knows, and what it says to people."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from support.golden_settings import DESIRED, golden_settings

from appinstance_operator.cli import celrules, judge, schema

CASE = DESIRED / "golden" / "minimal"
MINIMAL: dict[str, Any] = yaml.safe_load((CASE / "appinstance.yaml").read_text())


def _schemas(one: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield one
    for inner in one.get("properties", {}).values():
        yield from _schemas(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(one.get(key), Mapping):
            yield from _schemas(one[key])


def _changed(path: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(MINIMAL)
    *parents, last = path.split(".")
    target = body
    for part in parents:
        target = target.setdefault(part, {})
    target[last] = value
    return body


def test_every_keyword_of_the_crd_is_judged() -> None:
    used = {key for one in _schemas(judge.crd_schema()) for key in one}
    assert used <= schema.KNOWN


def test_every_field_of_the_crd_is_described() -> None:
    def undescribed(one: Mapping[str, Any], path: str) -> Iterator[str]:
        for name, inner in one.get("properties", {}).items():
            if not inner.get("description"):
                yield f"{path}.{name}"
            yield from undescribed(inner, f"{path}.{name}")
        if isinstance(one.get("items"), Mapping):
            yield from undescribed(one["items"], f"{path}[]")

    whole = judge.crd_schema()
    standard = {".apiVersion", ".kind", ".metadata"}  # Kubernetes describes these itself
    assert set(undescribed(whole, "")) - standard == set()


def test_every_rule_of_the_crd_can_be_evaluated() -> None:
    rules = [
        rule["rule"]
        for one in _schemas(judge.crd_schema())
        for rule in one.get("x-kubernetes-validations", ())
        # About a change: offline there is nothing before it, so those are passed over.
        if "oldSelf" not in rule["rule"]
    ]
    assert len(rules) > 20
    for rule in rules:
        celrules.compiled(rule)
    with pytest.raises(Exception, match="undeclared reference"):
        celrules.compiled("isURL(self)")


def test_patterns_end_where_the_api_servers_end() -> None:
    assert not celrules.matches("a\n", "^a$")
    assert not celrules.matches("ä", r"^\w$")


# What the review of the command line found to be accepted, and what is said now.
@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "spec.backend.replica",
            2,
            "spec.backend.replica: there is no such field; did you mean replicas?",
        ),
        ("spec.frontnd", {}, "spec.frontnd: there is no such field; did you mean frontend?"),
        (
            "spec.replicas",
            2,
            "spec.replicas: there is no such field; did you mean backend.replicas or",
        ),
        (
            "apiVersion",
            "platform.appinstance.io/v1",
            "apiVersion must be platform.appinstance.io/v1alpha1",
        ),
        ("spec.host", "https://acme.apps.localhost", "spec.host: host must be a DNS name"),
        (
            "spec.backend.image",
            "shop:latest",
            "spec.backend.image: image must not be tagged latest",
        ),
        ("spec.backend.image", "nginx", "spec.backend.image: image must name a tag or a digest"),
        ("spec.backend.replicas", 0, "spec.backend.replicas: must be at least 1, not 0"),
        ("spec.backend.replicas", 1000, "spec.backend.replicas: must be at most 50, not 1000"),
        (
            "spec.backend.replicas",
            "three",
            'spec.backend.replicas: must be a whole number, not "three"',
        ),
        ("spec.backend.port", 80, "spec.backend.port: must be at least 1024, not 80"),
        ("spec.backend.port", 9090, "spec.backend.port: port 9090 is the one for health"),
        (
            "spec.backend.env",
            [{"name": "A", "valueFrom": {"secretKeyRef": {}}}],
            "spec.backend.env[0].valueFrom.secretKeyRef: there is no",
        ),
        ("spec.backend.env", [{"name": "A", "value": 1}], "must be text, not 1; put it in quotes"),
        (
            "spec.backend.resources",
            {"limits": {"memory": "250mm"}},
            "spec.backend.resources.limits.memory: this must be a quantity such as 250m, 0.5 or",
        ),
        (
            "spec.identity",
            {"backendRoleArn": "arn:x"},
            "spec.identity.backendRoleArn: this must be the ARN",
        ),
        (
            "spec.network",
            {"egress": [{"cidr": "10.0.0.0/8"}]},
            "spec.network.egress[0].ports: is missing",
        ),
        ("spec.frontend", {}, "spec.frontend.image: is missing; it is required"),
        ("spec.worker", [], "spec.worker: there is no such field; did you mean workers?"),
        ("spec.deletionPolicy", "Keep", "spec.deletionPolicy: must be one of Delete, Retain"),
        ("metadata.labels", {"team": "a b"}, "metadata.labels[team]: must have at most 63"),
        ("metadata.name", "Acme", "metadata.name: must have only lower-case letters"),
        ("metadata.name", "a" * 41, "metadata.name must have at most 40 characters"),
        ("metadata.resourceVersion", "1", "metadata.resourceVersion: must not be set"),
        ("spec", None, "spec: is missing; it is required"),
        ("spec", [], "spec: must be a mapping, not []"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_says_which_field_and_what_to_change(
    path: str, value: Any, sentence: str
) -> None:
    said = [str(item) for item in judge.refusals(_changed(path, value))]
    assert any(sentence in words for words in said), said


def test_what_was_not_judged_is_said_and_less_of_it_with_settings() -> None:
    without = judge.verdict(MINIMAL, None)
    with_settings = judge.verdict(MINIMAL, golden_settings(CASE))
    assert not without.refused
    assert not with_settings.refused
    assert set(without.unjudged) - set(with_settings.unjudged) == {judge.WITHOUT_SETTINGS}
    assert with_settings.unjudged


def test_what_the_operator_alone_refuses_is_said_as_its_word() -> None:
    body = _changed("spec.network", {"egress": [{"cidr": "172.16.0.0/12", "ports": [443]}]})
    assert not judge.verdict(body, None).refused
    found = judge.verdict(body, golden_settings(CASE))
    assert found.api_server == ()
    assert "ask the platform team for a grant" in found.operator[0]


def test_an_accepted_resource_is_completed_as_the_api_server_would() -> None:
    body = _changed("spec.backend.autoscaling", {"maxReplicas": 3})
    body["metadata"].pop("namespace", None)
    full = judge.complete(body, "acme")
    assert full["spec"]["backend"]["autoscaling"]["minReplicas"] == 2
    assert full["metadata"]["namespace"] == "acme"
