"""Facts with a date: the code says what they are about, and they warn in time."""

from __future__ import annotations

import datetime
import re

import pytest

from appinstance_local.paths import REPO
from appinstance_local.platform.facts import Fact, ending, facts

_UNTIL = datetime.date(2027, 3, 27)
_FACT = Fact("x", "f", "t", _UNTIL, "s")


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact.what)
def test_the_code_says_what_a_fact_is_about(fact: Fact) -> None:
    assert fact.text in (REPO / fact.file).read_text(), "changed in the code; look the fact up"


@pytest.mark.parametrize(("days", "told"), [(61, 0), (60, 1), (0, 1), (-1, 1)])
def test_a_fact_warns_sixty_days_before_it_ends(days: int, told: int) -> None:
    assert len(ending([_FACT], _UNTIL - datetime.timedelta(days=days))) == told


def test_each_pinned_chart_has_a_fact() -> None:
    text = (REPO / "terraform" / "modules" / "addons" / "variables.tf").read_text()
    block = text.partition('variable "charts"')[2].partition("operator = object")[0]
    pins = re.findall(r"version    = optional\(string, \"[^\"]+\"\)", block)
    assert len(pins) == 3
    assert set(pins) <= {fact.text for fact in facts()}
