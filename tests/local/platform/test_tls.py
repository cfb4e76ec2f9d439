"""Our own certificate authority: certificates that verify, and only for the names they are for."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appinstance_local.platform import tls


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


def _authority(pair: tls.Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


# What a person's browser trusts with it, and for how long


def test_the_authority_signs_certificates_and_nothing_else_and_makes_no_other_authority() -> None:
    extensions = _authority(tls.new_authority()).extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.digital_signature) == (True, False)
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)


def test_a_server_certificate_is_for_servers_alone_and_makes_no_other() -> None:
    """Not for clients, and above all not for signing code: its authority may be trusted for all."""
    server = tls.new_server(tls.new_authority(), ["db.example.com"])
    extensions = _authority(server).extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(usage.value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_a_server_certificate_lasts_as_long_as_browsers_take_it() -> None:
    certificate = _authority(tls.new_server(tls.new_authority(), ["db.example.com"]))
    length = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert datetime.timedelta(days=300) < length <= datetime.timedelta(days=398)


def test_the_authority_is_found_by_its_name_among_those_that_a_browser_trusts() -> None:
    (name,) = _authority(tls.new_authority()).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "AppInstance local CA"


def test_an_authority_that_expires_soon_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APPINSTANCE_CACHE", str(tmp_path))
    with monkeypatch.context() as short:
        short.setattr(tls, "_CA_DAYS", 29)
        ending = tls.authority()
    fresh = tls.authority()
    assert fresh != ending
    assert tls.authority() == fresh
