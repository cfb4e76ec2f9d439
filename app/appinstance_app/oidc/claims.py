"""ID tokens: whether one is from the provider, for this app, of this sign-in, and in time.

OpenID Connect Core 3.1.3.7. Only signatures by a key pair count: with an algorithm of a shared
secret, whoever knows the provider's public key could sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

if TYPE_CHECKING:
    from datetime import datetime

    from joserfc.jwk import KeySet

ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
_LEEWAY: Final = 60
_TOKEN_BYTES: Final = 16 * 1024
_SUBJECT_LENGTH: Final = 255


class ClaimsError(Exception):
    """The token is not good; the message is for the log."""


class UnknownKeyError(ClaimsError):
    """The token's key is none of these; there may be newer ones."""


def claims_of(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """What a good token says. Raises ClaimsError, UnknownKeyError."""
    if len(token) > _TOKEN_BYTES:
        raise ClaimsError("it is too long")
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        registry.validate(decoded.claims)
    except InvalidKeyIdError as error:
        raise UnknownKeyError("its key is not known") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ClaimsError(type(error).__name__) from error
    claims: dict[str, Any] = decoded.claims
    audience = claims["aud"]
    party = claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and party is None:
        raise ClaimsError("it is for several and names no authorized party")
    if party is not None and party != client_id:
        raise ClaimsError("its authorized party is another")
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject.isascii() or len(subject) > _SUBJECT_LENGTH:
        raise ClaimsError("its subject is not of the form that subjects have")
    return claims
