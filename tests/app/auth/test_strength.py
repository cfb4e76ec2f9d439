"""Which passwords are too easily guessed, and how much work judging is."""

from __future__ import annotations

from typing import Any

import pytest
from zxcvbn import matching
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from appinstance_app.auth.strength import is_easily_guessed, own_words
from appinstance_app.fields import PASSWORD_MIN_LENGTH

COMMON = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= PASSWORD_MIN_LENGTH]
ADA = ("ada.lovelace@example.com", "Ada Lovelace")
MOST_PASSES = 100


def test_every_common_password_that_is_long_enough_is_refused() -> None:
    assert len(FREQUENCY_LISTS["passwords"]) >= 10_000
    assert len(COMMON) > 50
    assert [word for word in COMMON if not is_easily_guessed(word, *ADA)] == []


@pytest.mark.parametrize("end", ["", "1", "12", "!", "2024"])
def test_nor_does_what_people_put_behind_them_help(end: str) -> None:
    for word in ("password", "iloveyou", "sunshine", "football"):
        assert is_easily_guessed(f"{word}{word}{end}", *ADA)


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "Ada Lovelace", "lovelacelovelace",
        "aaaaaaaaaaaaaaaa", "123456789012", "qwertyuiop[]", "abcdefghijkl",
        "P@ssw0rd1234",
    ],
)  # fmt: skip
def test_the_own_name_and_patterns_are_refused(password: str) -> None:
    assert is_easily_guessed(password, *ADA)


@pytest.mark.parametrize("password", ["appinstance2026", "AppInstance!!", "acme-shop-2026"])
def test_nor_are_the_services_own_words(password: str) -> None:
    words = own_words("https://acme-shop.apps.example.com")
    assert is_easily_guessed(password, *ADA, words)
    assert not is_easily_guessed("correct horse battery staple", *ADA, words)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple", "violet otter plays the trombone", "8fK2-xQ9v-L0pZ",
        "4@8({[<3691!|70$5+%2", "zwölf grüne Äpfel", "839201746655120384", "пароль из многих слов",
    ],
)  # fmt: skip
def test_what_people_can_use_is_taken(password: str) -> None:
    assert not is_easily_guessed(password, *ADA)


@pytest.mark.parametrize(
    "password",
    ["4@8({[<3691!|70$5+%2" * 12, "2%+5$07|!1963<[{(8@4" * 12, "a" * 256, "1l|I!0oO@4" * 25,
     "qwerty4@8({" * 20, "0123456789" * 25, "aA4@" * 64, "374" * 85],
)  # fmt: skip
def test_no_password_makes_judging_slow(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dictionaries are gone through once for each way to read letters; without the bound on
    these the worst of them goes through them thousands of times, which takes seconds."""
    passes: list[str] = []
    real = matching.dictionary_match

    def counted(text: str, *rest: Any, **named: Any) -> object:
        passes.append(text)
        return real(text, *rest, **named)

    monkeypatch.setattr(matching, "dictionary_match", counted)
    is_easily_guessed(password, *ADA)
    assert len(passes) < MOST_PASSES
