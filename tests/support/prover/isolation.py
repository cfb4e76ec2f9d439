"""What keeps instances apart, as claims over their documents, each refuted or proved for any names.

Two instances, "one" and "other", whose names, prefix and entries are variables. A claim is the
worst case as a formula: it is proved when nothing satisfies it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cvc5.pythonic as smt

from appinstance_local.paths import REPO
from appinstance_operator.api import form
from appinstance_operator.api.settings import Settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired import iam
from appinstance_operator.desired.boundary import boundary_policy
from appinstance_operator.runtime.permissions import operator_policy

from .documents import Document
from .patterns import Term, joined, of, text

# Tokens: names that every form admits, and that nothing else contains.
NAMESPACE, NAME, PREFIX, ENTRY = (
    "qqnamespaceqq",
    "qqnameqq",
    "qqnamespaceqq/qqprefixqq/",
    "qqentryqq",
)
_CRD = (
    REPO / "charts" / "appinstance-operator" / "crds" / "appinstances.platform.appinstance.io.yaml"
)
ANYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
PARTS = ("backend", "secrets")
ACCOUNTS = ("backend", "frontend", "migrate", "secrets")
OBJECT_ACTIONS = ("s3:getobject", "s3:putobject", "s3:deleteobject")
ENTRY_ACTIONS = ("secretsmanager:getsecretvalue", "secretsmanager:describesecret")


def _name_pattern() -> str:
    """Return the CRD's own rule for an AppInstance's name."""
    found = re.findall(r"self\.metadata\.name\.matches\('([^']+)'\)", _CRD.read_text())
    (pattern,) = {str(item) for item in found}
    return pattern


def _namespace_pattern() -> str:
    """Return a rule wider than Kubernetes' (RFC 1123), which asks for letters at both ends."""
    return "[-a-z0-9]+"


@dataclass(frozen=True)
class Instance:
    """Names as variables, and what they may look like."""

    namespace: Term
    name: Term
    prefix: Term
    """Where the spec says so; under its namespace."""
    entry: Term

    @classmethod
    def called(cls, who: str) -> Instance:
        """Return an instance of which nothing is known."""
        return cls(
            *(smt.String(f"{part} of {who}") for part in ("namespace", "name", "prefix", "entry"))
        )

    @property
    def tokens(self) -> Mapping[str, Term]:
        """Return what stands for what in documents."""
        return {NAMESPACE: self.namespace, NAME: self.name, PREFIX: self.prefix, ENTRY: self.entry}

    @property
    def own_prefix(self) -> Term:
        """Return the prefix of an instance whose spec names none."""
        return joined([self.namespace, text("/"), self.name, text("/")])

    def account(self, part: str) -> Term:
        """Return the name of its service account, as `names.of` makes it."""
        return joined([self.name, text(f"-{part}")])

    def forms(self, own_entries: str) -> tuple[tuple[Term, Term], ...]:
        """Return for each name what Kubernetes, CRD and operator ask of it."""
        before, _, behind = own_entries.partition(NAMESPACE)
        entries = joined([text(before), self.namespace, text(behind)])
        return (
            (self.entry, smt.InRe(self.entry, of(form._SECRET_KEY.pattern))),
            (self.entry, smt.PrefixOf(entries, self.entry)),
            (self.prefix, smt.InRe(self.prefix, of(form._PREFIX.pattern))),
            (self.prefix, smt.PrefixOf(joined([self.namespace, text("/")]), self.prefix)),
            (self.name, smt.InRe(self.name, of(_name_pattern()))),
            (self.namespace, smt.InRe(self.namespace, of(_namespace_pattern()))),
        )


@dataclass(frozen=True)
class Boundary:
    """A permissions boundary, the namespaces that it is for (none: all), and what it adds."""

    arn: str
    document: Document
    namespaces: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    """ARNs, up to where the granted things begin."""
    buckets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Documents:
    """All documents that one platform's operator and Terraform make, by which it is judged."""

    settings: Settings
    trusts: Mapping[str, Document]
    own: Mapping[str, Document]
    """The policies of an instance whose spec names no prefix."""
    chosen: Mapping[str, Document]
    """Of one whose spec names a prefix."""
    boundaries: tuple[Boundary, ...]
    operator: Document
    bucket_policy: Document | None = None
    resource_policies: tuple[Document, ...] = ()
    """Of entries and keys."""
    platform_roles: Mapping[str, Document] = field(default_factory=dict)

    @cached_property
    def bucket(self) -> str:
        """Return the ARN of the platform's bucket."""
        return f"arn:{self.settings.partition}:s3:::{self.settings.media.bucket}"

    @cached_property
    def entries(self) -> str:
        """Return the beginning of an entry's ARN."""
        known = self.settings
        return f"arn:{known.partition}:secretsmanager:{known.region}:{known.account_id}:secret:"


def _rendered(settings: Settings, **media: str) -> tuple[dict[str, Document], dict[str, Document]]:
    """Return the operator's trust and policy by part, with tokens for names."""
    spec: dict[str, Any] = {
        "host": "x.example.com",
        "backend": {"image": "x:1"},
        "database": {"credentials": {"remoteRef": {"key": ENTRY}}},
    }
    if media:
        spec["media"] = media
    body = {"metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": spec}
    roles = iam.roles(parse(body), settings)
    by_part = {role.name.rsplit("-", 1)[-1]: role for role in roles}
    assert set(by_part) == set(PARTS)
    return (
        {part: role.trust for part, role in by_part.items()},
        {part: role.policy for part, role in by_part.items()},
    )


def _boundary(settings: Settings, arn: str, document: Document) -> Boundary:
    grants = [item for item in settings.tenancy.grants if item.permissions_boundary_arn == arn]
    bucket = f"arn:{settings.partition}:s3:::"
    entries = (
        f"arn:{settings.partition}:secretsmanager:{settings.region}:{settings.account_id}:secret:"
    )
    buckets = tuple(bucket + name for grant in grants for name in grant.buckets)
    prefixes = [entries + item for grant in grants for item in grant.secret_prefixes]
    prefixes += [
        f"{one}/{item}"
        for grant in grants
        for item in grant.media_prefixes
        for one in (bucket + settings.media.bucket, *(bucket + name for name in grant.buckets))
    ]
    return Boundary(
        arn, document, tuple(n for grant in grants for n in grant.namespaces if n != "*"),
        tuple(prefixes), buckets,
    )  # fmt: skip


def documents(
    settings: Settings, boundaries: Mapping[str, Document] | None = None, **more: Any
) -> Documents:
    """Return what the operator makes under these settings; boundaries by ARN, or its own."""
    if boundaries is None:
        boundaries = {settings.iam.permissions_boundary_arn: boundary_policy(settings)}
        boundaries |= {
            grant.permissions_boundary_arn: boundary_policy(settings, grant)
            for grant in settings.tenancy.grants
            if grant.permissions_boundary_arn
        }
    trusts, own = _rendered(settings)
    _, chosen = _rendered(settings, prefix=PREFIX)
    found = tuple(_boundary(settings, arn, item) for arn, item in boundaries.items())
    more.setdefault("operator", operator_policy(settings))
    return Documents(settings, trusts, own, chosen, found, **more)
