"""What the operator's own role, and the platform's other roles, must not do."""

from __future__ import annotations

from collections.abc import Iterator

import cvc5.pythonic as smt

from appinstance_operator.desired import iam

from .asks import OTHER, Claim, asks, request_of
from .documents import Request, reaches
from .isolation import Documents
from .patterns import Term, text


def operator_claims(docs: Documents) -> Iterator[Claim]:
    """What the boundary builds on: a role's tags and its boundary are set once, and stay."""
    role, action = smt.String("role"), smt.String("action")
    namespace = f"aws:RequestTag/{iam.TAG_NAMESPACE}"
    before, after = smt.String("tag before"), smt.String("tag after")
    bound = smt.String("boundary")
    settings = docs.settings

    def request(action: str, given: dict[str, Term | None]) -> Term:
        return reaches(Request(text(action), role, {}, given), docs.operator)

    held = f"aws:ResourceTag/{iam.TAG_NAMESPACE}"
    for tag in (held, f"aws:ResourceTag/{iam.EARLIER_TAG_NAMESPACE}"):
        worst = request("iam:tagrole", {namespace: after, tag: before})
        yield Claim(
            f"operator: gives a role another namespace ({tag})", smt.And(worst, before != after)
        )
    yield Claim("operator: takes a tag off", request("iam:untagrole", {}))
    for one in ("iam:createrole", "iam:tagrole"):
        worst = request(one, {namespace: None})
        yield Claim(f"operator: {one} without the namespace's tag", worst)
        worst = request(one, {namespace: after, f"aws:RequestTag/{iam.TAG_ISSUER}": before})
        foreign = before != text(settings.oidc.issuer)
        yield Claim(f"operator: {one} in another cluster's name", smt.And(worst, foreign))
    known = smt.And(*(bound != text(item.arn) for item in docs.boundaries))
    for one in ("iam:createrole", "iam:putrolepermissionsboundary", "iam:putrolepolicy",
                   "iam:updateassumerolepolicy"):  # fmt: skip
        worst = request(one, {"iam:PermissionsBoundary": bound})
        yield Claim(f"operator: {one} with a foreign boundary", smt.And(worst, known))
        worst = request(one, {"iam:PermissionsBoundary": None})
        yield Claim(f"operator: {one} without a boundary", worst)
    for boundary in docs.boundaries:
        if not boundary.namespaces:
            continue
        strangers = smt.And(*(after != text(item) for item in boundary.namespaces))
        name = boundary.arn.rsplit("/", 1)[-1]
        for one, tag in (
            ("iam:createrole", namespace),
            ("iam:putrolepermissionsboundary", held),
        ):
            worst = request(one, {"iam:PermissionsBoundary": text(boundary.arn), tag: after})
            yield Claim(f"operator: {one} of {name} for a stranger", smt.And(worst, strangers))
    issuer = f"aws:ResourceTag/{iam.TAG_ISSUER}"
    for one in (
        "iam:putrolepolicy",
        "iam:updateassumerolepolicy",
        "iam:putrolepermissionsboundary",
    ):
        worst = request(one, {issuer: before})
        foreign = before != text(settings.oidc.issuer)
        yield Claim(f"operator: {one} on another cluster's role", smt.And(worst, foreign))
    reached = reaches(Request(action, role, {}, {}), docs.operator)
    not_iam = smt.Not(smt.PrefixOf(text("iam:"), action))
    yield Claim("operator: anything but IAM", smt.And(reached, not_iam))
    path = f"arn:{settings.partition}:iam::{settings.account_id}:role{settings.iam.path}"
    outside = smt.Not(smt.PrefixOf(text(path + settings.iam.role_name_prefix), role))
    written = smt.And(reached, action != text("iam:getrole"))
    yield Claim(
        "operator: changes a role elsewhere",
        smt.And(written, outside),
    )


def platform_claims(docs: Documents) -> Iterator[Claim]:
    """No other role of the platform reaches an object or an entry of any instance."""
    for name, policy in {**docs.platform_roles, "operator": docs.operator}.items():
        for ask in asks(docs, OTHER.prefix, OTHER.entry):
            reached = reaches(request_of(ask), policy)
            yield Claim(f"platform: {name}, {ask.what}", smt.And(ask.holds, reached))
