"""Sign-in through the provider: authorization code, PKCE, state and nonce.

All three follow from one secret that only the browser's cookie holds. The store has the state's
hash, for one use: neither the store nor the address bar is enough to finish somebody's sign-in.

An account is found by (issuer, subject) and by nothing else. An email that has an account here
already does not lead into it, verified or not: who may say at the provider what somebody's address
is could then enter every account. Its owner signs in as before and links the provider.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import structlog
from pydantic import TypeAdapter, ValidationError

from appinstance_app.auth.tokens import new_secret, secret_hash
from appinstance_app.fields import DisplayName, Email
from appinstance_app.problems import Problem
from appinstance_app.store.protocol import EmailTakenError, IdentityTakenError
from appinstance_app.store.records import Event, Identity, Proof, User, new_id
from appinstance_app.workers import Busy, in_thread

from .claims import ClaimsError, UnknownKeyError, claims_of
from .provider import Provider, ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appinstance_app.auth.history import History
    from appinstance_app.auth.limits import RateLimits
    from appinstance_app.auth.service import Asking, AuthService
    from appinstance_app.auth.sessions import Caller, OpenSession, SessionService
    from appinstance_app.passkeys.tickets import Ticket
    from appinstance_app.store.protocol import Store

LIFETIME: Final = timedelta(minutes=10)
CALLBACK_PATH: Final = "/api/v1/auth/oidc/callback"
_KIND: Final = "oidc"
_EMAIL: Final = TypeAdapter[str](Email)
_NAME: Final = TypeAdapter[str](DisplayName)
_log = structlog.get_logger(__name__)


class SignInFailedError(Exception):
    """No session comes of it; the message is for the log and has no personal data."""

    linking = False
    """Whether somebody who is signed in wanted to link the provider."""


@dataclass(frozen=True)
class Finish:
    """What a person gets who came back from the provider; `linked`: to an account of before."""

    outcome: OpenSession | Ticket
    linked: bool = False


@dataclass(frozen=True)
class Start:
    """Where the browser goes, and what it keeps meanwhile."""

    url: str = field(repr=False)
    secret: str = field(repr=False)


class OidcService:
    """Sends people to the provider and judges what they come back with."""

    def __init__(
        self,
        store: Store,
        auth: AuthService,
        sessions: SessionService,
        limits: RateLimits,
        history: History,
        provider: Provider,
        *,
        origin: str,
    ) -> None:
        self._store = store
        self._auth = auth
        self._sessions = sessions
        self._limits = limits
        self._history = history
        self.provider = provider
        self._redirect_uri = f"{origin}{CALLBACK_PATH}"

    async def start(self, address: str) -> Start:
        """The way to the provider. Raises Problem (429), SignInFailedError."""
        await self._limits.challenge(address, now=self._sessions.clock())
        return await self._start(None)

    async def start_link(self, caller: Caller) -> Start:
        """The way to the provider, to link who comes back to the caller's account.

        Raises Problem (403), SignInFailedError.
        """
        self._sessions.require_confirmed(caller)
        return await self._start(caller.user.id)

    async def finish(self, secret: str | None, answer: Mapping[str, str], asking: Asking) -> Finish:
        """A session for who comes back from the provider, or a ticket to the second factor.

        Raises SignInFailedError.
        """
        now = self._sessions.clock()
        if not secret or not hmac.compare_digest(
            answer.get("state", "").encode(), _derived(secret, "state").encode()
        ):
            raise SignInFailedError("the state is not this browser's")
        proof = await in_thread(
            self._store.take_proof, secret_hash(_derived(secret, "state")), _KIND, now=now
        )
        if proof is None:
            raise SignInFailedError("the state was used or is too old")
        try:
            return await self._judged_answer(secret, answer, proof.user_id, asking)
        except SignInFailedError as error:
            error.linking = proof.user_id is not None
            raise

    async def _judged_answer(
        self, secret: str, answer: Mapping[str, str], linking: str | None, asking: Asking
    ) -> Finish:
        claims = await self._claims(secret, answer)
        try:
            if linking:
                # The caller proved to be the owner before leaving, by all that the account asks.
                user = await self._linked(claims, linking, asking)
                return Finish(await self._auth.entered(user, asking), linked=True)
            return Finish(await self._auth.half_way(await self._account(claims, asking), asking))
        except Problem as problem:
            raise SignInFailedError(str(problem.detail)) from problem

    async def _start(self, user_id: str | None) -> Start:
        secret = new_secret()
        state = _derived(secret, "state")
        try:
            metadata = await self.provider.metadata()
        except (ProviderError, Busy) as error:
            raise SignInFailedError(str(error)) from error
        expires_at = self._sessions.clock() + LIFETIME
        await in_thread(
            self._store.keep_proof, Proof(secret_hash(state), _KIND, expires_at, user_id)
        )
        challenge = hashlib.sha256(_derived(secret, "verifier").encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": _derived(secret, "nonce"),
            "code_challenge": _text(challenge),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return Start(f"{metadata.authorization_endpoint}{joint}{urlencode(query)}", secret)

    async def _claims(self, secret: str, answer: Mapping[str, str]) -> dict[str, Any]:
        try:
            metadata = await self.provider.metadata()
            # Another provider's answer (RFC 9207); there is but one here, and it must stay so.
            told = answer.get("iss")
            if metadata.authorization_response_iss_parameter_supported and told is None:
                raise SignInFailedError("the answer does not say whose it is")
            if told is not None and told != self.provider.issuer:
                raise SignInFailedError("the answer is another provider's")
            code = answer.get("code")
            if not code:
                raise SignInFailedError("the provider gave no code")
            token = await self.provider.id_token(
                code, _derived(secret, "verifier"), self._redirect_uri
            )
            return await self._judged(token, _derived(secret, "nonce"))
        except (ProviderError, ClaimsError, Busy) as error:
            raise SignInFailedError(f"{type(error).__name__}: {error}") from error

    async def _judged(self, token: str, nonce: str) -> dict[str, Any]:
        keys = await self.provider.keys()
        expected: dict[str, Any] = {
            "issuer": self.provider.issuer,
            "client_id": self.provider.client_id,
            "nonce": nonce,
            "now": self._sessions.clock(),
        }
        try:
            return claims_of(token, keys, **expected)
        except UnknownKeyError:
            newer = await self.provider.keys(beside=keys)
            return claims_of(token, newer, **expected)

    async def _linked(self, claims: dict[str, Any], user_id: str, asking: Asking) -> User:
        now = self._sessions.clock()
        identity = Identity(self.provider.issuer, claims["sub"], user_id, now)
        try:
            await in_thread(self._store.add_identity, identity)
        except IdentityTakenError:
            raise SignInFailedError("this identity has an account") from None
        await self._history.note(user_id, Event.PROVIDER_LINKED, asking.client, now=now)
        user = await in_thread(self._store.user, user_id)
        if user is None:
            raise SignInFailedError("the account is gone")
        return user

    async def _account(self, claims: dict[str, Any], asking: Asking) -> User:
        issuer, subject = self.provider.issuer, claims["sub"]
        known = await in_thread(self._store.identified, issuer, subject)
        if known:
            return known
        if claims.get("email_verified") is not True:
            raise SignInFailedError("the provider has not verified the email")
        now = self._sessions.clock()
        try:
            email = _EMAIL.validate_python(claims.get("email"))
        except ValidationError:
            raise SignInFailedError("the provider gave no usable email") from None
        user = User(
            id=new_id(),
            email=email,
            display_name=_name(claims.get("name"), email),
            created_at=now,
            email_verified_at=now,
            has_password=False,
        )
        try:
            await in_thread(
                self._store.add_identified, user, Identity(issuer, subject, user.id, now)
            )
        except EmailTakenError:
            raise SignInFailedError("the email has an account that is not linked") from None
        except IdentityTakenError:
            raise SignInFailedError("the same sign-in came twice at once") from None
        await self._history.note(user.id, Event.ACCOUNT_CREATED, asking.client, now=now)
        return user


def _name(told: Any, email: str) -> str:
    for candidate in (told, email.split("@")[0], "New member"):
        try:
            return _NAME.validate_python(candidate)
        except ValidationError:
            continue
    return "New member"


def _derived(secret: str, use: str) -> str:
    return _text(hmac.digest(secret.encode(), f"oidc:{use}".encode(), "sha256"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
