"""What the routes of sign-in take and give."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, Field, StringConstraints

from appinstance_app.fields import (
    Device,
    DisplayName,
    Email,
    Id,
    Input,
    NewPassword,
    Password,
    Place,
    Seconds,
    Secret,
)
from appinstance_app.store.records import Event
from appinstance_app.users.schemas import UserOut

if TYPE_CHECKING:
    from appinstance_app.passkeys.tickets import Ticket
    from appinstance_app.store.records import Activity, Session

TOKEN_MAX_LENGTH: Final = 128
MailedToken = Annotated[Secret, StringConstraints(min_length=1, max_length=TOKEN_MAX_LENGTH)]


class SignUp(Input):
    """A new account."""

    email: Email
    password: NewPassword
    display_name: DisplayName


class SignIn(Input):
    """An account's owner."""

    email: Email
    password: Password


class Confirm(Input):
    """The caller's password, once more."""

    password: Password


class AskForReset(Input):
    """Whose password was forgotten."""

    email: Email


class Reset(Input):
    """A mailed token, and the password that is to be."""

    token: MailedToken
    password: NewPassword


class Verify(Input):
    """A mailed token."""

    token: MailedToken


class SessionOut(BaseModel):
    """An open session; the refresh token is in the cookie, where no script can read it."""

    access_token: str = Field(
        examples=[
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwZjhmIn0.c2lnbmF0dXJl",  # pragma: allowlist secret
        ]
    )
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 the kind of token, not a token
    expires_in: Seconds
    user: UserOut


class SecondFactor(BaseModel):
    """What to show the second factor with. `expires_in`: seconds."""

    ticket: Secret
    methods: list[Literal["passkey", "recovery_code"]]
    expires_in: Seconds


class SecondFactorAsked(BaseModel):
    """The password was right; a second factor is asked for."""

    second_factor: SecondFactor


class Sent(BaseModel):
    """A mail is on its way, if there is somebody to get it."""

    detail: str = Field(examples=["If this address can get one, a mail is on its way to it."])


class Provider(BaseModel):
    """Somebody else who says who people are."""

    name: str = Field(examples=["Example Accounts"])


class Methods(BaseModel):
    """How one can sign in here."""

    password: bool = True
    passkeys: bool = False
    mail: bool
    oidc: Provider | None = None


class ChangePassword(Input):
    """The password that is, and the one that is to be."""

    current_password: Password
    new_password: NewPassword


class ChangeEmail(Input):
    """The address that is to be."""

    email: Email


class OwnSession(BaseModel):
    """One of the caller's sessions. `current`: this one."""

    id: Id
    current: bool
    device: Device
    place: Place
    created_at: datetime
    last_used_at: datetime


class OwnActivity(BaseModel):
    """One thing that happened to the caller's account."""

    at: datetime
    kind: Event
    device: Device
    place: Place


def second_factor_asked(ticket: Ticket) -> SecondFactorAsked:
    """A ticket as its holder gets it."""
    return SecondFactorAsked.model_validate(
        {
            "second_factor": {
                "ticket": ticket.token,
                "methods": ticket.methods,
                "expires_in": ticket.expires_in,
            }
        }
    )


def session_out(session: Session, *, current: str) -> OwnSession:
    """A session as its owner sees it; `current`: the id of the one that asks."""
    return OwnSession(
        id=session.id,
        current=session.id == current,
        device=session.client.device,
        place=session.client.place,
        created_at=session.created_at,
        last_used_at=session.last_used_at or session.created_at,
    )


def activity_out(activity: Activity) -> OwnActivity:
    """An event as its owner sees it."""
    return OwnActivity(
        at=activity.at,
        kind=activity.event,
        device=activity.client.device,
        place=activity.client.place,
    )
