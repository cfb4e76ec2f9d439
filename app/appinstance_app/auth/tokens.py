"""The two tokens of a session.

The access token is a JWT, short-lived and checked without the store. The refresh token is a random
string; the store has only its SHA-256, which suffices because it can't be guessed.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import jwt

AUDIENCE: Final = "appinstance-api"
_ALGORITHM: Final = "HS256"
_TYPE: Final = "at+jwt"
_LEEWAY: Final = timedelta(seconds=5)
_CLAIMS: Final = ("iss", "aud", "sub", "iat", "exp", "jti")


class InvalidTokenError(Exception):
    """The access token is not one of ours, or no longer valid."""


class AccessTokens:
    """Makes and reads access tokens. `issuer`: the instance's origin, so no other one's pass."""

    def __init__(self, key: str, *, issuer: str, lifetime: timedelta) -> None:
        self._key = key
        self._issuer = issuer
        self.lifetime = lifetime

    def issue(self, user_id: str, *, now: datetime) -> str:
        """A token for this user."""
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": user_id,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": secrets.token_hex(16),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"typ": _TYPE})

    def user_id(self, token: str) -> str:
        """Whose token this is. Raises InvalidTokenError."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=AUDIENCE,
                leeway=_LEEWAY,
                options={"require": list(_CLAIMS)},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidTokenError from error
        return str(claims["sub"])


def new_refresh_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def refresh_token_hash(token: str) -> str:
    """How the store knows a refresh token: 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def utc_now() -> datetime:
    """The clock of all tokens and counters."""
    return datetime.now(UTC)
