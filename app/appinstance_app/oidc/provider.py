"""The provider over HTTP: its description, its keys, and the exchange of a code.

Where to ask comes from the settings, and from what is answered there; redirects are not followed,
answers are short and soon, and all of it has a bound of its own, the wait for each other included,
so that a provider that hangs costs nothing but sign-ins through it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from appinstance_app.workers import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS: Final = 8.0
_AT_ONCE: Final = 8
_WAITING: Final = 32
_ANSWER_BYTES: Final = 256 * 1024
_FRESH_SECONDS: Final = 3600.0
# A token signed by a key that is not known yet: the keys are asked for again, but not at will.
_PAUSE_SECONDS: Final = 30.0
_WELL_KNOWN: Final = "/.well-known/openid-configuration"


class ProviderError(Exception):
    """The provider did not answer as it must; the message is for the log."""


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery, 3), as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


@dataclass
class _Kept:
    value: Any
    at: float


class Provider:
    """One provider. `transport`: another way to it, for tests."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._client_secret = client_secret
        self._transport = transport
        self._ticks = ticks
        self._bound = Bounded("oidc", _AT_ONCE, waiting=_WAITING, seconds=SECONDS)
        self._client: httpx.AsyncClient | None = None
        self._metadata: _Kept | None = None
        self._keys: _Kept | None = None
        self._one_at_a_time = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """What it says of itself, at most an hour old. Raises ProviderError, Busy."""
        async with self._bound.turn(), self._one_at_a_time:
            if self._metadata is None or self._age(self._metadata) > _FRESH_SECONDS:
                url = self.issuer.rstrip("/") + _WELL_KNOWN
                try:
                    found = Metadata.model_validate(await self._asked("GET", url))
                except ValidationError as error:
                    raise ProviderError("its description lacks what is needed") from error
                self._judge(found)
                self._metadata = _Kept(found, self._ticks())
            metadata: Metadata = self._metadata.value
            return metadata

    async def keys(self, *, beside: KeySet | None = None) -> KeySet:
        """Its keys, at most an hour old; others than `beside`, which lack one, if there may be
        such. Raises ProviderError, Busy."""
        jwks_uri = (await self.metadata()).jwks_uri
        async with self._bound.turn(), self._one_at_a_time:
            kept = self._keys
            outdated = kept is None or self._age(kept) > _FRESH_SECONDS
            lacking = kept is not None and kept.value is beside
            if outdated or (lacking and kept is not None and self._age(kept) > _PAUSE_SECONDS):
                kept = _Kept(_key_set(await self._asked("GET", jwks_uri)), self._ticks())
                self._keys = kept
            assert kept is not None  # noqa: S101 for the type checker
            keys: KeySet = kept.value
            return keys

    async def id_token(self, code: str, verifier: str, redirect_uri: str) -> str:
        """What a code is good for, once. Raises ProviderError, Busy."""
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        basic = None
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            basic = httpx.BasicAuth(self.client_id, self._client_secret)
        else:
            form |= {"client_id": self.client_id, "client_secret": self._client_secret}
        async with self._bound.turn():
            answer = await self._asked("POST", metadata.token_endpoint, data=form, auth=basic)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("it gave no ID token")
        return token

    async def close(self) -> None:
        """Gives back its connections."""
        if self._client:
            await self._client.aclose()

    def _judge(self, metadata: Metadata) -> None:
        if metadata.issuer != self.issuer:
            raise ProviderError("it says that it is another issuer")
        schemes = {"https"} if self.issuer.startswith("https:") else {"https", "http"}
        for url in (
            metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri,
        ):  # fmt: skip
            parts = urlsplit(url)
            if parts.scheme not in schemes or not parts.hostname:
                raise ProviderError("one of its addresses is not https")

    async def _asked(self, method: str, url: str, **how: Any) -> dict[str, Any]:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                timeout=SECONDS / 2,
                follow_redirects=False,
                trust_env=False,
                headers={"Accept": "application/json"},
            )
        body = b""
        try:
            async with self._client.stream(method, url, **how) as answer:
                if answer.status_code != 200:
                    raise ProviderError(f"it answered {answer.status_code}")
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _ANSWER_BYTES:
                        raise ProviderError("its answer is too long")
            found = httpx.Response(200, content=body).json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderError(f"no answer ({type(error).__name__})") from error
        except (ValueError, RecursionError) as error:
            raise ProviderError("its answer is no JSON") from error
        if not isinstance(found, dict):
            raise ProviderError("its answer is no object")
        return found

    def _age(self, kept: _Kept) -> float:
        return self._ticks() - kept.at


def _key_set(found: dict[str, Any]) -> KeySet:
    """The public keys for signatures; a provider may have others, and kinds that are not known."""
    keys = []
    for item in found.get("keys") or []:
        if not isinstance(item, dict) or item.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        if item.get("use", "sig") != "sig":
            continue
        try:
            keys += KeySet.import_key_set({"keys": [item]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise ProviderError("it has no keys")
    return KeySet(keys)
