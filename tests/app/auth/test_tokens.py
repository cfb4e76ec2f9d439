"""Access tokens: only our own, only for this instance, only for a while."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from appinstance_app.auth.tokens import (
    AUDIENCE,
    AccessTokens,
    InvalidTokenError,
    new_refresh_token,
    refresh_token_hash,
)

KEY = "k" * 20 + "0123456789abcdef"
ISSUER = "https://acme.apps.example.com"
NOW = datetime.now(UTC)


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(KEY, issuer=ISSUER, lifetime=timedelta(minutes=10))


def claims(**changes: Any) -> dict[str, Any]:
    base = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user",
        "iat": NOW,
        "exp": NOW + timedelta(minutes=10),
        "jti": "1",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def test_a_token_names_its_user(tokens: AccessTokens) -> None:
    assert tokens.user_id(tokens.issue("user-1", now=NOW)) == "user-1"
    assert tokens.user_id(jwt.encode(claims(), KEY, "HS256")) == "user"


def test_two_tokens_differ(tokens: AccessTokens) -> None:
    assert tokens.issue("user", now=NOW) != tokens.issue("user", now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "https://other.apps.example.com"}, id="another issuer"),
        pytest.param({"aud": "other"}, id="another audience"),
        pytest.param({"exp": NOW - timedelta(minutes=1)}, id="expired"),
        pytest.param({"iat": NOW + timedelta(hours=1)}, id="not issued yet"),
        pytest.param({"sub": 7}, id="a number for a user"),
        *(
            pytest.param({name: None}, id=f"no {name}")
            for name in ("iss", "aud", "sub", "iat", "exp", "jti")
        ),
    ],
)
def test_wrong_or_missing_claims_are_refused(tokens: AccessTokens, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.user_id(jwt.encode(claims(**changes), KEY, "HS256"))


def unsigned() -> str:
    def part(value: dict[str, Any]) -> str:
        return (
            base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).decode().rstrip("=")
        )

    body = claims(exp=4102444800, iat=1)
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(body)}."


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "ä.ö.ü",
        unsigned(),
        jwt.encode(claims(), KEY + "x", "HS256"),
        jwt.encode(claims(), KEY * 2, "HS512"),
        jwt.encode(claims(), KEY, "HS256")[:-2],
    ],
)
def test_tokens_that_we_did_not_sign_are_refused(tokens: AccessTokens, token: str) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.user_id(token)


def test_refresh_tokens_are_long_and_stored_as_a_hash() -> None:
    some = {new_refresh_token() for _ in range(100)}
    assert len(some) == 100
    assert min(map(len, some)) >= 43  # 32 bytes in base64
    token = some.pop()
    assert len(refresh_token_hash(token)) == 64
    assert token not in refresh_token_hash(token)
