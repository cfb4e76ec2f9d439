"""The policies judge a spec as the operator does (api/tenancy.py), sentence by sentence."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from support.admission import CERTIFICATES, Court, hostile_settings, install_policies
from support.hostile_specs import cloud_front, spec
from support.people import manifest

from appinstance_operator.api import tenancy
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.api.spec import parse

pytestmark = pytest.mark.integration

SPECS = 130
NAMESPACES = ("evil", "acme", "partner", "lodger")
ROLE = "arn:aws:iam::123456789012:role"
HOSTS = (
    "shop.apps.example.com", "a.b.apps.example.com", "a.b.c.apps.example.com", "apps.example.com",
    "shop.partner.example.org", "x.lodger.example.net", "myapps.example.com", "shop.example.org",
    "a.b.lodger.example.net",
)  # fmt: skip
KEYS = (
    "apps/{0}/x", "apps/{0}/x/y", "apps/{0}", "apps/{0}x/y", "apps/acme/x", "apps/partner/x",
    "shared/partner/x", "shared/partner", "Apps/{0}/x", "apps//{0}/x", "/apps/{0}/x", "x",
    "apps/{0}/../acme/x",
)  # fmt: skip
PREFIXES = ("{0}/", "{0}/a/b/", "{0}x/", "joint/", "joint/a/", "jointly/", "acme/x/", "a/{0}/")
BUCKETS = ("platform-media", "partner-media", "other-media")
CIDRS = (
    "10.40.0.0/16", "10.40.3.0/24", "10.40.255.255/32", "10.40.0.0/15", "10.41.0.0/16",
    "10.99.0.0/24", "10.99.0.128/25", "10.99.1.0/24", "0.0.0.0/1", "128.0.0.0/1",
    "169.254.169.254/32", "192.0.2.0/25", "192.0.2.64/26", "192.0.2.128/25", "192.0.2.0/24",
    "2001:db8:40::/48", "2001:db8:40:1::/64", "2001:db8::/32", "2001:db8:41::/48", "::/1",
    "2001:db8:50::/64", "2001:db8:50::1/128", "fd00:ec2::254/128", "a28::/16",
)  # fmt: skip
ARNS = (
    f"{CERTIFICATES}/everyone",
    f"{CERTIFICATES}/partner",
    f"{CERTIFICATES}/p",
    f"{CERTIFICATES}/0",
)
ROLES = (
    f"{ROLE}/tenants/{{0}}.app", f"{ROLE}/tenants/{{0}}.", f"{ROLE}/tenants/{{0}}-app",
    f"{ROLE}/tenants/acme.app", f"{ROLE}/tenants/{{0}}.a/b", f"{ROLE}/admin",
    f"{ROLE}/partners/x/app+1", f"{ROLE}/partners/x/app1", f"{ROLE}/partners/x/y/app+1",
    f"{ROLE}/partners//app+", "arn:aws:iam::999999999999:role/tenants/{0}.app",
    f"x{ROLE}/tenants/{{0}}.app".removeprefix("x") + ":y",
)  # fmt: skip


def _specs(seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield namespaces and specs; most parts are within the rules, so that each is seen alone."""
    chance = random.Random(seed)  # noqa: S311
    for _ in range(SPECS):
        namespace = chance.choice(NAMESPACES)

        def one(of: tuple[str, ...], namespace: str = namespace) -> str:
            # The first of each is allowed everywhere.
            return (of[0] if chance.random() < 0.65 else chance.choice(of)).format(namespace)

        changes: dict[str, Any] = {
            "host": one(HOSTS),
            "database.credentials.remoteRef.key": one(KEYS),
        }
        if chance.random() < 0.4:
            changes["secrets"] = [
                {"name": f"X{number}", "remoteRef": {"key": one(KEYS)}}
                for number in range(chance.randint(1, 4))
            ]
        if chance.random() < 0.15:
            changes["hosts"] = [host for host in (one(HOSTS),) if host != changes["host"]]
        if chance.random() < 0.3:
            changes["backend.files"] = [
                {"path": f"/app/{number}", "remoteRef": {"key": one(KEYS)}}
                for number in range(chance.randint(1, 3))
            ]
        if chance.random() < 0.5:
            changes["media.prefix"] = one(PREFIXES)
        if chance.random() < 0.3:
            changes["media.bucket"] = one(BUCKETS)
        if chance.random() < 0.6:
            changes["network.egress"] = [
                {"cidr": one(CIDRS), "ports": [443]} for _ in range(chance.randint(1, 3))
            ]
        if chance.random() < 0.1:
            changes["certificate"] = {"arn": one(ARNS)}
        if chance.random() < 0.2:
            changes["media.cloudFront"] = cloud_front(one(KEYS))
        if chance.random() < 0.2:
            changes["media.legacyCredentials"] = {"remoteRef": {"key": one(KEYS)}}
        elif chance.random() < 0.4:
            changes["identity.backendRoleArn"] = one(ROLES)
        if chance.random() < 0.3:
            changes["identity.secretsRoleArn"] = one(ROLES)
        yield namespace, spec(changes)


@pytest.fixture(params=[1, 2], ids=["one label", "two labels"])
def settings(request: pytest.FixtureRequest, court: Court) -> Iterator[dict[str, Any]]:
    """Settings that are the policies' parameters and, as a file, would be the operator's."""
    if request.param == 1:
        yield hostile_settings()
        return
    values = hostile_settings(hostLabels=request.param)
    install_policies(court.server, values)
    yield values
    install_policies(court.server, hostile_settings())


def test_the_policies_and_the_operator_agree(court: Court, settings: dict[str, Any]) -> None:
    parsed = parse_settings(settings)
    refused = 0
    for namespace, wanted in _specs(seed=settings["edge"].get("hostLabels", 1)):
        body = manifest("AppInstance", "shop", spec=wanted)
        instance = parse({**body, "metadata": {"name": "shop", "namespace": namespace}})
        sentences = set(tenancy.violations(instance, parsed))
        answer = court.admin.create(namespace, body, dry=True)
        if not sentences:
            assert answer.status == 201, (namespace, wanted, answer.message)
            continue
        refused += 1
        assert answer.status == 403, (namespace, wanted, sentences)
        rest = answer.message.partition("denied request: ")[2]
        # A sentence may stand twice: two variables from one entry.
        for sentence in sorted(sentences, key=len, reverse=True):
            assert sentence in rest, (namespace, wanted)
            rest = rest.replace(sentence, "")
        assert set(rest) <= {";", " "}, (namespace, wanted, rest)
    assert 30 <= refused <= SPECS - 15, "the specs are too much of one kind to show anything"
