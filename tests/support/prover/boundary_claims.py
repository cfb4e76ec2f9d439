"""What a boundary keeps apart by itself, whatever the operator writes beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cvc5.pythonic as smt

from appinstance_operator.desired import iam

from .asks import ONE, OTHER, OTHER_TENANT, Ask, Claim, asks, request_of, whole_listings
from .documents import Request, reaches
from .isolation import ANYTHING, ENTRY_ACTIONS, OBJECT_ACTIONS, Boundary, Documents
from .patterns import Term, joined, text


def _granted(boundary: Boundary, ask: Ask) -> Term:
    """Return that a request is for what a grant names, for a namespace of the grant."""
    inside: list[Term] = [smt.PrefixOf(text(item), ask.resource) for item in boundary.prefixes]
    listed = ask.given.get("s3:prefix")
    if listed is not None:
        named = [
            item.split(":::", 1)[1].split("/", 1)[1] for item in boundary.prefixes if ":::" in item
        ]
        inside = [smt.PrefixOf(text(item), listed) for item in named]
    tenants = [ONE.namespace == text(item) for item in boundary.namespaces]
    if not inside:
        return smt.BoolVal(False)
    return smt.And(smt.Or(*inside), smt.Or(*tenants) if tenants else smt.BoolVal(True))


def boundary_claims(docs: Documents) -> Iterator[Claim]:
    """The operator broken: its roles' policies allow everything, and may have either tag."""
    for boundary in docs.boundaries:
        name = boundary.arn.rsplit("/", 1)[-1]
        territory = joined([OTHER.namespace, text("/")])
        for ask in asks(docs, territory, OTHER.entry):
            for tag in (iam.TAG_NAMESPACE, iam.EARLIER_TAG_NAMESPACE, None):
                reached = reaches(request_of(ask, tag), ANYTHING, boundary=boundary.document)
                worst = smt.And(ask.holds, OTHER_TENANT, reached, smt.Not(_granted(boundary, ask)))
                yield Claim(f"boundary: {name}, tag {tag}, {ask.what}", worst)
        yield from _strangers_to_a_grant(docs, boundary, name)
        yield from _edges_of_a_boundary(docs, boundary, name)


def _strangers_to_a_grant(docs: Documents, boundary: Boundary, name: str) -> Iterator[Claim]:
    """What a grant names, for a role of a namespace that it is not for."""
    if not boundary.namespaces:
        return
    action, rest = smt.String("action"), smt.String("rest of the key")
    strangers = smt.And(*(ONE.namespace != text(item) for item in boundary.namespaces))
    for prefix in boundary.prefixes:
        resource = joined([text(prefix), rest])
        own = joined([text(f"{docs.bucket}/"), ONE.namespace, text("/")])
        elsewhere = smt.Not(smt.PrefixOf(own, resource))
        asked = request_of(Ask("granted", action, resource), iam.TAG_NAMESPACE)
        reached = reaches(asked, ANYTHING, boundary=boundary.document)
        worst = smt.And(reached, strangers, elsewhere)
        yield Claim(f"boundary: {name}, what it grants under {prefix}, for a stranger", worst)


def _edges_of_a_boundary(docs: Documents, boundary: Boundary, name: str) -> Iterator[Claim]:
    """What no role may do whosesoever it is: other actions, other resources, keys by hand."""
    anything = smt.String("action")
    resource = smt.String("resource")
    tag = iam.TAG_NAMESPACE
    known = [
        *OBJECT_ACTIONS, "s3:listbucket", *ENTRY_ACTIONS, "kms:decrypt", "kms:generatedatakey",
    ]  # fmt: skip
    request = request_of(Ask("anything", anything, resource), tag)
    reached = reaches(request, ANYTHING, boundary=boundary.document)
    unknown = smt.And(*(anything != text(item) for item in known))
    yield Claim(f"boundary: {name}, an action beside the app's", smt.And(reached, unknown))
    places = [docs.bucket, *boundary.buckets]
    entry = smt.PrefixOf(text(docs.entries), resource)
    objects = smt.Or(*(smt.PrefixOf(text(f"{item}/"), resource) for item in places))
    buckets = smt.Or(*(resource == text(item) for item in places))
    keys = [docs.settings.media.kms_key_arn, docs.settings.secrets.kms_key_arn]
    key = smt.Or(*(resource == text(item) for item in keys if item))
    elsewhere = smt.Not(smt.Or(entry, objects, buckets, key))
    for action in known:
        one = replace(request, action=text(action))
        worst = smt.And(reaches(one, ANYTHING, boundary=boundary.document), elsewhere)
        yield Claim(f"boundary: {name}, {action} elsewhere", worst)
    host = f"{docs.settings.region}.amazonaws.com"
    through = smt.String("via")
    keyed = Request(
        anything, resource, request.tokens, {**request.given, "kms:ViaService": through}
    )
    reached = reaches(keyed, ANYTHING, boundary=boundary.document)
    services = smt.Or(through == text(f"s3.{host}"), through == text(f"secretsmanager.{host}"))
    worst = smt.And(key, reached, smt.Not(services))
    yield Claim(f"boundary: {name}, a key through another service", worst)
    keyed = Request(anything, resource, request.tokens, {**request.given, "kms:ViaService": None})
    reached = reaches(keyed, ANYTHING, boundary=boundary.document)
    yield Claim(f"boundary: {name}, a key by hand", smt.And(key, reached))
    for ask in whole_listings(docs):
        reached = reaches(request_of(ask, tag), ANYTHING, boundary=boundary.document)
        yield Claim(f"boundary: {name}, {ask.what}", reached)
