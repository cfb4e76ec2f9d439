"""Documents that are wrong on purpose: what must not be proved of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from .claims import claims
from .documents import Document
from .isolation import Documents

OWN, TRUST, BOUNDARY, OPERATOR, BUCKET = "own", "trust", "boundary", "operator", "bucket"


@dataclass(frozen=True)
class Mutant:
    """A text replaced in a document, and the claims of which one must fall."""

    name: str
    where: str
    find: str
    by: str
    falls: str
    part: str = "backend"

    def applied(self, docs: Documents) -> Documents:
        """Return the documents with this fault."""
        if self.where == BOUNDARY:
            chosen = [item for item in docs.boundaries if item.arn.endswith(self.part)] or [
                docs.boundaries[0]
            ]
            changed = tuple(
                replace(item, document=self._changed(item.document)) if item is chosen[0] else item
                for item in docs.boundaries
            )
            return replace(docs, boundaries=changed)
        if self.where == OPERATOR:
            return replace(docs, operator=self._changed(docs.operator))
        if self.where == BUCKET:
            assert docs.bucket_policy is not None
            return replace(docs, bucket_policy=self._changed(docs.bucket_policy))
        if self.where == TRUST:
            return replace(
                docs, trusts={**docs.trusts, self.part: self._changed(docs.trusts[self.part])}
            )
        return replace(docs, own={**docs.own, self.part: self._changed(docs.own[self.part])})

    def _changed(self, document: Document) -> Document:
        text = json.dumps(document)
        assert self.find in text, f"{self.name}: {self.find} is not in {text}"
        changed: Document = json.loads(text.replace(self.find, self.by))
        return changed


def first_to_fall(docs: Documents, name: str) -> str | None:
    """Return the first claim of that name which is not proved, with how it comes about."""
    for claim in claims(docs):
        if claim.name.startswith(name):
            found = claim.counterexample()
            if found is not None:
                return f"{claim.name}: {found}"
    return None


def mutants(whose: str) -> tuple[Mutant, ...]:
    """Return the faults of mutants/<whose>.yaml."""
    path = Path(__file__).parent / "mutants" / f"{whose}.yaml"
    return tuple(Mutant(**item) for item in yaml.safe_load(path.read_text()))
