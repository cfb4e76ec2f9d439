"""What sign-up and sign-in take and give. Passwords are SecretStr, so that no repr shows one."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, SecretStr, StringConstraints

from appinstance_app.users.schemas import UserOut

PASSWORD_MIN_LENGTH: Final = 12
PASSWORD_MAX_LENGTH: Final = 256
NAME_MAX_LENGTH: Final = 80


def normalised_email(email: str) -> str:
    """The form that makes an account unique: case is not part of it."""
    return unicodedata.normalize("NFC", email).lower()


def _printable(name: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise ValueError("Leave out control characters and line breaks.")
    if any(character in _BIDI for character in name):
        raise ValueError("Leave out characters that turn the direction of text around.")
    return name


def _new_password(password: SecretStr) -> SecretStr:
    length = len(password.get_secret_value())
    if length < PASSWORD_MIN_LENGTH:
        raise ValueError(f"Use at least {PASSWORD_MIN_LENGTH} characters.")
    return _password(password)


def _password(password: SecretStr) -> SecretStr:
    # JSON can spell half a surrogate pair, which no encoding of text can hold.
    if any(unicodedata.category(character) == "Cs" for character in password.get_secret_value()):
        raise ValueError("Use characters only that text can hold.")
    if len(password.get_secret_value()) > PASSWORD_MAX_LENGTH:
        raise ValueError(f"Use at most {PASSWORD_MAX_LENGTH} characters.")
    return password


# Embeddings, overrides and isolates, with which a name could disguise the text around it.
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Email = Annotated[EmailStr, StringConstraints(max_length=254), AfterValidator(normalised_email)]
DisplayName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX_LENGTH),
    AfterValidator(_printable),
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class SignUp(_Input):
    """A new account."""

    email: Email
    password: Annotated[SecretStr, AfterValidator(_new_password)]
    display_name: DisplayName


class SignIn(_Input):
    """An account's owner."""

    email: Email
    password: Annotated[SecretStr, AfterValidator(_password)]


class SessionOut(BaseModel):
    """An open session; the refresh token is in the cookie, where no script can read it."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 the kind of token, not a token
    expires_in: int
    user: UserOut
