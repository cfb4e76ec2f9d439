"""Signed URLs are verified as CloudFront would: with the public key, over the canned policy."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from appinstance_app.media.cloudfront import KeyRefusedError, SignedUrls, private_key

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 refused
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OBJECT = "avatars/0123/abcd.webp"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _urls(now: datetime = NOON, key: rsa.RSAPrivateKey = KEY) -> SignedUrls:
    return SignedUrls(
        key, key_pair_id="K2JCJMDEHXQW5F", domain="d1.cloudfront.net", prefix="acme/shop/",
        clock=lambda: now,
    )  # fmt: skip


def opens(url: str, at: datetime, public: rsa.RSAPublicKey) -> bool:
    """Whether CloudFront would serve this URL, by AWS's page "Create a signed URL using a canned
    policy": the base URL and the end are what was signed, and the end is not over."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, strict_parsing=True)
    if set(query) != {"Expires", "Signature", "Key-Pair-Id"}:
        return False
    end = int(query["Expires"][0])
    policy = json.dumps(
        {
            "Statement": [
                {
                    "Resource": f"{parts.scheme}://{parts.netloc}{parts.path}",
                    "Condition": {"DateLessThan": {"AWS:EpochTime": end}},
                }
            ]
        },
        separators=(",", ":"),
    )
    signature = query["Signature"][0].translate(str.maketrans("-_~", "+=/"))
    try:
        public.verify(
            base64.b64decode(signature),
            policy.encode(),
            padding.PKCS1v15(),
            hashes.SHA1(),  # noqa: S303 CloudFront's choice
        )
    except InvalidSignature:
        return False
    return at.timestamp() < end


def test_an_address_opens_its_object_for_one_to_two_hours() -> None:
    url = _urls().url(OBJECT)
    assert url.startswith("https://d1.cloudfront.net/acme/shop/avatars/0123/abcd.webp?")
    assert "Key-Pair-Id=K2JCJMDEHXQW5F" in url
    assert opens(url, NOON, KEY.public_key())
    assert opens(url, NOON + timedelta(hours=1, minutes=59), KEY.public_key())
    assert not opens(url, NOON + timedelta(hours=2), KEY.public_key())
    late = _urls(NOON + timedelta(minutes=59)).url(OBJECT)
    assert opens(late, NOON + timedelta(hours=1, minutes=59), KEY.public_key())


def test_an_address_stays_the_same_for_an_hour_so_that_browsers_keep_the_picture() -> None:
    assert _urls().url(OBJECT) == _urls(NOON + timedelta(minutes=59)).url(OBJECT)
    assert _urls().url(OBJECT) != _urls(NOON + timedelta(minutes=60)).url(OBJECT)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("/acme/shop/", "/other/shop/"),
        ("abcd.webp", "abce.webp"),
        ("d1.cloudfront.net", "d2.cloudfront.net"),
        (f"Expires={int(NOON.timestamp()) + 7200}", f"Expires={int(NOON.timestamp()) + 99999}"),
    ],
)
def test_a_changed_address_opens_nothing(part: str, other: str) -> None:
    url = _urls().url(OBJECT)
    assert part in url
    assert not opens(url.replace(part, other), NOON, KEY.public_key())


def test_another_instances_key_opens_nothing() -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not opens(_urls(key=stranger).url(OBJECT), NOON, KEY.public_key())


def test_a_key_is_read_from_pem() -> None:
    assert private_key(pem(KEY)).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "no private key in PEM"),
        (
            "-----BEGIN PRIVATE KEY-----\nplanted\n"  # pragma: allowlist secret
            "-----END PRIVATE KEY-----\n",
            "no private key",
        ),
        (pem(SHORT_KEY), "2048 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
    ],
)
def test_a_key_that_cloudfront_would_not_take_is_refused_without_showing_it(
    pem: str, words: str
) -> None:
    with pytest.raises(KeyRefusedError, match=words) as caught:
        private_key(pem)
    assert "planted" not in str(caught.value)
