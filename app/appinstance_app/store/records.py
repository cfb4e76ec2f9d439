"""What the store keeps, as values. Times are aware and in UTC; ids are 32 lower-case hex digits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto


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


@dataclass(frozen=True)
class Credentials:
    """An account with the hash that its password must match; the hash stays out of `User`."""

    user: User
    password_hash: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user.id})"


@dataclass(frozen=True)
class Session:
    """One sign-in: the family of the refresh tokens that follow from it."""

    id: str
    user_id: str
    created_at: datetime
    expires_at: datetime


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
