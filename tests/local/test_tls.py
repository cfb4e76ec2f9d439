"""Our own certificate authority: certificates that verify, and only for the names they are for."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from appinstance_local import tls


def _names(pair: tls.Pair) -> list[str]:
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(name.value) for name in extension.value]


def test_a_server_certificate_is_signed_by_the_authority() -> None:
    authority = tls.new_authority()
    server = tls.new_server(authority, ["db.example.com", "127.0.0.1"])
    ca = x509.load_pem_x509_certificate(authority.certificate)
    x509.load_pem_x509_certificate(server.certificate).verify_directly_issued_by(ca)
    assert _names(server) == ["db.example.com", "127.0.0.1"]


def test_another_authority_did_not_sign_it() -> None:
    server = tls.new_server(tls.new_authority(), ["db.example.com"])
    other = x509.load_pem_x509_certificate(tls.new_authority().certificate)
    with pytest.raises((InvalidSignature, ValueError)):
        x509.load_pem_x509_certificate(server.certificate).verify_directly_issued_by(other)


def test_python_takes_the_pair(tmp_path: Path) -> None:
    server = tls.new_server(tls.new_authority(), ["localhost"])
    certificate, key = tmp_path / "c", tmp_path / "k"
    certificate.write_bytes(server.certificate)
    key.write_bytes(server.key)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)


def test_keys_are_for_their_owner_alone_and_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APPINSTANCE_CACHE", str(tmp_path))
    first = tls.authority()
    assert (tmp_path / "tls" / "ca.key").stat().st_mode & 0o777 == 0o600
    assert tls.authority() == first
