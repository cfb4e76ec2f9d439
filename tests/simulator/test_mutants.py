"""The seeded bugs fit the source as it is; whether they are found is `make mutants`' to say."""

from __future__ import annotations

import pytest

from simulator.mutants import MUTANTS, Mutant
from simulator.mutation import PACKAGE


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_text_is_in_the_source_once(mutant: Mutant) -> None:
    assert (PACKAGE / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.old != mutant.new


def test_names_are_unique_and_there_are_enough() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25
