"""IAM documents as formulas over one request of which nothing is known.

A second reading of the rules that iam_evaluator.py follows for one given request; it shares no
code with it, and a test compares the two. Names stand in documents as tokens, each of which is a
variable of the solver. What it does not know is an error: nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cvc5.pythonic as smt

from .patterns import Term, joined, like, not_a, text

Document = Mapping[str, Any]
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_MOST_VALUES = 5  # of a key with several: one more than the tags that we name
_ARN_PARTS = 6
_KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_POSITIVE = {"StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool"}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


@dataclass(frozen=True)
class Request:
    """One request: each part is a term, and a key's value may be there or not."""

    action: Term
    """In lower case."""
    resource: Term
    tokens: Mapping[str, Term] = field(default_factory=dict)
    """What stands in documents for a name -> the name."""
    given: Mapping[str, Term | None] = field(default_factory=dict)
    """Keys that are known: their value, or None for an absent one."""
    closed: bool = False
    """Whether all other keys are absent; else they are free."""

    def key(self, name: str) -> tuple[Term, Term]:
        """Return whether a key is in the request, and its value."""
        known = {key.lower(): value for key, value in self.given.items()}
        name = name.lower()
        if name not in known and not self.closed:
            return smt.Bool(f"has {name}"), smt.String(name)
        value = known.get(name)
        return (smt.BoolVal(False), text("")) if value is None else (smt.BoolVal(True), value)

    def values(self, name: str) -> list[tuple[Term, Term]]:
        """Return the values that a key with several may have."""
        return [self.key(f"{name} {number}") for number in range(_MOST_VALUES)]


@dataclass(frozen=True)
class _Template:
    """A text of a document: pieces between wildcards, and what must be there for it to mean
    anything."""

    pieces: tuple[Term | str, ...]
    """Terms, and the wildcards `*` and `?` as they are."""
    there: tuple[Term, ...]
    constant: str | None
    """The text itself where nothing in it is a variable."""


def _template(words: str, request: Request, *, wildcards: bool) -> _Template:
    pieces: list[Term | str] = []
    there = []
    names = sorted(request.tokens, key=len, reverse=True)
    marks = "|".join([_VARIABLE.pattern, *(f"({re.escape(name)})" for name in names)])
    plain = True
    last = 0
    for found in re.finditer(marks, words):
        pieces += _plain(words[last : found.start()], wildcards=wildcards)
        last, plain = found.end(), False
        if found[1]:
            present, value = request.key(found[1])
            there.append(present)
            pieces.append(value)
        else:
            pieces.append(request.tokens[found[0]])
    pieces += _plain(words[last:], wildcards=wildcards)
    return _Template(tuple(pieces), tuple(there), words if plain else None)


def _plain(words: str, *, wildcards: bool) -> list[Term | str]:
    if not wildcards:
        return [text(words)] if words else []
    parts = [part for part in re.split(r"([*?])", words) if part]
    return [part if part in "*?" else text(part) for part in parts]


def _matches(template: _Template, value: Term, *, wildcards: bool) -> Term:
    """Return that a value is what a template says, with the wildcards in it."""
    return smt.And(*template.there, _fits(template, value, wildcards=wildcards))


def _fits(template: _Template, value: Term, *, wildcards: bool) -> Term:
    marks = [index for index, piece in enumerate(template.pieces) if isinstance(piece, str)]
    if not wildcards or not marks:
        return value == joined(template.pieces)
    start = joined(template.pieces[: marks[0]])
    rest = template.pieces[marks[0] :]
    begins = smt.PrefixOf(start, value)
    if all(isinstance(piece, str) for piece in rest):
        fixed = smt.Length(start) + rest.count("?")
        open_ended = "*" in rest
        length = smt.Length(value)
        return smt.And(begins, length >= fixed if open_ended else length == fixed)
    if template.constant is not None:
        return smt.InRe(value, like(template.constant))
    return smt.And(begins, _further(rest, value, smt.Length(start)))


def _further(rest: tuple[Term | str, ...], value: Term, position: Term) -> Term:
    """Return that what follows a prefix is there, each piece at its first place behind the last."""
    if "?" in rest:
        raise ValueError("the prover does not know a ? before a name")
    holds = []
    groups: list[list[Term]] = []
    for piece in rest:
        if isinstance(piece, str):
            groups.append([])
        else:
            groups[-1].append(piece)
    for group in groups[:-1]:
        if group:
            found = smt.IndexOf(value, joined(group), position)
            holds.append(found >= 0)
            position = found + smt.Length(joined(group))
    end = joined(groups[-1])
    if groups[-1]:
        holds += [smt.SuffixOf(end, value), smt.Length(value) >= position + smt.Length(end)]
    return smt.And(*holds) if holds else smt.BoolVal(True)


def _arn_like(words: str, value: Term) -> Term:
    """A wildcard does not go beyond its own of an ARN's six parts."""
    parts = words.split(":", _ARN_PARTS - 1)
    expressions = [like(part, not_a(":")) for part in parts[:-1]]
    whole = expressions[0]
    for expression in (*expressions[1:], like(parts[-1])):
        whole = smt.Concat(whole, smt.Re(":"), expression)
    return smt.InRe(value, whole)


