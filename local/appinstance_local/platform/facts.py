"""Facts with a date: what the code pins that ends on a day (`make facts`).

Never part of `make test`: a day that passes must not turn it red. That the code still says what
the facts are about, the tests do hold.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import yaml

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.progress import say

FACTS = REPO / "tests" / "terraform" / "facts" / "dates.yaml"
_AHEAD = datetime.timedelta(days=60)


@dataclass(frozen=True)
class Fact:
    """Something that is so until a day, and the text of the code that relies on it."""

    what: str
    file: str
    text: str
    until: datetime.date
    source: str


def facts() -> list[Fact]:
    """Return all facts with a date."""
    return [Fact(**item) for item in yaml.safe_load(FACTS.read_text())]


def ending(found: list[Fact], today: datetime.date) -> list[str]:
    """Return a sentence for each fact that ends within 60 days, or has ended."""
    return [
        f"{fact.what}: until {fact.until} ({fact.file}; look at {fact.source})"
        for fact in sorted(found, key=lambda fact: fact.until)
        if fact.until - today <= _AHEAD
    ]


def check() -> None:
    """Say which facts end soon; LocalError when there are any."""
    told = ending(facts(), datetime.datetime.now(tz=datetime.UTC).date())
    for line in told:
        say(line)
    if told:
        raise LocalError("facts end within 60 days; look them up again and change their dates")
    say("no fact ends within 60 days")
