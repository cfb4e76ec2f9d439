"""The tokens of a session, and the one by which a device is known again.

The access token is a JWT, short-lived, and names its session, which is looked up with each request:
a session that was ended is over at once. The refresh token is a random string; the store has only
its SHA-256, which suffices because it can't be guessed.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

AUDIENCE: Final = "appinstance-api"
DEVICE_AUDIENCE: Final = "appinstance-device"
DEVICE_LIFETIME: Final = timedelta(days=365)
_ALGORITHM: Final = "HS256"
_LEEWAY: Final = timedelta(seconds=5)
_CLAIMS: Final = ("iss", "aud", "sub", "iat", "exp", "jti")


class InvalidTokenError(Exception):
    """The token is not one of ours, not of this kind, or no longer valid."""


def key_id(key: str) -> str:
    """What stands in a token's header for the key that signed it; says nothing of the key."""
    return hashlib.sha256(f"kid:{key}".encode()).hexdigest()[:8]


class SignedTokens:
    """Makes and reads JWTs of one kind. `issuer`: the instance's origin, so no other one's pass.

    The first key signs; the others are still read, so that a key can be changed without signing
    anybody out.
    """

    def __init__(self, keys: Sequence[str], *, issuer: str, audience: str, kind: str) -> None:
        self._key = keys[0]
        # Prepared once: PyJWT would look at a string's shape with each token.
        self._keys = {key_id(key): _prepared(key) for key in keys}
        self._issuer = issuer
        self._audience = audience
        self._kind = kind

    def signed(self, claims: dict[str, Any], *, now: datetime, lifetime: timedelta) -> str:
        """A token with these claims."""
        return jwt.encode(
            {
                "iss": self._issuer,
                "aud": self._audience,
                "iat": now,
                "exp": now + lifetime,
                "jti": secrets.token_hex(16),
                **claims,
            },
            self._key,
            algorithm=_ALGORITHM,
            headers={"typ": self._kind, "kid": key_id(self._key)},
        )

    def claims(self, token: str, *more: str) -> dict[str, Any]:
        """What a token says, with `more` claims that must be there. Raises InvalidTokenError."""
        for kid, key in self._keys.items():
            try:
                found = jwt.decode_complete(
                    token,
                    key,
                    algorithms=[_ALGORITHM],
                    issuer=self._issuer,
                    audience=self._audience,
                    leeway=_LEEWAY,
                    options={"require": [*_CLAIMS, *more]},
                )
            except jwt.InvalidSignatureError:
                continue  # the other key may have signed it
            except (jwt.InvalidTokenError, ValueError) as error:
                raise InvalidTokenError from error
            if (found["header"].get("typ"), found["header"].get("kid")) == (self._kind, kid):
                claims: dict[str, Any] = found["payload"]
                return claims
        raise InvalidTokenError


def _prepared(key: str) -> jwt.PyJWK:
    encoded = base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()
    return jwt.PyJWK({"kty": "oct", "k": encoded}, algorithm=_ALGORITHM)


@dataclass(frozen=True)
class Access:
    """Whom an access token is for."""

    user_id: str
    session_id: str


class AccessTokens:
    """Makes and reads access tokens."""

    def __init__(self, keys: Sequence[str], *, issuer: str, lifetime: timedelta) -> None:
        self._tokens = SignedTokens(keys, issuer=issuer, audience=AUDIENCE, kind="at+jwt")
        self.lifetime = lifetime

    def issue(self, access: Access, *, now: datetime) -> str:
        """A token for this session."""
        claims = {"sub": access.user_id, "sid": access.session_id}
        return self._tokens.signed(claims, now=now, lifetime=self.lifetime)

    def read(self, token: str) -> Access:
        """Whom a token is for. Raises InvalidTokenError."""
        claims = self._tokens.claims(token, "sid")
        return Access(str(claims["sub"]), str(claims["sid"]))


class DeviceTokens:
    """Known devices: a browser that has signed in to an account is known to be its owner's."""

    def __init__(self, keys: Sequence[str], *, issuer: str) -> None:
        self._tokens = SignedTokens(
            keys, issuer=issuer, audience=DEVICE_AUDIENCE, kind="device+jwt"
        )

    def issue(self, email: str, *, now: datetime) -> str:
        """A token for a device on which this account was signed in to."""
        return self._tokens.signed({"sub": _digest(email)}, now=now, lifetime=DEVICE_LIFETIME)

    def device(self, token: str | None, email: str) -> str | None:
        """The device's id if the token was made for this account, else None."""
        try:
            claims = self._tokens.claims(token or "")
        except InvalidTokenError:
            return None
        return str(claims["jti"]) if claims["sub"] == _digest(email) else None


def _digest(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits, URL-safe: a refresh token, or what a mailed link carries."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """How the store knows such a secret: 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def utc_now() -> datetime:
    """The clock of all tokens and counters."""
    return datetime.now(UTC)
