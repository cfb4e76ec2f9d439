"""Certificate, scheme and allowed networks of one instance, and what another edge is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from support.alb_rules import PREFIX, refusals
from support.golden_settings import DESIRED, golden_instance, golden_values

from appinstance_operator.api.errors import InvalidSpec, NotAllowed, SettingsError
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1a"
PUBLIC, INTERNAL = [{"cidr": "10.0.0.0/24"}], [{"cidr": "10.0.30.0/24"}]
GRANT = {"namespaces": ["team"], "certificateArns": [CERTIFICATE]}


def _objects(
    edge: dict[str, Any] | None = None, grants: Any = (), **spec: Any
) -> dict[tuple[str, str], Any]:
    body = golden_instance(CASE)
    changed = {**body, "spec": {**body["spec"], **spec}}
    values = golden_values(CASE)
    values["edge"] |= {"sources": PUBLIC, **(edge or {})}
    values["tenancy"] = {"grants": list(grants)}
    found = documents.planned(changed, parse_settings(values)).objects
    return {(item["kind"], item["metadata"]["name"]): item for item in found}


def _annotations(objects: dict[tuple[str, str], Any]) -> dict[str, str]:
    found: dict[str, str] = objects["Ingress", "shop"]["metadata"]["annotations"]
    return {key.removeprefix(PREFIX): value for key, value in found.items()}


def _let_through(objects: dict[tuple[str, str], Any]) -> dict[tuple[str, str], list[str]]:
    """Return by host and path the networks that the listener's rules let through."""
    own, found = _annotations(objects), dict[tuple[str, str], list[str]]()
    for rule in objects["Ingress", "shop"]["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            (condition,) = json.loads(own[f"conditions.{service['name']}"])
            assert condition["field"] == "source-ip"
            networks = condition["sourceIpConfig"]["values"]
            (target,) = json.loads(own[f"actions.{service['name']}"])["forwardConfig"][
                "targetGroups"
            ]
            wanted = "shop-backend" if path["path"] == "/api" else "shop-frontend"
            assert (service["port"], target["serviceName"]) == ({"name": "use-annotation"}, wanted)
            found.setdefault((rule["host"], path["path"]), []).extend(networks)
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_every_rule_of_every_host_lets_the_named_networks_through_and_no_other(count: int) -> None:
    networks = [f"10.{number}.0.0/16" for number in range(count)]
    further = [f"h{number}.apps.example.com" for number in range(8)]
    objects = _objects(allowFrom=networks, hosts=further)
    hosts = ["shop.apps.example.com", *further]
    assert _let_through(objects) == {
        (host, path): networks for host in hosts for path in ("/api", "/")
    }
    # As many as there may be, and the controller takes them all.
    services = {name: item for (kind, name), item in objects.items() if kind == "Service"}
    assert refusals(objects["Ingress", "shop"], services) == []


@pytest.mark.parametrize(("hosts", "paths", "networks"), [(8, 16, 0), (2, 16, 5), (8, 3, 7)])
def test_more_rules_than_a_load_balancer_has_are_refused(
    hosts: int, paths: int, networks: int
) -> None:
    """The controller would leave the whole Ingress unbuilt, and the instance without an address."""
    spec: dict[str, Any] = {
        "hosts": [f"h{number}.apps.example.com" for number in range(hosts)],
        "paths": [
            {"path": "/", "to": "frontend"},
            *({"path": f"/p{number}", "to": "backend"} for number in range(paths - 1)),
        ],
    }
    if networks:
        spec["allowFrom"] = [f"10.{number}.0.0/16" for number in range(networks)]
    with pytest.raises(InvalidSpec, match="which has 100 at the most"):
        _objects(**spec)
    with (
        pytest.raises(InvalidSpec, match="is known to AWS's load balancer alone")
        if networks
        else (contextlib.nullcontext())
    ):
        _objects({"className": "traefik"}, **spec)


def test_where_nothing_is_said_no_rule_has_a_condition() -> None:
    assert not [key for key in _annotations(_objects()) if key.startswith(("actions", "conditi"))]


def test_a_granted_certificate_takes_the_platforms_place() -> None:
    objects = _objects(grants=[GRANT], certificate={"arn": CERTIFICATE})
    assert _annotations(objects)["certificate-arn"] == CERTIFICATE
    with pytest.raises(NotAllowed, match="is not one that this namespace may"):
        _objects(grants=[{**GRANT, "namespaces": ["acme"]}], certificate={"arn": CERTIFICATE})


@pytest.mark.parametrize("groups", [True, False], ids=["groups of its own", "the public ones'"])
def test_an_internal_one_is_reached_by_the_internal_load_balancers_alone(groups: bool) -> None:
    own = {"securityGroupIds": ["sg-01d0e0000"]} if groups else {}
    edge = {"securityGroupIds": ["sg-0ed9e0000"], "internal": {"sources": INTERNAL, **own}}
    public, internal = _objects(edge), _objects(edge, scheme="internal")
    assert _annotations(public)["scheme"] == "internet-facing"
    assert _annotations(internal)["scheme"] == "internal"
    wanted = "sg-01d0e0000" if groups else "sg-0ed9e0000"
    assert _annotations(internal)["security-groups"] == wanted
    for name in ("shop-backend", "shop-frontend"):
        one = public["NetworkPolicy", name]["spec"]["ingress"][0]
        other = internal["NetworkPolicy", name]["spec"]["ingress"][0]
        assert one["from"] == [{"ipBlock": item} for item in PUBLIC]
        assert other == {**one, "from": [{"ipBlock": item} for item in INTERNAL]}


def test_a_platform_that_is_internal_needs_to_offer_nothing() -> None:
    objects = _objects({"scheme": "internal"}, scheme="internal")
    assert _annotations(objects)["scheme"] == "internal"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("certificate", {"arn": CERTIFICATE}),
        ("scheme", "internal"),
        ("allowFrom", ["10.0.0.0/8"]),
    ],
)
def test_another_edge_refuses_what_it_does_not_know(field: str, value: Any) -> None:
    """Passed over, an instance that lets a few through would be open to everybody."""
    with pytest.raises(InvalidSpec, match=f"^{field} is known to AWS's load balancer alone"):
        _objects({"className": "traefik"}, grants=[GRANT], **{field: value})


@pytest.mark.parametrize(
    ("arn", "sentence"),
    [
        ("arn:aws:acm:us-east-1:123456789012:certificate/1a", "this account and region"),
        ("arn:aws:acm:eu-central-1:999999999999:certificate/1a", "this account and region"),
        ("arn:aws:acm:eu-central-1:123456789012:certificate/*", "certificateArns"),
        ("arn:aws:iam::123456789012:server-certificate/x", "certificateArns"),
    ],
)
def test_settings_grant_certificates_of_this_account_and_region_one_by_one(
    arn: str, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        _objects(grants=[{**GRANT, "certificateArns": [arn]}])
