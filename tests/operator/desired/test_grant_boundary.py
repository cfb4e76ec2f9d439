"""A grant's boundary: what every namespace has, and what it grants to its namespaces alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_values
from support.iam_tables import problems

from appinstance_local.platform.iam_evaluator import permitted
from appinstance_operator.api.grants import Grant
from appinstance_operator.api.settings import parse_settings
from appinstance_operator.desired.boundary import boundary_policy
from appinstance_operator.desired.iam import EARLIER_TAG_NAMESPACE, TAG_NAMESPACE

BUCKET, ARCHIVE = "arn:aws:s3:::platform-media", "arn:aws:s3:::platform-archive"
ENTRY = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
# A policy that a broken operator could write.
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
MAX_POLICY = 6_144  # characters of a managed policy, white space left out
VALUES = golden_values(DESIRED / "golden" / "alb-with-page")
SETTINGS = parse_settings(VALUES)
COMMON = boundary_policy(SETTINGS)


def _grant(*namespaces: str, **reach: list[str]) -> Mapping[str, Any]:
    arn = "arn:aws:iam::123456789012:policy/platform/wider"
    grant = {"namespaces": namespaces, "permissionsBoundaryArn": arn, **reach}
    settings = parse_settings({**VALUES, "tenancy": {"grants": [grant]}})
    return boundary_policy(settings, settings.tenancy.grants[0])


GRANTED = _grant(
    "acme",
    secretPrefixes=["shared/mail/"],
    mediaPrefixes=["shared/"],
    buckets=["platform-archive"],
)


def may(
    action: str,
    resource: str,
    *,
    namespace: str = "acme",
    tag: str = TAG_NAMESPACE,
    boundary: Mapping[str, Any] = COMMON,
    **context: str,
) -> bool:
    """Ask as a role would that may do everything by its own policy."""
    known = {key.replace("_", ":", 1): value for key, value in context.items()}
    known |= {f"aws:PrincipalTag/{tag}": namespace} if namespace else {}
    assert permitted(EVERYTHING, action, resource, context=known)
    return permitted(EVERYTHING, action, resource, boundary=boundary, context=known)


def test_aws_knows_each_action_and_condition_key_so() -> None:
    assert problems(GRANTED) == []
    assert len(json.dumps(GRANTED, separators=(",", ":"))) < MAX_POLICY


def test_it_holds_what_every_namespace_has_word_for_word() -> None:
    own = COMMON["Statement"]
    assert GRANTED["Statement"][: len(own)] == own


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("secretsmanager:GetSecretValue", f"{ENTRY}shared/mail/smtp-AbCdEf"),
        ("s3:GetObject", f"{BUCKET}/shared/logo.webp"),
        ("s3:PutObject", f"{ARCHIVE}/acme/x"),
        ("s3:GetObject", f"{ARCHIVE}/shared/logo.webp"),
    ],
)
def test_a_grants_boundary_holds_what_it_grants_for_its_namespaces(
    action: str, resource: str
) -> None:
    assert may(action, resource, boundary=GRANTED)
    assert not may(action, resource), "the common boundary does not"
    assert not may(action, resource, namespace="globex", boundary=GRANTED), "on another's role"
    assert not may(action, resource, tag=EARLIER_TAG_NAMESPACE, boundary=GRANTED), (
        "on an earlier role"
    )
    assert not may(action, resource, namespace="", boundary=GRANTED), "on a role without the tag"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("secretsmanager:GetSecretValue", f"{ENTRY}shared/mail-of-others/smtp-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{ENTRY}shared/other/smtp-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{ENTRY}apps/globex/globex/database-AbCdEf"),
        ("s3:GetObject", f"{BUCKET}/shared-by-others/x"),
        ("s3:GetObject", f"{ARCHIVE}/globex/x"),
        ("s3:GetObject", f"{ARCHIVE}-2/acme/x"),
    ],
)
def test_a_grants_boundary_holds_nothing_beside_it(action: str, resource: str) -> None:
    assert not may(action, resource, boundary=GRANTED)


def test_a_grant_lets_its_prefixes_be_listed() -> None:
    for bucket in (BUCKET, ARCHIVE):
        for prefix in ("acme/", "shared/"):
            assert may("s3:ListBucket", bucket, boundary=GRANTED, s3_prefix=prefix)
        assert not may("s3:ListBucket", bucket, boundary=GRANTED, s3_prefix="globex/")
        assert not may("s3:ListBucket", bucket, boundary=GRANTED)


def test_a_grant_of_entries_opens_no_objects_and_the_other_way_round() -> None:
    def statements(policy: Mapping[str, Any]) -> set[str]:
        return {item["Sid"] for item in policy["Statement"]} - {
            item["Sid"] for item in COMMON["Statement"]
        }

    assert statements(_grant("acme", secretPrefixes=["shared/mail/"])) == {"GrantedEntries"}
    media = {"GrantedObjects", "GrantedListing"}
    assert statements(_grant("acme", mediaPrefixes=["shared/"])) == media
    assert statements(_grant("acme", buckets=["platform-archive"])) == media


def test_a_grant_for_all_is_for_each_role() -> None:
    boundary = _grant("*", secretPrefixes=["shared/mail/"])
    entry = f"{ENTRY}shared/mail/smtp-AbCdEf"
    for namespace in ("acme", "globex"):
        assert may("secretsmanager:GetSecretValue", entry, namespace=namespace, boundary=boundary)
    other = f"{ENTRY}apps/globex/globex/database-AbCdEf"
    assert not may("secretsmanager:GetSecretValue", other, boundary=boundary)


def test_a_grant_of_domains_alone_adds_nothing() -> None:
    grant = Grant.model_validate({"namespaces": ["acme"], "domains": ["example.org"]})
    assert boundary_policy(SETTINGS, grant) == COMMON
