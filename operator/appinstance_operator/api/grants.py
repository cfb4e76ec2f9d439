"""Grants: what the platform's settings let named namespaces name beyond their own (ADR 0012)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from .values import Arn, CertificateArn, Cidr, Model, Namespace, RolePattern

WholeParts = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_+=.@-]+/)+$")]
"""A prefix that ends with a slash: `apps/acme/` does not admit `apps/acme-evil/x`."""


class Grant(Model):
    """What named namespaces may name beyond their own. Additive; see docs/adr/0012.

    `namespaces` are names, or `["*"]` for all. The common boundary caps an instance's role to its
    namespace, so a grant of entries, media or buckets needs a boundary that holds them.
    """

    namespaces: Annotated[tuple[Namespace | Literal["*"], ...], Field(min_length=1)]
    secret_prefixes: tuple[WholeParts, ...] = ()
    media_prefixes: tuple[WholeParts, ...] = ()
    buckets: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    egress: tuple[Cidr, ...] = ()
    role_arns: tuple[RolePattern, ...] = ()
    certificate_arns: tuple[CertificateArn, ...] = ()
    permissions_boundary_arn: Arn | None = None

    @model_validator(mode="after")
    def _complete(self) -> Grant:
        if "*" in self.namespaces and len(self.namespaces) > 1:
            raise ValueError('write namespaces: ["*"] alone, or name each namespace')
        reaches = self.secret_prefixes or self.media_prefixes or self.buckets
        if reaches and self.permissions_boundary_arn is None:
            raise ValueError(
                "secretPrefixes, mediaPrefixes and buckets need permissionsBoundaryArn, a boundary "
                "that holds them: the common one caps each role to its own namespace"
            )
        return self

    def covers(self, namespace: str) -> bool:
        """Return whether the grant is for a namespace."""
        return namespace in self.namespaces or "*" in self.namespaces


class Tenancy(Model):
    """What namespaces may do beyond the rule that each is a tenant of its own."""

    grants: tuple[Grant, ...] = ()

    @model_validator(mode="after")
    def _one_boundary_each(self) -> Tenancy:
        bounded = [grant for grant in self.grants if grant.permissions_boundary_arn]
        for index, one in enumerate(bounded):
            for other in bounded[index + 1 :]:
                meet = [name for name in one.namespaces if name == "*" or other.covers(name)]
                meet += [name for name in other.namespaces if one.covers(name)]
                if meet and one.permissions_boundary_arn != other.permissions_boundary_arn:
                    raise ValueError(
                        f"namespace {meet[0]} has two boundaries by its grants; a role carries one"
                    )
        return self
