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
    DEVICE_LIFETIME,
    Access,
    AccessTokens,
    DeviceTokens,
    InvalidTokenError,
    key_id,
    new_secret,
    secret_hash,
)

KEY = "k" * 20 + "0123456789abcdef"
NEXT = "n" * 20 + "fedcba9876543210"
ISSUER = "https://acme.apps.example.com"
NOW = datetime.now(UTC)
# NOW is when the run began, which may be long ago.
LIFETIME = timedelta(hours=12)


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens([KEY], issuer=ISSUER, lifetime=LIFETIME)


def claims(**changes: Any) -> dict[str, Any]:
    base = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user",
        "iat": NOW,
        "exp": NOW + LIFETIME,
        "jti": "1",
        "sid": "session",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


HEADER = {"typ": "at+jwt", "kid": key_id(KEY)}


def signed(key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers=HEADER)


def test_a_token_names_its_user_and_session(tokens: AccessTokens) -> None:
    access = Access("user-1", "session-1")
    assert tokens.read(tokens.issue(access, now=NOW)) == access
    assert tokens.read(signed()) == Access("user", "session")


def test_two_tokens_differ(tokens: AccessTokens) -> None:
    access = Access("user", "session")
    assert tokens.issue(access, now=NOW) != tokens.issue(access, now=NOW)


def test_a_key_is_changed_without_signing_anybody_out() -> None:
    access = Access("user", "session")
    before = AccessTokens([KEY], issuer=ISSUER, lifetime=LIFETIME)
    between = AccessTokens([NEXT, KEY], issuer=ISSUER, lifetime=LIFETIME)
    after = AccessTokens([NEXT], issuer=ISSUER, lifetime=LIFETIME)
    old, new = before.issue(access, now=NOW), between.issue(access, now=NOW)
    assert between.read(old) == between.read(new) == after.read(new) == access
    with pytest.raises(InvalidTokenError):
        after.read(old)
    with pytest.raises(InvalidTokenError):
        before.read(new)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT", "kid": key_id(KEY)},
        {"typ": "device+jwt", "kid": key_id(KEY)},
        {"typ": "at+jwt", "kid": key_id(NEXT)},
        {"typ": "at+jwt"},
        {"typ": None, "kid": key_id(KEY)},
    ],
)
def test_a_token_of_another_kind_or_key_is_refused(
    tokens: AccessTokens, header: dict[str, Any]
) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.read(jwt.encode(claims(), KEY, "HS256", headers=header))


def test_a_device_is_known_for_its_account_and_nothing_else(tokens: AccessTokens) -> None:
    devices = DeviceTokens([KEY], issuer=ISSUER)
    token = devices.issue("ada@example.com", now=NOW)
    known = devices.device(token, "ada@example.com")
    assert known
    assert devices.device(token, "eve@example.com") is None
    other = devices.device(devices.issue("ada@example.com", now=NOW), "ada@example.com")
    assert other not in (None, known), "Each device has an allowance of its own."
    assert devices.device(None, "ada@example.com") is None
    old = devices.issue("ada@example.com", now=NOW - DEVICE_LIFETIME - timedelta(minutes=1))
    assert devices.device(old, "ada@example.com") is None
    elsewhere = DeviceTokens([KEY], issuer="https://other.apps.example.com")
    assert elsewhere.device(token, "ada@example.com") is None
    with pytest.raises(InvalidTokenError):
        tokens.read(token)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "https://other.apps.example.com"}, id="another issuer"),
        pytest.param({"aud": "other"}, id="another audience"),
        pytest.param({"exp": NOW - timedelta(minutes=1)}, id="expired"),
        pytest.param({"iat": NOW + timedelta(days=1)}, id="not issued yet"),
        pytest.param({"sub": 7}, id="a number for a user"),
        *(
            pytest.param({name: None}, id=f"no {name}")
            for name in ("iss", "aud", "sub", "iat", "exp", "jti", "sid")
        ),
    ],
)
def test_wrong_or_missing_claims_are_refused(tokens: AccessTokens, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.read(signed(**changes))


def unsigned() -> str:
    def part(value: dict[str, Any]) -> str:
        return (
            base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).decode().rstrip("=")
        )

    body = claims(exp=4102444800, iat=1)
    return f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': key_id(KEY)})}.{part(body)}."


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "ä.ö.ü",
        unsigned(),
        signed(KEY + "x"),
        signed(KEY * 2, "HS512"),
        signed()[:-2],
    ],
)
def test_tokens_that_we_did_not_sign_are_refused(tokens: AccessTokens, token: str) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.read(token)


def test_secrets_are_long_and_stored_as_a_hash() -> None:
    some = {new_secret() for _ in range(100)}
    assert len(some) == 100
    assert min(map(len, some)) >= 43  # 32 bytes in base64
    token = some.pop()
    assert len(secret_hash(token)) == 64
    assert token not in secret_hash(token)
