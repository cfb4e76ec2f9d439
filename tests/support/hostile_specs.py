"""What a hostile editor of namespace `evil` puts into an AppInstance, each beside the allowed case.

The same attempts are made at admission (the chart's policies) and against an operator alone. The
settings are those of support.admission.hostile_settings.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TENANT, VICTIM = "evil", "acme"
_ROLE = "arn:aws:iam::123456789012:role"
_CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate"


@dataclass(frozen=True)
class Attempt:
    """Changes of a spec by dotted path, the sentence they meet, and changes that are allowed."""

    changes: Mapping[str, Any]
    sentence: str
    allowed: Mapping[str, Any] = field(default_factory=dict)
    by_form: bool = False
    """Whether the CRD refuses it by its form, so that no operator ever sees it."""


def _entry(key: str, **more: Any) -> Attempt:
    sentence = (
        f"secret key {key} is outside of this namespace's prefix apps/evil/; move the entry there, "
        "or ask the platform team for a grant"
    )
    allowed = {"database.credentials.remoteRef.key": "apps/evil/shop/database"}
    return Attempt({"database.credentials.remoteRef.key": key}, sentence, allowed, **more)


def _media(prefix: str) -> Attempt:
    sentence = (
        f"media.prefix {prefix} is outside of this namespace's prefix evil/; begin it so, or ask "
        "the platform team for a grant"
    )
    return Attempt({"media.prefix": prefix}, sentence, {"media.prefix": "evil/avatars/"})


def _host(host: str) -> Attempt:
    sentence = (
        f"host {host} is not one label below one of the platform's domains (*.apps.example.com)"
    )
    return Attempt({"host": host}, sentence, {"host": "shop-evil.apps.example.com"})


def _egress(*cidrs: str) -> Attempt:
    sentence = (
        f"network.egress {cidrs[0]} is outside of what the platform allows (10.40.0.0/16, "
        "2001:db8:40::/48, 10.99.0.0/24); ask the platform team for a grant"
    )
    inside = "2001:db8:40:1::/64" if ":" in cidrs[0] else "10.40.3.0/24"
    return Attempt(
        {"network.egress": [{"cidr": cidr, "ports": [443]} for cidr in cidrs]},
        sentence,
        {"network.egress": [{"cidr": inside, "ports": [443]}]},
    )


def _role(arn: str, which: str = "backendRoleArn") -> Attempt:
    sentence = (
        f"identity.{which} {arn} is not one of the roles that this namespace may bring; leave it "
        "out, and the operator manages one, or ask the platform team for a grant"
    )
    allowed = {f"identity.{which}": f"{_ROLE}/tenants/evil.app"}
    return Attempt({f"identity.{which}": arn}, sentence, allowed)


def _form(changes: Mapping[str, Any], sentence: str, allowed: Mapping[str, Any]) -> Attempt:
    return Attempt(changes, sentence, allowed, by_form=True)


def cloud_front(key: str, **changes: str) -> dict[str, Any]:
    """Return `media.cloudFront` with an entry as its private key."""
    return {
        "domain": "d111111abcdef8.cloudfront.net",
        "keyPairId": "K2JCJMDEHXQW5F",
        "privateKey": {"remoteRef": {"key": key}},
        **changes,
    }


def _variable(key: str) -> dict[str, Any]:
    return {"secrets": [{"name": "TOKEN", "remoteRef": {"key": key}}]}


def _file(key: str, path: str = "/app/keys/signing.pem") -> dict[str, Any]:
    return {"backend.files": [{"path": path, "remoteRef": {"key": key}}]}


_TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
_DATABASE = "database.credentials.remoteRef.key"
ATTEMPTS: Mapping[str, Attempt] = {
    "another's database": _entry("apps/acme/acme/database"),
    "an entry of the platform": _entry("platform/rds/master"),
    "a namespace that begins alike": _entry("apps/evil-twin/shop/database"),
    "the prefix without its slash": _entry("apps/evil"),
    "the prefix in capitals": _entry("apps/Evil/shop/database"),
    "an entry from the root": _entry("/apps/evil/shop/database"),
    "an entry upwards": _entry("../apps/acme/acme/database"),
    "an entry with an empty part": _entry("apps//evil/shop/database"),
    "an entry behind another's": _entry("apps/acme/apps/evil/database"),
    "another's entry as a variable": Attempt(
        _variable("apps/acme/acme/app"),
        "secret key apps/acme/acme/app is outside of this namespace's prefix apps/evil/",
        _variable("apps/evil/shop/app"),
    ),
    "another's entry as a file": Attempt(
        _file("apps/acme/acme/app"),
        "secret key apps/acme/acme/app is outside of this namespace's prefix apps/evil/",
        _file("apps/evil/shop/app"),
    ),
    "a file over the token of the role": _form(
        _file("apps/evil/token", f"{_TOKEN}/token"), "would hide what the system",
        _file("apps/evil/token"),
    ),
    "another's access keys": Attempt(
        {"media.legacyCredentials": {"remoteRef": {"key": "apps/acme/acme/media"}}},
        "secret key apps/acme/acme/media is outside of this namespace's prefix apps/evil/",
        {"media.legacyCredentials": {"remoteRef": {"key": "apps/evil/shop/media"}}},
    ),
    "another's key for signed URLs": Attempt(
        {"media.cloudFront": cloud_front("apps/acme/acme/cloudfront")},
        "secret key apps/acme/acme/cloudfront is outside of this namespace's prefix apps/evil/",
        {"media.cloudFront": cloud_front("apps/evil/shop/cloudfront")},
    ),
    "an entry of a partner's grant": _entry("shared/partner/token"),
    "another's media": _media("acme/acme/"),
    "media of a namespace that begins alike": _media("evil-twin/shop/"),
    "media of a shorter namespace": _media("evi/shop/"),
    "media in capitals": _media("Evil/shop/"),
    "media of a partner's grant": _media("joint/"),
    "another bucket": Attempt(
        {"media.bucket": "partner-media"},
        "media.bucket partner-media is not the platform's; leave it out, or ask for a grant",
        {"media.bucket": "platform-media"},
    ),
    "a host elsewhere": _host("shop.example.org"),
    "a host two labels below": _host("a.shop.apps.example.com"),
    "the domain itself": _host("apps.example.com"),
    "a host that ends alike": _host("evilapps.example.com"),
    "the domain as a label": _host("apps.example.com.evil.example.org"),
    "a domain of a partner's grant": _host("shop.partner.example.org"),
    "a further host elsewhere": Attempt(
        {"hosts": ["more-evil.apps.example.com", "shop.example.org"]},
        "host shop.example.org is not one label below one of the platform's domains "
        "(*.apps.example.com)",
        {"hosts": ["more-evil.apps.example.com"]},
    ),
    "a partner's domain as a further host": Attempt(
        {"hosts": ["shop.partner.example.org"]},
        "host shop.partner.example.org is not one label below one of the platform's domains "
        "(*.apps.example.com)",
        {"hosts": ["most-evil.apps.example.com"]},
    ),
    "a certificate of a partner's grant": Attempt(
        {"certificate": {"arn": f"{_CERTIFICATE}/partner"}},
        f"certificate.arn {_CERTIFICATE}/partner is not one that this namespace may name; leave it "
        "out, and the platform's serves, or ask the platform team for a grant",
        {"certificate": {"arn": f"{_CERTIFICATE}/everyone"}},
    ),
    "everywhere in two halves": _egress("0.0.0.0/1", "128.0.0.0/1"),
    "the metadata address": _egress("169.254.169.254/32"),
    "more than is allowed": _egress("10.0.0.0/8"),
    "what is allowed, a bit wider": _egress("10.40.0.0/15"),
    "the neighbour of what is allowed": _egress("10.41.0.0/24"),
    "everywhere in IPv6 halves": _egress("::/1", "8000::/1"),
    "the metadata address in IPv6": _egress("fd00:ec2::254/128"),
    "a network of a partner's grant": _egress("192.0.2.0/25"),
    "a role of another instance": _role(f"{_ROLE}/appinstances/appi-acme-acme-0123-backend"),
    "a role for secrets of another": _role(
        f"{_ROLE}/appinstances/appi-acme-acme-0123-secrets", "secretsRoleArn"
    ),
    "an administrator's role": _role(f"{_ROLE}/admin"),
    "a role of another account": _role("arn:aws:iam::999999999999:role/tenants/evil.app"),
    "a role of another tenant": _role(f"{_ROLE}/tenants/acme.app"),
    "a role deeper than the pattern": _role(f"{_ROLE}/tenants/evil.app/admin"),
    "a role where the dot stands for any": _role(f"{_ROLE}/tenants/evil-app"),
    "an entry with a wildcard": _form(
        {_DATABASE: "apps/evil/*"}, "not an ARN or a wildcard", {_DATABASE: "apps/evil/all"}
    ),
    "an entry by its ARN": _form(
        {_DATABASE: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/acme/acme"},
        "not an ARN or a wildcard",
        {_DATABASE: "apps/evil/acme"},
    ),
    "a giant entry": _form(
        {_DATABASE: "apps/evil/" + "x" * 600}, "may not be more than 512",
        {_DATABASE: "apps/evil/" + "x" * 400},
    ),
    "media upwards": _form(
        {"media.prefix": "evil/../acme/"}, "must not have the parts . or ..",
        {"media.prefix": "evil/acme/"},
    ),
    "all media": _form(
        {"media.prefix": "*/"}, "have no wildcard or empty part", {"media.prefix": "evil/all/"}
    ),
    "a host in capitals": _form(
        {"host": "ACME.apps.example.com"}, "host must be a DNS name in lower case",
        {"host": "evil.apps.example.com"},
    ),
    "a wildcard host": _form(
        {"host": "*.apps.example.com"}, "host must be a DNS name in lower case",
        {"host": "evil.apps.example.com"},
    ),
    "everywhere": _form(
        {"network.egress": [{"cidr": "0.0.0.0/0", "ports": [443]}]}, "opens everything",
        {"network.egress": [{"cidr": "10.40.0.0/16", "ports": [443]}]},
    ),
    "an IPv4 address in IPv6": _form(
        {"network.egress": [{"cidr": "::ffff:169.254.169.254/128", "ports": [80]}]},
        "cidr must be a network",
        {"network.egress": [{"cidr": "2001:db8:40::1/128", "ports": [80]}]},
    ),
    "a thousand variables": _form(
        {"backend.env": [{"name": f"X{number}"} for number in range(1000)]}, "must have at most 64",
        {"backend.env": [{"name": f"X{number}"} for number in range(64)]},
    ),
    "a wildcard as a further host": _form(
        {"hosts": ["*.apps.example.com"]}, "each of hosts must be a DNS name",
        {"hosts": ["more-evil.apps.example.com"]},
    ),
    "calls from everybody": _form(
        {"access.from": [{"name": "*", "namespace": "acme"}]}, "name must be the name of an",
        {"access.from": [{"name": "shop", "namespace": "acme"}]},
    ),
    "calls to a namespace by a pattern": _form(
        {"access.to": [{"name": "shop", "namespace": "*"}]}, "namespace must be the name of a",
        {"access.to": [{"name": "shop", "namespace": "acme"}]},
    ),
    "the platform's own variable": _form(
        {"backend.env": [{"name": "AWS_ROLE_ARN", "value": f"{_ROLE}/admin"}]},
        "this variable is set by the platform",
        {"backend.env": [{"name": "ROLE", "value": "admin"}]},
    ),
    "a worker with a secret that the spec does not name": _form(
        {"workers": [{"name": "mail", "args": ["x"], "secrets": ["ACME_TOKEN"]}]},
        "a worker names a secret that spec.secrets does not have",
        {"workers": [{"name": "mail", "args": ["x"], "uses": ["database"]}]},
    ),
    "a worker with the platform's own variable": _form(
        {
            "workers": [
                {
                    "name": "mail", "args": ["x"],
                    "env": [{"name": "AWS_ROLE_ARN", "value": f"{_ROLE}/admin"}],
                }
            ]
        },
        "this variable is set by the platform",
        {"workers": [{"name": "mail", "args": ["x"], "env": [{"name": "ROLE"}]}]},
    ),
    "a worker whose name ends elsewhere": _form(
        {"workers": [{"name": "x/../acme", "args": ["x"]}]}, "name must start with a letter",
        {"workers": [{"name": "backend", "args": ["x"]}]},
    ),
    "a job with a secret that the spec does not name": _form(
        {"jobs": [{"name": "j", "args": ["x"], "schedule": "@daily", "secrets": ["ACME"]}]},
        "a job names a secret that spec.secrets does not have",
        {"jobs": [{"name": "j", "args": ["x"], "schedule": "@daily", "uses": ["media"]}]},
    ),
    "a worker with a role that it names": _form(
        {"workers": [{"name": "w", "args": ["x"], "uses": ["media"], "role": f"{_ROLE}/admin"}]},
        "supported values",
        {"workers": [{"name": "w", "args": ["x"], "uses": ["media"], "role": "Own"}]},
    ),
    "a worker with a role and a neighbour's account": _form(
        {"workers": [{"name": "backend", "args": ["x"], "uses": ["media"], "role": "Own"}]},
        "another AppInstance's account might be called the same",
        {"workers": [{"name": "back", "args": ["x"], "uses": ["media"], "role": "ReadOnly"}]},
    ),
    "a schedule that is a program": _form(
        {"jobs": [{"name": "j", "args": ["x"], "schedule": "@reboot"}]},
        "schedule must be minute, hour, day of the month",
        {"jobs": [{"name": "j", "args": ["x"], "schedule": "@hourly"}]},
    ),
    "more workers than a namespace is worth": _form(
        {"workers": [{"name": f"w{number}", "args": ["x"]} for number in range(9)]},
        "must have at most 8",
        {"workers": [{"name": f"w{number}", "args": ["x"]} for number in range(8)]},
    ),
}  # fmt: skip


def spec(changes: Mapping[str, Any], host: str = "shop-evil.apps.example.com") -> dict[str, Any]:
    """Return the spec of an honest instance of `evil` with changes by dotted path."""
    body: dict[str, Any] = {
        "host": host,
        "backend": {"image": "appinstance/backend:dev"},
        "database": {"credentials": {"remoteRef": {"key": "apps/evil/shop/database"}}},
    }
    for path, value in changes.items():
        *parents, last = path.split(".")
        target = body
        for part in parents:
            target = target.setdefault(part, {})
        target[last] = copy.deepcopy(value)
    return body
