"""Instances are kept apart, whatever their names: proved of the operator's own documents.

Names, prefixes and entries are variables (support/prover); each claim is the worst case, which no
names, no action and no request may satisfy. What is proved of Terraform's documents is in
tests/terraform/test_isolation.py.
"""

from __future__ import annotations

import random

import pytest
from support.golden_settings import DESIRED, golden_settings
from support.prover import agreement, isolation
from support.prover.claims import claims, controls
from support.prover.mutants import Mutant, first_to_fall, mutants

SETTINGS = golden_settings(DESIRED / "golden" / "alb-with-page")
DOCS = isolation.documents(SETTINGS)
_FEWEST_CLAIMS, _FEWEST_MUTANTS, _REQUESTS = 120, 20, 10_000


@pytest.mark.parametrize(
    "area", ["trust", "policy", "boundary", "together", "operator", "platform"]
)
def test_no_instance_reaches_another(area: str) -> None:
    asked = [claim for claim in claims(DOCS) if claim.name.startswith(area)]
    assert asked
    wrong = {claim.name: found for claim in asked if (found := claim.counterexample())}
    assert wrong == {}


def test_each_instance_reaches_its_own() -> None:
    """Or the claims would be true of documents that allow nothing."""
    for control in controls(DOCS):
        assert control.counterexample(), f"{control.name} is not possible"


def test_all_is_claimed() -> None:
    names = [claim.name for claim in claims(DOCS)]
    assert len(names) == len(set(names)) >= _FEWEST_CLAIMS


MUTANTS = mutants("operator")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_of_wrong_documents_it_is_not_proved(mutant: Mutant) -> None:
    assert first_to_fall(mutant.applied(DOCS), mutant.falls), "proved, and it is not so"


def test_there_are_enough_wrong_documents() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= _FEWEST_MUTANTS


@pytest.mark.parametrize(
    ("rule", "pattern", "falls"),
    [
        ("_name_pattern", "[a-z/]+", "policy: backend, a neighbour's an object"),
        ("_namespace_pattern", "[a-z/]+", "policy: backend, another tenant's an object"),
        ("_namespace_pattern", "[a-z:]+", "trust: backend's role by another namespace"),
    ],
)
def test_with_other_rules_for_names_it_is_not_proved(
    monkeypatch: pytest.MonkeyPatch, rule: str, pattern: str, falls: str
) -> None:
    monkeypatch.setattr(isolation, rule, lambda: pattern)
    assert first_to_fall(DOCS, falls)


def test_a_prefix_of_entries_that_ends_without_a_slash_is_not_proved() -> None:
    open_ended = SETTINGS.secrets.model_copy(update={"allowed_prefix": "apps/{namespace}"})
    docs = isolation.documents(SETTINGS.model_copy(update={"secrets": open_ended}))
    assert first_to_fall(docs, "boundary: ")


def test_the_prover_reads_documents_as_the_evaluator_does() -> None:
    """Random requests, names and documents, right and wrong ones, each judged by both."""
    chance = random.Random(12)  # noqa: S311
    variants = [DOCS, *(mutant.applied(DOCS) for mutant in MUTANTS)]
    told = [agreement.one_request(chance.choice(variants), chance) for _ in range(_REQUESTS)]
    assert [item for item in told if not item.agree] == []
    answers = [item.answer for item in told]
    assert answers.count("Allow") > _REQUESTS // 50
    assert answers.count(None) > _REQUESTS // 50
