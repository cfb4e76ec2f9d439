"""Fields that several bodies have. Passwords are SecretStr, so that no repr shows one.

A password is put into Unicode's composed form (NFC) first: the same one typed on another system is
the same one. Which are too easily guessed, `auth/strength.py` says.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    StringConstraints,
)

PASSWORD_MIN_LENGTH: Final = 12
PASSWORD_MAX_LENGTH: Final = 256
NAME_MAX_LENGTH: Final = 80
# Embeddings, overrides and isolates, with which a name could disguise the text around it.
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EXAMPLE: Final = "four words nobody guesses"
_VISIBLE: Final = frozenset("LNPS")


def normalised_email(email: str) -> str:
    """The form that makes an account unique: case is not part of it."""
    return unicodedata.normalize("NFC", email).lower()


def _printable(name: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise ValueError("Leave out control characters and line breaks.")
    if any(character in _BIDI for character in name):
        raise ValueError("Leave out characters that turn the direction of text around.")
    if not any(unicodedata.category(character)[0] in _VISIBLE for character in name):
        raise ValueError("Use at least one character that can be seen.")
    return name


def _password(password: SecretStr) -> SecretStr:
    text = password.get_secret_value()
    # JSON can spell half a surrogate pair, which no encoding of text can hold.
    if any(unicodedata.category(character) == "Cs" for character in text):
        raise ValueError("Use characters only that text can hold.")
    if len(text) > PASSWORD_MAX_LENGTH:
        raise ValueError(f"Use at most {PASSWORD_MAX_LENGTH} characters.")
    return SecretStr(unicodedata.normalize("NFC", text))


def _new_password(password: SecretStr) -> SecretStr:
    normalised = _password(password)
    if len(normalised.get_secret_value()) < PASSWORD_MIN_LENGTH:
        raise ValueError(f"Use at least {PASSWORD_MIN_LENGTH} characters.")
    return normalised


Email = Annotated[
    EmailStr,
    StringConstraints(max_length=254),
    AfterValidator(normalised_email),
    Field(examples=["ada@example.com"]),
]
# The sentences are our own, and so is the length, which is that of the composed form.
Password = Annotated[
    SecretStr,
    AfterValidator(_password),
    Field(examples=[_EXAMPLE], json_schema_extra={"maxLength": PASSWORD_MAX_LENGTH}),
]
NewPassword = Annotated[
    SecretStr,
    AfterValidator(_new_password),
    Field(
        examples=[_EXAMPLE],
        json_schema_extra={"minLength": PASSWORD_MIN_LENGTH, "maxLength": PASSWORD_MAX_LENGTH},
    ),
]
DisplayName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX_LENGTH),
    AfterValidator(_printable),
    Field(examples=["Ada Lovelace"], json_schema_extra={"pattern": r"\S"}),
]


Id = Annotated[str, Field(examples=["0f8fad5bd9cb469fa16570867728950e"])]
Secret = Annotated[str, Field(examples=["mT3kQv9yZr0xW1nLb6sHd2fJpGcUe7aRoiK4VtXwYz8"])]
Device = Annotated[str, Field(examples=["Firefox on Linux"])]
Place = Annotated[str, Field(examples=["203.0.113.0/24"])]
Seconds = Annotated[int, Field(examples=[600])]


class Input(BaseModel):
    """A body: what is not expected is refused, and what was sent is never shown."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)
