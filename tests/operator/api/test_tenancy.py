"""A namespace names what is its own and what it was granted; each refusal beside the allowed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.golden_settings import COMMON, DESIRED, golden_instance

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.settings import Settings, parse_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.api.tenancy import (
    boundary_arn,
    boundary_arns,
    unsupported,
    violations,
)

BASE: dict[str, Any] = yaml.safe_load(COMMON.read_text())
BODY = golden_instance(DESIRED / "golden" / "minimal")
ACCOUNT = "arn:aws:iam::123456789012"
BOUNDARY = f"{ACCOUNT}:policy/platform/own"


def _settings(**parts: Any) -> Settings:
    values = copy.deepcopy(BASE)
    for name, part in parts.items():
        values[name] = {**values.get(name, {}), **part}
    return parse_settings(values)


PLAIN = _settings()


def _found(settings: Settings = PLAIN, namespace: str = "acme", **spec: Any) -> tuple[str, ...]:
    body = copy.deepcopy(BODY)
    body["metadata"] = {"name": "shop", "namespace": namespace, "uid": "u"}
    body["spec"]["host"] = "shop.apps.example.com"
    body["spec"]["database"] = {"credentials": {"remoteRef": {"key": f"apps/{namespace}/db"}}}
    body["spec"].pop("secrets", None)
    body["spec"].update(spec)
    return violations(parse(body), settings)


def _database(key: str) -> dict[str, Any]:
    return {"database": {"credentials": {"remoteRef": {"key": key}}}}


def test_what_is_its_own_is_allowed() -> None:
    assert _found() == ()
    assert _found(**_database("apps/acme/a/b")) == ()
    assert _found(media={"prefix": "acme/x/"}) == ()


@pytest.mark.parametrize(
    "key",
    [
        "apps/victim/db", "apps/acme-evil/db", "apps/acme", "apps/ACME/db", "Apps/acme/db",
        "apps//acme/db", "platform/db", "xapps/acme/db", "/apps/acme/db", "apps/acm/e/db",
    ],
)  # fmt: skip
def test_an_entry_outside_of_the_namespaces_prefix_is_refused(key: str) -> None:
    (sentence,) = _found(**_database(key))
    assert "outside of this namespace's prefix apps/acme/" in sentence
    secrets = [{"name": "X", "remoteRef": {"key": key}}]
    assert len(_found(secrets=secrets)) == 1


@pytest.mark.parametrize("prefix", ["victim/", "acme-evil/", "ac/", "ACME/", "x/acme/"])
def test_media_outside_of_the_namespaces_prefix_are_refused(prefix: str) -> None:
    (sentence,) = _found(media={"prefix": prefix})
    assert "outside of this namespace's prefix acme/" in sentence


@pytest.mark.parametrize(
    "host",
    [
        "apps.example.com", "a.b.apps.example.com", "shop.other.com", "shopapps.example.com",
        "shop.apps.example.com.evil.com", ".apps.example.com",
    ],
)  # fmt: skip
def test_a_host_is_one_label_below_a_domain(host: str) -> None:
    (sentence,) = _found(host=host)
    assert "is not one label below" in sentence


def test_more_labels_where_the_settings_say_so() -> None:
    deep = _settings(edge={"hostLabels": 2})
    assert _found(deep, host="a.b.apps.example.com") == ()
    assert _found(deep, host="a.b.c.apps.example.com") != ()


def _egress(*cidrs: str) -> dict[str, Any]:
    return {"network": {"egress": [{"cidr": cidr, "ports": [443]} for cidr in cidrs]}}


def test_egress_is_inside_of_what_the_settings_allow_and_empty_means_none() -> None:
    halves = _egress("0.0.0.0/1", "128.0.0.0/1")
    assert len(_found(**halves)) == 2
    some = _settings(network={"allowedEgress": ["10.9.0.0/16", "2001:db8::/32"]})
    assert len(_found(some, **halves)) == 2
    assert _found(some, **_egress("10.9.4.0/24", "10.9.0.0/16", "2001:db8:1::/48")) == ()
    for cidr in ("10.8.0.0/15", "169.254.169.254/32", "::/1", "10.10.0.0/16", "2001:db9::/32"):
        (sentence,) = _found(some, **_egress(cidr))
        assert "outside of what the platform allows" in sentence


def test_roles_of_ones_own_match_a_pattern_that_stays_within_a_part_of_the_path() -> None:
    arn = f"{ACCOUNT}:role/teams/acme/app"
    assert "is not one of the roles" in _found(identity={"backendRoleArn": arn})[0]
    some = _settings(iam={"allowedRoleArns": [f"{ACCOUNT}:role/teams/{{namespace}}/*"]})
    assert _found(some, identity={"backendRoleArn": arn}) == ()
    for other in (
        "teams/victim/app",
        "teams/acme/x/y",
        "teams/acme-evil/app",
        "appinstances/appi-x",
    ):
        assert len(_found(some, identity={"secretsRoleArn": f"{ACCOUNT}:role/{other}"})) == 1
    elsewhere = "arn:aws:iam::999999999999:role/teams/acme/app"
    assert len(_found(some, identity={"backendRoleArn": elsewhere})) == 1


GRANT = {
    "namespaces": ["acme"],
    "secretPrefixes": ["shared/db/"],
    "mediaPrefixes": ["shared/pictures/"],
    "buckets": ["other-media"],
    "domains": ["acme.example.org"],
    "egress": ["10.7.0.0/16"],
    "roleArns": [f"{ACCOUNT}:role/acme-*"],
    "permissionsBoundaryArn": BOUNDARY,
}
GRANTED: dict[str, Any] = {
    **_database("shared/db/x"),
    "media": {"bucket": "other-media", "prefix": "shared/pictures/a/"},
    "host": "shop.acme.example.org",
    **_egress("10.7.1.0/24"),
    "identity": {"backendRoleArn": f"{ACCOUNT}:role/acme-app"},
}


def test_a_grant_adds_what_it_names_to_whom_it_names_and_to_nobody_else() -> None:
    granted = _settings(tenancy={"grants": [GRANT]})
    assert _found(granted, **GRANTED) == ()
    assert len(_found(granted, "victim", **GRANTED)) == 6
    assert _found(granted) == (), "what is its own stays"
    assert boundary_arn("acme", granted) == BOUNDARY
    assert boundary_arn("victim", granted) == granted.iam.permissions_boundary_arn
    assert boundary_arns(granted) == (granted.iam.permissions_boundary_arn, BOUNDARY)
    to_all = _settings(tenancy={"grants": [{**GRANT, "namespaces": ["*"]}]})
    assert _found(to_all, "anyone", **GRANTED) == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"permissionsBoundaryArn": None}, "need permissionsBoundaryArn"),
        ({"namespaces": ["*", "acme"]}, 'write namespaces: ["*"] alone'),
        ({"namespaces": []}, "namespaces"),
        ({"namespaces": ["team-*"]}, "namespaces"),
        ({"secretPrefixes": ["shared"]}, "secretPrefixes"),
        ({"secretPrefixes": ["shared/*"]}, "secretPrefixes"),
        ({"roleArns": ["arn:aws:iam::999999999999:role/x"]}, "not a role of this account"),
        ({"egress": ["0.0.0.0/0"]}, "admits everybody"),
    ],
)
def test_a_malformed_grant_stops_the_operator_with_a_sentence(
    change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError, match="platform settings are wrong") as caught:
        _settings(tenancy={"grants": [{**GRANT, **change}]})
    assert sentence in str(caught.value)


def test_a_namespace_has_one_boundary() -> None:
    other = {**GRANT, "permissionsBoundaryArn": f"{BOUNDARY}-other"}
    for namespaces in (["acme"], ["*"], ["x", "acme"]):
        with pytest.raises(SettingsError, match="two boundaries"):
            _settings(tenancy={"grants": [GRANT, {**other, "namespaces": namespaces}]})
    _settings(tenancy={"grants": [GRANT, {**other, "namespaces": ["victim"]}]})


@pytest.mark.parametrize("template", ["apps/", "apps/{namespace}", "apps/x{namespace}/", "*/"])
def test_the_entries_template_ends_with_the_namespace_as_a_whole_part(template: str) -> None:
    with pytest.raises(SettingsError, match="end it with"):
        _settings(secrets={"allowedPrefix": template})


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES, st.text("abz09-./", max_size=12))
def test_no_namespace_reaches_the_default_places_of_another(
    one: str, other: str, rest: str
) -> None:
    key = f"apps/{other}/{rest}x"
    if not key.startswith(f"apps/{one}/"):
        assert _found(namespace=one, **_database(key)) != ()


@pytest.mark.parametrize("field", ["host", "hosts"])
@pytest.mark.parametrize(("length", "class_name", "told"), [(128, "alb", 0), (129, "alb", 1),
                                                            (129, "traefik", 0)])  # fmt: skip
def test_a_host_is_no_longer_than_a_load_balancers_rule_takes(
    length: int, class_name: str, told: int, field: str
) -> None:
    domain = "apps.example.com"
    label = "a" * 60
    host = f"{label}.{'b' * (length - len(label) - len(domain) - 2)}.{domain}"
    assert len(host) == length
    body = copy.deepcopy(BODY)
    body["spec"][field] = host if field == "host" else [host]
    settings = _settings(edge={"className": class_name})
    found = unsupported(parse(body), settings)
    assert len(found) == told
    assert all(f"has {length} characters" in sentence for sentence in found)


def test_roles_of_their_own_are_as_many_as_the_platform_allows() -> None:
    """An account has 1,000 roles for all tenants."""
    body = copy.deepcopy(BODY)
    worker = {"command": ["work"], "uses": ["media"], "role": "Own"}
    nightly = {**worker, "name": "nightly", "schedule": "0 3 * * *"}
    body["spec"] |= {"workers": [{**worker, "name": "letters"}], "jobs": [nightly]}
    instance = parse(body)
    assert unsupported(instance, PLAIN) == ()
    assert unsupported(instance, _settings(iam={"maxOwnRoles": 2})) == ()
    (refused,) = unsupported(instance, _settings(iam={"maxOwnRoles": 1}))
    assert refused.startswith("2 workers and jobs have a role of their own")
    assert "letters" in refused
    assert "leave role out of the others" in refused
