"""The claims about isolation: for each, the worst case, which nothing must satisfy.

`controls` are the same questions about what is one's own: each must be possible, or the claims
would be true of documents that allow nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cvc5.pythonic as smt

from appinstance_operator.desired import iam

from .asks import (
    HOLDER,
    ONE,
    OTHER,
    OTHER_TENANT,
    Claim,
    asks,
    cases,
    forms,
    request_of,
    whole_listings,
)
from .boundary_claims import boundary_claims
from .documents import Document, Request, admits, reaches
from .isolation import ACCOUNTS, ANYTHING, PARTS, Documents, Instance
from .patterns import Term, joined, text
from .role_claims import operator_claims, platform_claims

_SUBJECT = "system:serviceaccount:"


# By trust


def _token(part: str, who: Instance) -> Term:
    return joined([text(_SUBJECT), who.namespace, text(":"), who.account(part)])


def _takes(docs: Documents, part: str, subject: Term, audience: Term, provider: Term) -> Term:
    issuer = docs.settings.oidc.issuer
    given = {f"{issuer}:sub": subject, f"{issuer}:aud": audience}
    request = Request(text("sts:assumerolewithwebidentity"), smt.String("role"), ONE.tokens, given)
    return admits(docs.trusts[part], provider, request)


def _trust_claims(docs: Documents) -> Iterator[Claim]:
    provider, audience = smt.String("provider"), smt.String("audience")
    account = smt.String("holder's account")
    subject = joined([text(_SUBJECT), HOLDER.namespace, text(":"), account])
    for part in PARTS:
        taken = _takes(docs, part, subject, audience, provider)
        for what, wrong in (
            ("another namespace", HOLDER.namespace != ONE.namespace),
            ("another service account", account != ONE.account(part)),
            ("a token for another audience", audience != text(iam.AUDIENCE)),
            ("another issuer's token", provider != text(docs.settings.oidc.provider_arn)),
        ):
            yield Claim(f"trust: {part}'s role by {what}", smt.And(taken, wrong))
        for other in ACCOUNTS:
            taken = _takes(docs, part, _token(other, OTHER), audience, provider)
            for whose, apart in cases(ONE):
                worst = smt.And(taken, apart)
                yield Claim(f"trust: {part}'s role by {whose} {other}", worst)


# By the operator's documents alone


def _policy_claims(docs: Documents) -> Iterator[Claim]:
    """The boundary off, and no policy of the bucket: what the operator writes is enough."""
    for part in PARTS:
        for ask in asks(docs, OTHER.own_prefix, OTHER.entry):
            reached = reaches(request_of(ask), docs.own[part])
            for whose, apart in cases(ONE):
                # Two of a namespace may name one entry; none reaches one that it does not name.
                worst = smt.And(ask.holds, apart, ONE.entry != OTHER.entry, reached)
                yield Claim(f"policy: {part}, {whose} {ask.what}", worst)
        chosen = joined([OTHER.namespace, text("/")])
        for ask in asks(docs, chosen, OTHER.entry):
            reached = reaches(request_of(ask), docs.chosen[part])
            worst = smt.And(ask.holds, OTHER_TENANT, reached)
            yield Claim(
                f"policy: {part} with a prefix of its choice, {ask.what} of another tenant", worst
            )
        for ask in whole_listings(docs):
            yield Claim(f"policy: {part}, {ask.what}", reaches(request_of(ask), docs.own[part]))


# All together


def _common(docs: Documents) -> Document:
    arn = docs.settings.iam.permissions_boundary_arn
    return next(item.document for item in docs.boundaries if item.arn == arn)


def _together_claims(docs: Documents) -> Iterator[Claim]:
    """A pod of one's own takes a role; trust, policy, boundary, tags and the resource's policy."""
    provider, audience = smt.String("provider"), smt.String("audience")
    for part in PARTS:
        for account in ACCOUNTS:
            taken = _takes(docs, part, _token(account, HOLDER), audience, provider)
            for ask in asks(docs, OTHER.own_prefix, OTHER.entry):
                reached = reaches(
                    request_of(ask, iam.TAG_NAMESPACE), docs.own[part], boundary=_common(docs),
                    bucket=docs.bucket_policy, others=docs.resource_policies,
                )  # fmt: skip
                for whose, apart in cases(HOLDER):
                    worst = smt.And(ask.holds, taken, apart, ONE.entry != OTHER.entry, reached)
                    yield Claim(
                        f"together: {account}'s token, {part}'s role, {whose} {ask.what}", worst
                    )
    if docs.bucket_policy is not None:
        yield from _bucket_claims(docs, docs.bucket_policy)


def _bucket_claims(docs: Documents, policy: Document) -> Iterator[Claim]:
    """Whatever role and boundary allow: no plain HTTP, and no key but the bucket's."""
    free = smt.String("key of the object")
    resource = joined([text(f"{docs.bucket}/"), free])
    key = docs.settings.media.kms_key_arn
    wrongs: dict[str, dict[str, Term | None]] = {
        "another encryption": {"s3:x-amz-server-side-encryption": smt.String("encryption")},
        "another key": {"s3:x-amz-server-side-encryption-aws-kms-key-id": smt.String("key")},
        "AWS's own key": {
            "s3:x-amz-server-side-encryption": text("aws:kms"),
            "s3:x-amz-server-side-encryption-aws-kms-key-id": None,
        },
        "the uploader's key": {
            "s3:x-amz-server-side-encryption-customer-algorithm": text("AES256")
        },
    }
    holds: dict[str, Term] = {
        "another encryption": smt.String("encryption") != text("aws:kms"),
        "another key": smt.String("key") != text(str(key)),
    }
    for what, given in wrongs.items():
        request = Request(text("s3:putobject"), resource, ONE.tokens, given)
        reached = reaches(request, ANYTHING, bucket=policy)
        yield Claim(
            f"bucket: a put under {what}", smt.And(holds.get(what, smt.BoolVal(True)), reached)
        )
    plain = {"aws:SecureTransport": text("false")}
    action = smt.String("action")
    for where, on in (("objects", resource), ("the bucket", text(docs.bucket))):
        request = Request(action, on, ONE.tokens, plain)
        reached = reaches(request, ANYTHING, bucket=policy)
        asked = smt.And(smt.PrefixOf(text("s3:"), action), reached)
        yield Claim(f"bucket: {where} over plain HTTP", asked)


