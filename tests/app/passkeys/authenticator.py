"""An authenticator made of code: signs what it is told to, also what no honest one would."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN: Final = "http://testserver"
_PRESENT: Final = 0x01
_VERIFIED: Final = 0x04
_ATTESTED: Final = 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(encoded: str) -> bytes:
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


@dataclass
class Authenticator:
    """One credential. The fields say how it lies; `counter` is what it tells next."""

    origin: str = ORIGIN
    rp_id: str = "testserver"
    verified: bool = True
    present: bool = True
    counter: int = 0
    user_handle: str | None = None
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def made(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to options of creation."""
        self.user_handle = self.user_handle or options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public_key = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        )
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + public_key
        authenticator_data = self._data(_ATTESTED) + attested
        attestation = {"fmt": "none", "attStmt": {}, "authData": authenticator_data}
        return self._credential(
            clientDataJSON=text(self._client_data("webauthn.create", options["challenge"])),
            attestationObject=text(cbor2.dumps(attestation)),
            transports=["internal"],
        )

    def used(self, options: dict[str, Any], **changes: str) -> dict[str, Any]:
        """The answer to options of a request."""
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = self._data(0)
        signature = self.key.sign(
            signed + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._credential(
            **{
                "clientDataJSON": text(client_data),
                "authenticatorData": text(signed),
                "signature": text(signature),
                "userHandle": self.user_handle,
                **changes,
            }
        )

    def _data(self, more: int) -> bytes:
        flags = more | _PRESENT * self.present | _VERIFIED * self.verified
        return (
            hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4)
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, **response: Any) -> dict[str, Any]:
        return {
            "id": text(self.credential_id),
            "rawId": text(self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
