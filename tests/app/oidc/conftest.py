"""An app with a provider: a real one over HTTP, or one in the process that lies as it is told."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.conftest import Running

ISSUER: Final = "https://id.example.com"
CLIENT_ID: Final = "the-app"
START: Final = "/api/v1/auth/oidc/start"
CALLBACK: Final = "/api/v1/auth/oidc/callback"
FAILED: Final = "/#sign-in-failed"
OIDC: Final = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": CLIENT_ID,
    "oidc_client_secret": "planted provider secret",
    "oidc_name": "Example ID",
}


def new_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@cache
def key_one() -> RSAKey:
    """Made once: keys take their time."""
    return new_key("one")


@dataclass
class Liar:
    """A provider in the process. What it says can be changed; it checks a code and its PKCE."""

    key: RSAKey = field(default_factory=key_one)
    published: list[dict[str, Any]] = field(default_factory=list)
    description: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    token: Callable[[dict[str, Any]], str] | None = None
    answer: httpx.Response | None = None
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.answer is not None:
            return self.answer
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.told())
        if request.url.path == "/keys":
            keys = self.published or [self.key.as_dict(private=False)]
            return httpx.Response(200, json={"keys": keys})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        authorized = self.codes.pop(form["code"], None)
        if authorized is None or not self._is_pkce(form["code_verifier"], authorized):
            return httpx.Response(400, json={"error": "invalid_grant"})
        claims = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "sub": "ada-1",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": authorized["nonce"],
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.token(claims) if self.token else self.signed(claims)
        return httpx.Response(200, json={"id_token": token, "access_token": "x"})

    def told(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            **self.description,
        }

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def authorize(self, location: str, code: str = "code-1") -> dict[str, str]:
        """What a person's consent makes the provider send back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.codes[code] = query
        return {"state": query["state"], "code": code}

    @staticmethod
    def _is_pkce(verifier: str, authorized: dict[str, str]) -> bool:
        digest = hashlib.sha256(verifier.encode()).digest()
        told = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            authorized["code_challenge_method"] == "S256" and told == authorized["code_challenge"]
        )


@dataclass
class Browser:
    """Goes to the provider and comes back; it keeps the cookies that it is given by hand."""

    running: Running
    cookie: str = ""

    async def start(self) -> str:
        """Where the app sends it."""
        answer = await self.running.client.get(START)
        assert answer.status_code == 303
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        return str(answer.headers["location"])

    async def back(self, answer: dict[str, str]) -> httpx.Response:
        return await self.running.client.get(
            CALLBACK, params=answer, headers={"Cookie": self.cookie, "Sec-Fetch-Site": "cross-site"}
        )

    async def me(self, answer: httpx.Response) -> dict[str, Any]:
        """Who is signed in by an answer."""
        cookies = "; ".join(item.split(";")[0] for item in answer.headers.get_list("set-cookie"))
        session = await self.running.client.post(
            "/api/v1/auth/refresh", headers={"Cookie": cookies}
        )
        assert session.status_code == 200, session.text
        return dict(session.json()["user"])


@pytest.fixture
def liar() -> Liar:
    return Liar()


@pytest.fixture
async def with_liar(start: Callable[..., Any], liar: Liar) -> Running:
    """An app whose provider is the liar."""
    running: Running = await start(**OIDC)
    running.client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    provider = running.app.state.context.oidc.provider
    provider._transport = httpx.MockTransport(liar)
    return running


@pytest.fixture
def browser(with_liar: Running) -> Browser:
    return Browser(with_liar)


def json_part(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
