"""docs/openings.yaml is all that is open: in every policy, and in every rule of the groups.

What stands in one layer alone is red here: a rule of a NetworkPolicy or of a security group that
the table does not have, and a line of the table that a layer does not carry out.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from support.golden_settings import DESIRED, golden_instance, golden_values

from appinstance_local.paths import REPO
from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.api.groups import PodSecurityGroups
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents

TABLE: dict[str, Any] = yaml.safe_load((REPO / "docs" / "openings.yaml").read_text())
MODULE = REPO / "terraform" / "modules" / "security-groups"
CASES = sorted(path for path in (DESIRED / "golden").iterdir())
WAYS = {"in": ("ingress", "from"), "out": ("egress", "to")}
Rule = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]
"""Peers as JSON, and protocols with ports; both sorted."""


# Policies


class Instance:
    """A golden case, by which the table's words get their meaning."""

    def __init__(self, folder: Path) -> None:
        body = golden_instance(folder)
        self.spec, values = body["spec"], golden_values(folder)
        settings = parse_settings(values)
        self.settings = settings.model_dump(by_alias=True, exclude_none=True, mode="json")
        agreed = folder / "agreed.yaml"
        status = yaml.safe_load(agreed.read_text()) if agreed.exists() else {}
        self.agreed: dict[str, Any] = status.get("access", {})
        self.expected = [
            item
            for item in yaml.safe_load_all((folder / "expected.yaml").read_text())
            if item["kind"] == "NetworkPolicy"
        ]

    def rules(self, component: str, way: str) -> Iterator[Rule]:
        """Yield the rules that the table gives a component."""
        kind, process = self._process(component)
        for line in TABLE["openings"]:
            uses = line.get("uses") in (None, *process.get("uses", ()))
            if kind in line["pods"] and line["way"] == way and line["policy"] and uses:
                yield from self._rules(component, **line["policy"])

    def _process(self, component: str) -> tuple[str, Mapping[str, Any]]:
        """Return as what the table knows a component, and the worker or job that it is."""
        kind, _, name = component.partition("-")
        if kind not in ("worker", "job"):
            return component, {}
        found = [item for item in self.spec.get(f"{kind}s", ()) if item["name"] == name]
        return kind, found[0] if found else {}

    def _rules(
        self, component: str, peer: str, port: Any, needs: str | None = None
    ) -> Iterator[Rule]:
        if needs and not self._asks_for(needs):
            return
        if peer.startswith("spec.network."):
            for rule in self.spec.get("network", {}).get(peer.rpartition(".")[2], ()):
                block = {key: value for key, value in rule.items() if key != "ports"}
                found = {"ipBlock": block} if "cidr" in block else block
                yield _rule([found], [("TCP", number) for number in rule["ports"]])
        elif peer.startswith("access."):
            for other in self.agreed.get(peer.rpartition(".")[2], ()):
                number = int(other["url"].rpartition(":")[2]) if port == "each" else None
                yield _rule([_backend(other)], [("TCP", number or self._port(component, port))])
        elif peer == "dns":
            selectors = self.settings["dns"]
            yield _rule([selectors], [("UDP", port), ("TCP", port)])
        elif peers := self._setting(self._edge(peer)):
            number = self._port(component, port)
            if number:
                blocks = [{"ipBlock": item} if "cidr" in item else item for item in peers]
                yield _rule(blocks, [("TCP", number)])

    def _asks_for(self, needs: str) -> bool:
        if needs == "database":
            return "database" in self.spec
        assert needs == "aws"
        media = self.spec.get("media", {}).get("enabled", True)
        return media or "backendRoleArn" in self.spec.get("identity", {})

    def _edge(self, peer: str) -> str:
        inside = self.spec.get("scheme") == "internal" and "internal" in self.settings["edge"]
        return "edge.internal.sources" if peer == "edge.sources" and inside else peer

    def _setting(self, path: str) -> Any:
        found: Any = self.settings
        for part in path.split("."):
            found = found.get(part, {})
        return found

    def _port(self, component: str, port: Any) -> int | None:
        kind, process = self._process(component)
        if kind == "worker" and port == "metrics":
            return 9090 if "metrics" in process or process == {} else None
        raw = self.spec.get(component, {})
        if port == "serving":
            return int(raw.get("port", {"backend": 8000, "frontend": 8080}[component]))
        if port == "metrics":
            metrics = raw.get("metrics", {})
            return metrics.get("port", 9090) if metrics.get("enabled", True) else None
        return port if isinstance(port, int) else int(self._setting(port))


