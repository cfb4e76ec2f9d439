"""Which new passwords are too easily guessed.

zxcvbn knows the 30,000 most common passwords and how people vary them (repeats, keyboards, dates,
letters for digits); the account's own address and name count as known, too, and so do the service's
name and the words of its host. What it estimates to fall within 10^8 guesses is refused, which is
more than "common" and less than a rule of characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

if TYPE_CHECKING:
    from collections.abc import Sequence

GUESSES: Final = 10**8
# What is longer is no easier than its beginning.
_LOOKED_AT: Final = 64
# What may stand for a letter. zxcvbn tries all ways to read these back: with many of them it takes
# seconds (measured: 5 s with 19, 0.05 s with 6), and nobody varies a common password so. Digits
# alone stand for none: as letters they show their sequences and repeats as well.
_FOR_LETTERS: Final = frozenset("4@8({[<3691!|70$5+%2")
_MOST_FOR_LETTERS: Final = 6
_DIGITS: Final = str.maketrans("0123456789", "abcdefghij")
_COMMON: Final = frozenset(FREQUENCY_LISTS["passwords"])
_WORDS: Final = re.compile(r"[^\W_]{3,}")


def own_words(origin: str) -> tuple[str, ...]:
    """What anybody would try at this service first: its name, and the words of its host."""
    host = urlsplit(origin).hostname or ""
    return ("appinstance", host, *host.split("."), *_WORDS.findall(host))


def is_easily_guessed(
    password: str, email: str, display_name: str, words: Sequence[str] = ()
) -> bool:
    """Whether a new password is too easily guessed. Blocking, some milliseconds."""
    if password.casefold() in {email.casefold(), display_name.casefold()}:
        return True
    if password in _COMMON:
        return True
    if password.isdigit():
        password = password.translate(_DIGITS)
    if len(_FOR_LETTERS & set(password)) > _MOST_FOR_LETTERS:
        return False
    own = [email, display_name, *_WORDS.findall(email), *_WORDS.findall(display_name), *words]
    found = zxcvbn(password[:_LOOKED_AT], user_inputs=own)
    return bool(found["guesses"] < GUESSES)
