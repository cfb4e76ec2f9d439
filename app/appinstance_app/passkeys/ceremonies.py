"""WebAuthn: what a browser is asked, and whether its answer is good.

A passkey is for this instance's host alone, and an answer comes from its origin exactly: siblings
share the parent domain, and a wider RP ID would let each of them use the others' passkeys.

Counters are left to the store, which judges and notes a use in one step.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appinstance_app.store.records import Passkey, User

TIMEOUT_MS: Final = 120_000
PUBLIC_KEY_MAX_LENGTH: Final = 2048
_log = structlog.get_logger(__name__)


class RefusedError(Exception):
    """The answer is not what was asked for."""


@dataclass(frozen=True)
class NewCredential:
    """What a browser has made; both texts are base64url."""

    credential_id: str
    public_key: str
    sign_count: int


class Ceremonies:
    """Asks and judges for one origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.rp_id = urlsplit(origin).hostname or ""

    def creation(self, challenge: bytes, user: User, known: Sequence[Passkey]) -> dict[str, Any]:
        """Options to make a passkey that can take the password's place."""
        options = webauthn.generate_registration_options(
            rp_id=self.rp_id,
            rp_name=self.rp_id,
            user_id=bytes.fromhex(user.id),
            user_name=user.email,
            user_display_name=user.display_name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return _plain(webauthn.options_to_json(options))

    def request(
        self, challenge: bytes, allowed: Sequence[Passkey], *, verified: bool
    ) -> dict[str, Any]:
        """Options to use a passkey: one of `allowed`, or any that the browser finds.

        `verified`: the device makes sure that it is its owner.
        """
        options = webauthn.generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=_descriptors(allowed),
            user_verification=UserVerificationRequirement.REQUIRED
            if verified
            else UserVerificationRequirement.PREFERRED,
        )
        return _plain(webauthn.options_to_json(options))

    def created(self, credential: dict[str, Any], challenge: bytes) -> NewCredential:
        """The new credential. Raises RefusedError."""
        try:
            found = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except Exception as error:
            raise _refused(error) from error
        public_key = bytes_to_base64url(found.credential_public_key)
        if len(public_key) > PUBLIC_KEY_MAX_LENGTH:
            raise RefusedError
        return NewCredential(bytes_to_base64url(found.credential_id), public_key, found.sign_count)

    def used(
        self, credential: dict[str, Any], challenge: bytes, passkey: Passkey, *, verified: bool
    ) -> int:
        """The authenticator's counter after this use. Raises RefusedError."""
        handle = credential["response"].get("userHandle")
        try:
            theirs = not handle or base64url_to_bytes(handle) == bytes.fromhex(passkey.user_id)
            found = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=0,
                require_user_verification=verified,
            )
        except Exception as error:
            raise _refused(error) from error
        if not theirs:
            raise RefusedError
        return found.new_sign_count


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(item.credential_id))
        for item in passkeys
    ]


def _plain(text: str) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(text)
    return plain


def _refused(error: Exception) -> RefusedError:
    _log.info("passkey.refused", cause=type(error).__name__)
    return RefusedError()