def _backend(other: Mapping[str, str]) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": "appinstance",
        "app.kubernetes.io/instance": other["name"],
        "app.kubernetes.io/component": "backend",
    }
    return {
        "namespaceSelector": {
            "matchLabels": {"kubernetes.io/metadata.name": other["namespace"]},
        },
        "podSelector": {"matchLabels": labels},
    }


def _rule(peers: list[Any], ports: list[tuple[str, Any]]) -> Rule:
    found = sorted(json.dumps(peer, sort_keys=True) for peer in peers)
    return tuple(found), tuple(sorted(ports))


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_each_policy_opens_what_the_table_says_and_nothing_else(folder: Path) -> None:
    instance = Instance(folder)
    assert instance.expected
    for policy in instance.expected:
        component = policy["metadata"]["labels"]["app.kubernetes.io/component"]
        for way, (rules, side) in WAYS.items():
            found = Counter(
                _rule(rule[side], [(port["protocol"], port["port"]) for port in rule["ports"]])
                for rule in policy["spec"][rules]
            )
            assert found == Counter(instance.rules(component, way)), (component, way)


def test_every_line_of_the_table_is_rendered_in_some_golden_case() -> None:
    """Or a line could promise what no policy has."""
    instances = [Instance(folder) for folder in CASES]
    for line in TABLE["openings"]:
        if line["policy"] is None:
            continue
        for pods in line["pods"]:
            assert any(list(item._rules(pods, **line["policy"])) for item in instances), line


# Groups


@functools.cache
def _terraform() -> dict[str, str]:
    """Return the rules of the module, as the table writes them."""
    with (MODULE / "main.tf").open() as file:
        resources = hcl2.load(file)["resource"]
    found = {}
    for item in resources:
        for kind, named in item.items():
            match = re.fullmatch(r"aws_vpc_security_group_(ingress|egress)_rule", _bare(kind))
            for name, body in named.items() if match else ():
                assert match
                found[f"{match[1]}.{_bare(name)}"] = _line(match[1], body)
    return found


def _bare(value: Any) -> str:
    """Return an expression as a person writes it: groups of this module by their name."""
    text = str(value).strip('"').removeprefix("${").removesuffix("}")
    return re.sub(r"aws_security_group\.(\w+)(?:\[0\])?\.id", r"\1", text)


def _line(kind: str, body: Mapping[str, Any]) -> str:
    each = _bare(body.get("for_each", ""))
    sides = []
    for field in (
        "security_group_id",
        "referenced_security_group_id",
        "cidr_ipv4",
        "prefix_list_id",
    ):
        value = _bare(body.get(field, ""))
        # One of several: which, the loop says.
        sides += [each if value.startswith("each.value") else value] if value else []
    own, other = sides
    port = _bare(body.get("from_port", ""))
    assert port == _bare(body.get("to_port", "")), body
    protocol = _bare(body["ip_protocol"])
    opens = "all" if protocol == "-1" else f"{protocol}/{port}"
    return f"{own} {'<-' if kind == 'ingress' else '->'} {other} {opens}"


def test_the_groups_have_the_rules_of_the_table_and_no_other() -> None:
    assert _terraform() == TABLE["rules"]


