"""The operator's own NetworkPolicy: what it opens, and that no omission leaves it open."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest

from appinstance_operator.api.settings import Dns

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = pytest.mark.integration
_CHART = "appinstance-operator"
_ALL = ["operator-minimal", "operator-local", "operator-production"]


def _policy(objects: list[dict[str, Any]]) -> dict[str, Any]:
    (policy,) = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
    assert isinstance(policy, dict)
    return policy


@pytest.mark.parametrize("values", _ALL)
def test_it_selects_all_pods_of_the_release_in_both_directions(helm: Helm, values: str) -> None:
    objects = helm.objects(_CHART, [values])
    policy = _policy(objects)
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    selector = policy["podSelector"]["matchLabels"].items()
    for item in objects:
        if item["kind"] in {"Deployment", "Job"}:
            assert selector <= item["spec"]["template"]["metadata"]["labels"].items()
        if item["kind"] == "Pod":
            assert selector <= item["metadata"]["labels"].items()


@pytest.mark.parametrize("values", _ALL)
def test_no_rule_is_open_to_all_peers_or_ports(helm: Helm, values: str) -> None:
    policy = _policy(helm.objects(_CHART, [values]))
    rules = [(rule.get("from"), rule) for rule in policy["ingress"]]
    rules += [(rule.get("to"), rule) for rule in policy["egress"]]
    assert rules
    for peers, rule in rules:
        # An absent or empty list means "everyone" and "every port" in a NetworkPolicy.
        assert peers
        assert rule["ports"]
        assert all(isinstance(port["port"], int) for port in rule["ports"])
        for peer in peers:
            if "ipBlock" in peer:
                network = ipaddress.ip_network(peer["ipBlock"]["cidr"], strict=True)
                assert network.prefixlen > 0
            else:
                assert all(peer.values()), "an empty selector selects everything"


def test_nothing_comes_in_unless_a_namespace_may_read_the_metrics(helm: Helm) -> None:
    assert _policy(helm.objects(_CHART, ["operator-minimal"]))["ingress"] == []
    (rule,) = _policy(helm.objects(_CHART, ["operator-production"]))["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]


def test_dns_is_udp_and_tcp_and_only_to_its_pods(helm: Helm) -> None:
    dns = _policy(helm.objects(_CHART, ["operator-minimal"]))["egress"][0]
    assert {(port["protocol"], port["port"]) for port in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    (peer,) = dns["to"]
    assert set(peer) == {"namespaceSelector", "podSelector"}, "one peer: both must hold"


def test_dns_is_the_settings_own_by_default_and_when_changed(helm: Helm) -> None:
    def labels(*more: str) -> list[dict[str, str]]:
        (peer,) = _policy(helm.objects(_CHART, ["operator-minimal"], *more))["egress"][0]["to"]
        return [peer[key]["matchLabels"] for key in ("namespaceSelector", "podSelector")]

    default = Dns()
    selectors = [default.namespace_selector.match_labels, default.pod_selector.match_labels]
    assert labels() == selectors
    changed = labels("--set-json", 'settings.dns={"podSelector": {"matchLabels": {"app": "dns"}}}')
    assert changed == [selectors[0], {"app": "dns"}]


def test_aws_is_reached_only_with_a_role_and_where_the_settings_say(helm: Helm) -> None:
    assert len(_policy(helm.objects(_CHART, ["operator-minimal"]))["egress"]) == 2
    moto = _policy(helm.objects(_CHART, ["operator-local"]))["egress"][2:]
    assert moto == [
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "aws"}},
                    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "moto"}},
                }
            ],
            "ports": [{"protocol": "TCP", "port": 5000}],
        }
    ]
    sts, iam = _policy(helm.objects(_CHART, ["operator-production"]))["egress"][2:]
    assert [peer["ipBlock"]["cidr"] for peer in sts["to"]] == ["10.20.64.0/24", "10.20.65.0/24"]
    assert [peer["ipBlock"]["cidr"] for peer in iam["to"]] == ["192.0.2.0/24", "198.51.100.0/24"]
    assert sts["ports"] == iam["ports"] == [{"protocol": "TCP", "port": 443}]


def test_without_an_address_of_the_api_server_it_is_refused(helm: Helm) -> None:
    told = helm.refusal(
        _CHART, ["operator-minimal"], "--set-json", "networkPolicy.apiServer.cidrs=[]"
    )
    assert "networkPolicy.apiServer.cidrs is empty" in told


def test_a_role_without_a_way_to_iam_is_refused(helm: Helm) -> None:
    told = helm.refusal(_CHART, ["operator-production"], "--set-json", "networkPolicy.iamCidrs=[]")
    assert "networkPolicy.iamCidrs is empty" in told


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "10.0.0.0", "10.0.0.0/33", "example.com"])
@pytest.mark.parametrize("where", ["apiServer.cidrs", "iamCidrs"])
def test_the_whole_internet_and_nonsense_are_refused(helm: Helm, where: str, cidr: str) -> None:
    told = helm.refusal(
        _CHART, ["operator-minimal"], "--set-json", f'networkPolicy.{where}=["{cidr}"]'
    )
    assert f"/networkPolicy/{where.replace('.', '/')}/0" in told
    assert "does not match pattern" in told


def test_off_means_none(helm: Helm) -> None:
    objects = helm.objects(_CHART, ["operator-minimal"], "--set", "networkPolicy.enabled=false")
    assert [item for item in objects if item["kind"] == "NetworkPolicy"] == []
