"""What is asked of the documents: a claim, and the requests that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import cvc5.pythonic as smt

from appinstance_operator.desired import iam

from .documents import Request
from .isolation import NAMESPACE, Documents, Instance
from .patterns import Term, joined, of, text

# Of work, not of time: the same on a busy machine.
_MOST_WORK = 20_000_000
_SUFFIX = "-[A-Za-z0-9]{6}"
ONE, OTHER, HOLDER = (Instance.called(who) for who in ("one", "other", "holder"))


def _names(formula: Term) -> set[str]:
    """Return the variables of a formula."""
    found, seen, waiting = set(), set(), [formula]
    while waiting:
        term = waiting.pop()
        if hash(term) in seen:
            continue
        seen.add(hash(term))
        if smt.is_const(term) and not smt.is_string_value(term):
            found.add(str(term))
        waiting += term.children()
    return found


@dataclass(frozen=True)
class Claim:
    """What must not be possible (of a control: what must be)."""

    name: str
    worst: Term
    forms: tuple[tuple[Term, Term], ...] = ()
    """Names, and what is known of each."""

    def _known(self, *, namespaces: bool) -> list[Term]:
        """Return what is known of the names in it, or of the namespaces alone."""
        found, seen = [], _names(self.worst)
        for name, known in self.forms:
            if str(name) in seen and (not namespaces or "namespace of" in str(name)):
                found.append(known)
                seen |= _names(known)
        return found

    def counterexample(self) -> str | None:
        """Return how it comes about, None where it is proved that it does not.

        First with less known of the names, which proves more and is found sooner.
        """
        for namespaces in (True, False):
            solver = smt.Solver()
            solver.setOption("strings-exp", "true")
            solver.setOption("rlimit-per", _MOST_WORK)
            solver.add(self.worst, *self._known(namespaces=namespaces))
            told = solver.check()
            if told == smt.unsat:
                return None
        assert told == smt.sat, f"{self.name}: the solver does not know ({solver.reason_unknown()})"
        return str(solver.model())


def forms(docs: Documents) -> tuple[tuple[Term, Term], ...]:
    own = docs.settings.secrets.allowed_prefix.replace("{namespace}", NAMESPACE)
    return tuple(item for who in (ONE, OTHER, HOLDER) for item in who.forms(own))


OTHER_TENANT = ONE.namespace != OTHER.namespace


def cases(who: Instance) -> tuple[tuple[str, Term], ...]:
    """Return the two ways in which an instance is not OTHER, which are proved one by one."""
    neighbour = smt.And(who.namespace == OTHER.namespace, who.name != OTHER.name)
    return ("another tenant's", who.namespace != OTHER.namespace), ("a neighbour's", neighbour)


def _object_under(bucket: str, prefix: Term) -> Term:
    return joined([text(f"{bucket}/"), prefix, smt.String("rest of the key")])


def _entry_of(docs: Documents, entry: Term) -> Term:
    """Return an entry's ARN, with the suffix that Secrets Manager makes up."""
    return joined([text(docs.entries), entry, smt.String("suffix")])


@dataclass(frozen=True)
class Ask:
    """A request for something that is another's (or one's own, in a control)."""

    what: str
    action: Term
    resource: Term
    given: Mapping[str, Term | None] = field(default_factory=dict)
    holds: Term = field(default_factory=lambda: smt.BoolVal(True))


def asks(docs: Documents, prefix: Term, entry: Term) -> Iterator[Ask]:
    """Yield each way to reach what lies under a prefix of the bucket, or an entry."""
    # Any action that there is or will be of the service.
    action = smt.String("action")
    of_s3 = smt.PrefixOf(text("s3:"), action)
    of_secrets_manager = smt.PrefixOf(text("secretsmanager:"), action)
    objects = _object_under(docs.bucket, prefix)
    yield Ask("an object under the prefix", action, objects, holds=of_s3)
    listed = smt.String("listed prefix")
    yield Ask(
        "a listing that shows keys under it", text("s3:listbucket"), text(docs.bucket),
        {"s3:prefix": listed}, smt.Or(smt.PrefixOf(listed, prefix), smt.PrefixOf(prefix, listed)),
    )  # fmt: skip
    suffixed = smt.InRe(smt.String("suffix"), of(_SUFFIX))
    holds = smt.And(of_secrets_manager, suffixed)
    yield Ask("the entry", action, _entry_of(docs, entry), holds=holds)


def request_of(ask: Ask, tag: str | None = None) -> Request:
    """Return a request of a role of ONE, with its tags and no others."""
    given: dict[str, Term | None] = dict(ask.given)
    given |= {f"aws:PrincipalTag/{iam.TAG_NAMESPACE}": None}
    given |= {f"aws:PrincipalTag/{iam.EARLIER_TAG_NAMESPACE}": None}
    if tag:
        given[f"aws:PrincipalTag/{tag}"] = ONE.namespace
    return Request(ask.action, ask.resource, ONE.tokens, given)


def whole_listings(docs: Documents) -> Iterator[Ask]:
    """Yield the ways to list the whole bucket."""
    for what, prefix in (("without a prefix", None), ("with an empty prefix", text(""))):
        action, bucket = text("s3:listbucket"), text(docs.bucket)
        yield Ask(f"a listing {what}", action, bucket, {"s3:prefix": prefix})