def _compared(name: str, wanted: str, value: Term, request: Request) -> tuple[Term, Term]:
    """Return whether what is wanted is known, and whether a value is it."""
    like_this = name == "StringLike"
    template = _template(wanted, request, wildcards=like_this)
    known = smt.And(*template.there) if template.there else smt.BoolVal(True)
    if name in {"ArnEquals", "ArnLike"}:
        if template.constant is None:
            raise ValueError(f"the prover does not know a name in {name}: {wanted}")
        return known, _arn_like(wanted, value)
    if name == "Bool":
        return known, value == text(wanted.lower())
    return known, _fits(template, value, wildcards=like_this)


def _condition(operator: str, key: str, wanted: Any, request: Request, *, denies: bool) -> Term:
    if operator == "Null":
        present, _ = request.key(key)
        asked = [str(item).lower() == "true" for item in _list(wanted)]
        return smt.Or(*(smt.Not(present) if absent else present for absent in asked))
    quantifier, _, bare = operator.rpartition(":")
    name = bare.removesuffix("IfExists")
    positive = re.sub(r"^(String|Arn)Not(Equals|Like)", r"\1\2", name)
    if positive not in _POSITIVE or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise ValueError(f"the prover does not know the condition operator {operator}")
    negated = positive != name

    def holds(value: Term) -> Term:
        told = [_compared(positive, str(item), value, request) for item in _list(wanted)]
        found = smt.Or(*(smt.And(known, same) for known, same in told))
        if not negated:
            return found
        # AWS leaves open what an unknown variable means here: whichever opens more.
        known = smt.And(*(item for item, _ in told))
        return smt.And(known, smt.Not(found)) if denies else smt.Not(found)

    if quantifier:
        values = request.values(key)
        if quantifier == "ForAnyValue":
            return smt.Or(*(smt.And(present, holds(value)) for present, value in values))
        return smt.And(*(smt.Implies(present, holds(value)) for present, value in values))
    present, value = request.key(key)
    if negated or name != bare:
        return smt.Implies(present, holds(value))
    return smt.And(present, holds(value))


def _for_role(statement: Mapping[str, Any], arn: Term) -> Term:
    """Return that a resource policy's statement is about this role.

    The account's root in an Allow leaves it to IAM and so gives nothing by itself.
    """
    wanted = statement.get("Principal")
    if wanted is None or wanted == "*":
        return smt.BoolVal(True)
    found = []
    for item in _list(wanted.get("AWS", [])):
        if item == "*":
            return smt.BoolVal(True)
        if item.endswith(":root"):
            found.append(smt.BoolVal(statement["Effect"] == "Deny"))
        else:
            found.append(arn == text(item))
    return smt.Or(*found) if found else smt.BoolVal(False)


def _applies(statement: Mapping[str, Any], request: Request, arn: Term) -> Term:
    unknown = set(statement) - _KNOWN
    if unknown:
        raise ValueError(f"the prover does not know {', '.join(sorted(unknown))}")
    actions = [
        _matches(_template(item.lower(), request, wildcards=True), request.action, wildcards=True)
        for item in _list(statement["Action"])
    ]
    resources = [
        _matches(_template(item, request, wildcards=True), request.resource, wildcards=True)
        for item in _list(statement.get("Resource", "*"))
    ]
    conditions = [
        _condition(operator, key, wanted, request, denies=statement["Effect"] == "Deny")
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    return smt.And(smt.Or(*actions), smt.Or(*resources), _for_role(statement, arn), *conditions)


def _any(document: Document, effect: str, request: Request, arn: Term | None) -> Term:
    who = smt.String("principal") if arn is None else arn
    found = [
        _applies(statement, request, who)
        for statement in _list(document["Statement"])
        if statement["Effect"] == effect
    ]
    return smt.Or(*found) if found else smt.BoolVal(False)


def allows(document: Document, request: Request, arn: Term | None = None) -> Term:
    """Return that a document allows a request; one of a resource, to the role itself."""
    return _any(document, "Allow", request, arn)


def denies(document: Document, request: Request, arn: Term | None = None) -> Term:
    """Return that a document denies a request."""
    return _any(document, "Deny", request, arn)


def reaches(
    request: Request,
    policy: Document,
    *,
    boundary: Document | None = None,
    bucket: Document | None = None,
    others: tuple[Document, ...] = (),
) -> Term:
    """Return that a role gets what it asks for, all documents together (one account).

    Its policy and its boundary allow it, or a resource's policy does by itself; nothing denies.
    In the policies of `others` (entries, keys) `*` is the thing itself, so what they deny is left
    out: that opens more than AWS does.
    """
    role = [policy] if boundary is None else [policy, boundary]
    buckets = () if bucket is None else (bucket,)
    direct = [allows(item, request) for item in (*buckets, *others)]
    by_role = smt.And(*(allows(item, request) for item in role))
    denied = smt.Or(*(denies(item, request) for item in (*role, *buckets)))
    return smt.And(smt.Or(by_role, *direct), smt.Not(denied))


def admits(trust: Document, provider: Term, request: Request) -> Term:
    """Return that a trust policy lets the bearer of a token of an issuer take the role."""
    found = []
    for statement in _list(trust["Statement"]):
        who = statement["Principal"]
        federated = who.get("Federated", ()) if who != "*" else ()
        if federated == ():
            # A principal of AWS or a service: no token is asked for.
            found.append(smt.BoolVal(statement["Effect"] == "Allow"))
            continue
        issuers = [text(item) == provider for item in _list(federated)]
        others = {key: value for key, value in statement.items() if key != "Principal"}
        found.append(smt.And(smt.Or(*issuers), _applies(others, request, text(""))))
    return smt.Or(*found)