def test_no_rule_of_a_group_is_written_into_the_group_itself() -> None:
    """There it would be seen by nothing here."""
    text = (MODULE / "main.tf").read_text()
    assert not re.search(
        r"^\s+(ingress|egress)\s*(\{|=)|resource \"aws_security_group_rule\"", text, re.M
    )


def test_every_rule_of_a_group_is_for_an_opening() -> None:
    lines = (*TABLE["openings"], *TABLE["platform"])
    assert {name for line in lines for name in line["groups"]} == TABLE["rules"].keys()


def test_every_opening_is_let_through_by_a_group_of_its_pods_on_its_way() -> None:
    # Migrations have the backend's groups, and local.dns stands for both.
    groups = {"backend": "backend", "frontend": "frontend", "migrate": "backend"}
    groups |= {"worker": "backend", "job": "backend"}
    for line in TABLE["openings"]:
        for pods in line["pods"]:
            sign = "<-" if line["way"] == "in" else "->"
            own = [
                rule
                for rule in (TABLE["rules"][name] for name in line["groups"])
                if rule.startswith((f"{groups[pods]} {sign}", f"local.dns {sign}"))
            ]
            assert own, (line["what"], pods)


def test_ports_of_the_settings_are_those_of_the_groups() -> None:
    with (MODULE / "variables.tf").open() as file:
        variables = {
            _bare(name): body for item in hcl2.load(file)["variable"] for name, body in item.items()
        }
    groups = PodSecurityGroups(backend=("sg-0bac0000",), frontend=("sg-0f000000",))
    assert groups.backend_port == variables["backend_port"]["default"]
    assert groups.frontend_port == variables["frontend_port"]["default"]
    assert groups.between_backends is variables["backends_call_each_other"]["default"]


# What the groups can't express


GROUPS = {"backend": ["sg-0bac0000"], "frontend": ["sg-0f000000"]}
SOMEBODY = {"matchLabels": {"app": "x"}}
OTHER = {"to": [{"name": "billing"}]}


def _check(groups: Mapping[str, Any], **spec: Any) -> None:
    case = DESIRED / "golden" / "alb-with-page"
    body = golden_instance(case)
    changed = {**body, "spec": {**body["spec"], **spec}}
    documents.planned(changed, parse_settings({**golden_values(case), "podSecurityGroups": groups}))


def _ingress(*ports: int) -> dict[str, Any]:
    opened = {"namespaceSelector": SOMEBODY, "podSelector": SOMEBODY, "ports": list(ports)}
    return {"ingress": [opened]}


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"backend": {"image": "x:1", "port": 3000}},
            "backend.port 3000 can't be reached here: the security groups for pods admit the load "
            "balancer at 8000 alone; listen there, and make port that one",
        ),
        (
            {"frontend": {"image": "x:1", "port": 8081}},
            "frontend.port 8081 can't be reached here: the security groups for pods admit the load "
            "balancer at 8080 alone; listen there, and make port that one",
        ),
        (
            {"network": _ingress(9090, 8000)},
            "network.ingress on 8000 can't be opened here: with security groups for pods other "
            "pods reach 9090 alone; leave it out, or name the AppInstance that calls under "
            "access.from",
        ),
        (
            {"access": OTHER},
            "access can't be opened here: with security groups for pods, that of the backends is "
            "not open to itself; leave it out, or ask the platform team",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_the_groups_do_not_open_is_refused(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        _check(GROUPS, **spec)
    assert caught.value.message == sentence


@pytest.mark.parametrize(
    ("groups", "spec"),
    [
        ({}, {"network": _ingress(9090)}),
        ({"backendPort": 3000}, {"backend": {"image": "x:1", "port": 3000}}),
        ({"frontendPort": 8081}, {"frontend": {"image": "x:1", "port": 8081}}),
        ({"betweenBackends": True}, {"access": OTHER}),
    ],
    ids=["metrics", "another port of backends", "another port of pages", "calls"],
)
def test_what_they_open_is_not(groups: dict[str, Any], spec: dict[str, Any]) -> None:
    _check({**GROUPS, **groups}, **spec)