def claims(docs: Documents) -> Iterator[Claim]:
    """Yield all that must be proved."""
    for area in (
        _trust_claims, _policy_claims, boundary_claims, _together_claims, operator_claims,
        platform_claims,
    ):  # fmt: skip
        for claim in area(docs):
            yield replace(claim, forms=forms(docs))


def controls(docs: Documents) -> Iterator[Claim]:
    """Yield what must be possible: one's own, by all documents together."""
    provider, audience = smt.String("provider"), smt.String("audience")
    for part, of_part in (("backend", ("an object", "a listing")), ("secrets", ("the entry",))):
        taken = _takes(docs, part, _token(part, ONE), audience, provider)
        for ask in asks(docs, ONE.own_prefix, ONE.entry):
            if not ask.what.startswith(of_part):
                continue
            for boundary in docs.boundaries:
                reached = reaches(
                    request_of(ask, iam.TAG_NAMESPACE), docs.own[part], boundary=boundary.document,
                    bucket=docs.bucket_policy, others=docs.resource_policies,
                )  # fmt: skip
                possible = smt.And(ask.holds, taken, reached)
                yield Claim(f"{part}, {ask.what}, {boundary.arn}", possible)
    role = smt.String("role")
    for action in ("iam:createrole", "iam:tagrole", "iam:putrolepolicy", "iam:deleterole"):
        reached = reaches(Request(text(action), role, {}, {}), docs.operator)
        yield Claim(f"operator: {action}", reached)
