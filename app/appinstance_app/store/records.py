"""What the store keeps, as values. Times are aware and in UTC; ids are 32 lower-case hex digits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto


def new_id() -> str:
    """A fresh random id for a user or a session."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class User:
    """An account. `email` is in its normalised form, which is what makes it unique."""

    id: str
    email: str
    display_name: str
    created_at: datetime
    avatar_name: str | None = None
    email_verified_at: datetime | None = None
    disabled_at: datetime | None = None
    has_password: bool = True
    passkeys: int = 0
    """How many it has."""
    second_factor: bool = False
    """Whether a passkey or a recovery code is asked for after the password."""


@dataclass(frozen=True)
class Credentials:
    """An account with the hash that its password must match; the hash stays out of `User`."""

    user: User
    password_hash: str = field(repr=False)


@dataclass(frozen=True)
class Client:
    """Who asks, as its owner gets to see it: what kind of device, and from which network."""

    device: str = ""
    """Such as "Firefox on Linux"; at most 64 characters."""
    place: str = ""
    """The address range, such as 203.0.113.0/24; at most 64 characters."""


@dataclass(frozen=True)
class Session:
    """One sign-in: the family of the refresh tokens that follow from it."""

    id: str
    user_id: str
    created_at: datetime
    expires_at: datetime
    client: Client = Client()
    last_used_at: datetime | None = None
    confirmed_at: datetime | None = None
    """When its person last proved to be the owner: by signing in, or once more since."""


@dataclass(frozen=True)
class RefreshToken:
    """One token of a family, known to the store only by its SHA-256 (64 hex digits)."""

    token_hash: str
    session_id: str
    expires_at: datetime


class Refused(Enum):
    """Why a refresh token was not rotated."""

    UNKNOWN = auto()  # never issued, expired, or its session was revoked
    REUSED = auto()  # rotated before: it was copied, or its owner's copy was


@dataclass(frozen=True)
class Rotation:
    """The outcome of one rotation. `session` is None only for a token that is not known."""

    session: Session | None
    refused: Refused | None = None


class Purpose(StrEnum):
    """What a mailed link is good for."""

    VERIFY = "verify"
    RESET = "reset"
    NEW_EMAIL = "new-email"


@dataclass(frozen=True)
class Link:
    """A mailed link, good once. `email`: the address that it was sent to."""

    token_hash: str
    user_id: str
    purpose: Purpose
    email: str
    expires_at: datetime


@dataclass(frozen=True)
class PendingUser:
    """An account that is to be once the link in its mail is followed.

    Each sign-up has its own: whoever follows a link gets the password that was chosen with it, and
    nobody can put another one under an address that is not theirs.
    """

    token_hash: str
    user: User
    password_hash: str = field(repr=False)
    expires_at: datetime


class Event(StrEnum):
    """What people get to see of their own account."""

    ACCOUNT_CREATED = "account-created"
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    SESSION_ENDED = "session-ended"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 an event, not a password
    PASSWORD_RESET = "password-reset"  # noqa: S105 likewise
    EMAIL_CHANGED = "email-changed"
    EMAIL_VERIFIED = "email-verified"
    PROFILE_CHANGED = "profile-changed"
    PICTURE_CHANGED = "picture-changed"
    PICTURE_REMOVED = "picture-removed"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    SECOND_FACTOR_ON = "second-factor-on"
    SECOND_FACTOR_OFF = "second-factor-off"
    RECOVERY_CODE_USED = "recovery-code-used"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    PROVIDER_LINKED = "provider-linked"


@dataclass(frozen=True)
class Activity:
    """One thing that happened to an account."""

    user_id: str
    at: datetime
    event: Event
    client: Client
    expires_at: datetime


@dataclass(frozen=True)
class Hit:
    """One more for a counter, of which at most `most` are let through."""

    key: str
    """At most 100 characters."""
    most: int
    expires_at: datetime


@dataclass(frozen=True)
class OldPicture:
    """An object that is to be deleted: no account points to it, and none will."""

    user_id: str
    name: str
    attempts: int
    """How often that was begun."""


@dataclass(frozen=True)
class Leftovers:
    """How many old pictures there are still, and since when the oldest of them is one."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class Passkey:
    """A public key credential. `credential_id` and `public_key` (COSE) are base64url text."""

    id: str
    user_id: str
    credential_id: str
    public_key: str
    name: str
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None


class Removal(Enum):
    """What came of removing a passkey."""

    GONE = auto()
    GONE_WITH_SECOND_FACTOR = auto()  # it was the last one, and the second factor was on
    UNKNOWN = auto()
    LAST_WAY_IN = auto()  # it stays: without it nobody could sign in to the account


@dataclass(frozen=True)
class Proof:
    """Something short-lived that is asked for back: a challenge, a ticket, a state.

    The store knows it by the SHA-256 of what the asker holds. `bound_to`: what else the asker must
    show, such as the session; empty if nothing.
    """

    token_hash: str
    kind: str
    expires_at: datetime
    user_id: str | None = None
    bound_to: str = ""


@dataclass(frozen=True)
class Identity:
    """Who somebody is to a provider: `subject` is unique and never given anew within `issuer`."""

    issuer: str
    subject: str
    user_id: str
    created_at: datetime
