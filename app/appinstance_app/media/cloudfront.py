"""Addresses of pictures that CloudFront delivers: signed, and good for one to two hours.

A canned policy (one object, one end): whoever has an address gets that picture until then, and
nothing else. The end is the same for all addresses of one hour, so that a browser asks CloudFront
once for a picture and not at each look at the account.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD: Final = timedelta(hours=1)
KEY_BITS: Final = 2048


class KeyRefusedError(ValueError):
    """The private key is none that CloudFront's signatures can be made with."""


def private_key(pem: str) -> RSAPrivateKey:
    """The key in a PEM text. Raises KeyRefusedError, without a word of the text.

    CloudFront takes RSA keys of 2048 bits (AWS, "Create key pairs for your signers").
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise KeyRefusedError("it is no private key in PEM without a passphrase") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size != KEY_BITS:
        raise KeyRefusedError(f"it is no RSA key of {KEY_BITS} bits")
    return key


class SignedUrls:
    """The address of each object below a prefix of the distribution's bucket."""

    def __init__(
        self,
        key: RSAPrivateKey,
        *,
        key_pair_id: str,
        domain: str,
        prefix: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._key = key
        self._base = f"https://{domain}/{prefix}"
        self._clock = clock
        self._signer = CloudFrontSigner(key_pair_id, self._signature)

    def url(self, key: str) -> str:
        """The address of the object with this key."""
        return self._signer.generate_presigned_url(f"{self._base}{key}", date_less_than=self._end())

    def _end(self) -> datetime:
        hours = self._clock().timestamp() // PERIOD.total_seconds()
        return datetime.fromtimestamp((hours + 2) * PERIOD.total_seconds(), UTC)

    def _signature(self, message: bytes) -> bytes:
        # SHA-1 is CloudFront's choice (AWS, "Create a URL signature"), not ours; an attacker would
        # need a second preimage of a policy that we wrote, which SHA-1 still withstands.
        return self._key.sign(message, PKCS1v15(), SHA1())  # noqa: S303
