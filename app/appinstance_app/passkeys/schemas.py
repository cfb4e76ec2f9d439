"""What the routes of passkeys take and give."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from appinstance_app.fields import DisplayName, Id, Input, Secret

if TYPE_CHECKING:
    from appinstance_app.store import records

    from .challenges import Challenge

_Base64Url = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]+={0,2}$", max_length=32768),
    Field(examples=["eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"]),
]
CredentialId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=1364),
    Field(examples=["KEDetxZcUfinhVi6Za5nZQ"]),
]
Token = Annotated[Secret, StringConstraints(min_length=1, max_length=128)]
Code = Annotated[str, Field(examples=["k7wq-x2mn-9rtd"])]
PasskeyName = Annotated[DisplayName, Field(examples=["Phone"])]


class _FromBrowser(BaseModel):
    # Browsers send more than is needed, and newer ones more than that.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)


class _Made(_FromBrowser):
    clientDataJSON: _Base64Url  # noqa: N815 as WebAuthn spells it
    attestationObject: _Base64Url  # noqa: N815


class _Signed(_FromBrowser):
    clientDataJSON: _Base64Url  # noqa: N815
    authenticatorData: _Base64Url  # noqa: N815
    signature: _Base64Url
    userHandle: _Base64Url | None = None  # noqa: N815


class NewCredential(_FromBrowser):
    """What `navigator.credentials.create()` gave, by `toJSON()`."""

    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    response: _Made


class UsedCredential(_FromBrowser):
    """What `navigator.credentials.get()` gave, by `toJSON()`."""

    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    response: _Signed


class AddPasskey(Input):
    """A new passkey under its name."""

    challenge_id: Token
    name: PasskeyName
    credential: NewCredential


class UsePasskey(Input):
    """The answer to a challenge."""

    challenge_id: Token
    credential: UsedCredential


class TicketIn(Input):
    """What the right password gave."""

    ticket: Token


class SecondPasskey(UsePasskey):
    """The answer to a challenge, after the password."""

    ticket: Token


class SecondCode(Input):
    """A recovery code, after the password."""

    ticket: Token
    code: Annotated[Code, StringConstraints(min_length=1, max_length=64)]


class Rename(Input):
    """The name that is to be."""

    name: PasskeyName


class SecondFactorIn(Input):
    """Whether a second factor is to be asked for."""

    enabled: bool


class Options(BaseModel):
    """What the browser is to do: `options` for `parse…OptionsFromJSON`."""

    challenge_id: Secret
    options: dict[str, Any] = Field(
        examples=[{"challenge": "rG5hbGxlbmdl", "rpId": "acme.example.com", "timeout": 300000}]
    )


class PasskeyOut(BaseModel):
    """A passkey as its owner sees it."""

    id: Id
    name: str = Field(examples=["Phone"])
    created_at: datetime
    last_used_at: datetime | None


class Added(BaseModel):
    """`recovery_codes`: shown this once; null if the account has some."""

    passkey: PasskeyOut
    recovery_codes: list[Code] | None


class Codes(BaseModel):
    """Shown this once."""

    codes: list[Code]


def options_out(asked: tuple[Challenge, dict[str, Any]]) -> Options:
    """A challenge as the browser gets it."""
    challenge, options = asked
    return Options(challenge_id=challenge.id, options=options)


def passkey_out(passkey: records.Passkey) -> PasskeyOut:
    """Without anything that only the server needs."""
    return PasskeyOut(
        id=passkey.id,
        name=passkey.name,
        created_at=passkey.created_at,
        last_used_at=passkey.last_used_at,
    )
