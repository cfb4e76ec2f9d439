"""An account as its owner sees and changes it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from appinstance_app.fields import DisplayName, Id, Input

if TYPE_CHECKING:
    from appinstance_app.store.records import User


_AVATAR = f"/api/v1/avatars/0f8fad5bd9cb469fa16570867728950e/{'9c' * 24}.webp"


class Profile(Input):
    """What an owner changes at will."""

    display_name: DisplayName


class UserOut(BaseModel):
    """`avatar_url`: relative to the origin, or signed for CloudFront; null without a picture."""

    id: Id
    email: str = Field(examples=["ada@example.com"])
    email_verified: bool
    display_name: str = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=[_AVATAR])
    created_at: datetime
    has_password: bool
    passkeys: int = Field(examples=[1])
    second_factor: bool


def user_out(user: User, avatar_url: str | None) -> UserOut:
    """The account without anything that only the server needs."""
    return UserOut(
        id=user.id,
        email=user.email,
        email_verified=user.email_verified_at is not None,
        display_name=user.display_name,
        avatar_url=avatar_url,
        created_at=user.created_at,
        has_password=user.has_password,
        passkeys=user.passkeys,
        second_factor=user.second_factor,
    )
