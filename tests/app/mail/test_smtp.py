"""Mails by a real SMTP server: over verified TLS, or not at all."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr
from support.ports import free_port

from appinstance_app.mail.protocol import MailUnavailableError
from appinstance_app.mail.settings import MailSettings
from appinstance_app.mail.smtp import SmtpMail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PASSWORD = "planted-password-of-the-mail-server"


class Letters:
    """What arrived, and as whom."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []
        self.as_whom: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.arrived.append(envelope.content)
        return "250 OK"

    def may_in(self, _server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> Any:
        assert isinstance(data, LoginPassword)
        self.as_whom.append(data.login.decode())
        return AuthResult(success=data.password.decode() == PASSWORD)


Server = tuple[Letters, "MailSettings"]


@pytest.fixture
def serve(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Starts servers: `serve(name=…, tls=…, **settings)`."""
    running: list[Controller] = []

    def begin(
        name: str = "localhost", *, tls: bool = True, trusted: bool = True, **more: Any
    ) -> Server:
        ca, letters = trustme.CA(), Letters()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name).configure_cert(context)
        controller = Controller(
            letters,
            hostname="localhost",
            port=free_port(),
            ready_timeout=60,
            authenticator=letters.may_in,
            auth_require_tls=tls,
            require_starttls=tls,
            tls_context=context if tls else None,
        )
        controller.start()
        running.append(controller)
        file = tmp_path / f"ca-{controller.port}.pem"
        (ca if trusted else trustme.CA()).cert_pem.write_to_path(str(file))
        settings = MailSettings(
            smtp_host="localhost", smtp_port=controller.port, smtp_tls_ca_file=file,
            mail_from="accounts@example.org", **more,
        )  # fmt: skip
        return letters, settings

    yield begin
    for controller in running:
        controller.stop()


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "accounts@example.org", "ada@example.com"
    message["Subject"] = "Hello"
    message.set_content("Hello Ada")
    return message


@pytest.mark.integration
def test_a_mail_arrives_signed_in_over_tls(serve: Callable[..., Server]) -> None:
    letters, settings = serve(smtp_username="app", smtp_password=SecretStr(PASSWORD))
    SmtpMail(settings).send(letter())
    assert letters.as_whom == ["app"]
    assert b"Hello Ada" in letters.arrived[0]


@pytest.mark.integration
@pytest.mark.parametrize(
    "world",
    [{"name": "mail.example.com"}, {"trusted": False}, {"tls": False}],
    ids=["another name", "an unknown authority", "no TLS"],
)
def test_a_server_that_is_not_the_one_gets_neither_mail_nor_password(
    serve: Callable[..., Server], world: dict[str, Any]
) -> None:
    letters, settings = serve(smtp_username="app", smtp_password=SecretStr(PASSWORD), **world)
    with pytest.raises(MailUnavailableError) as caught:
        SmtpMail(settings).send(letter())
    assert (letters.arrived, letters.as_whom) == ([], [])
    assert PASSWORD not in str(caught.value)
    assert "ada" not in str(caught.value)


@pytest.mark.integration
def test_a_refused_password_is_said_without_it(serve: Callable[..., Server]) -> None:
    letters, settings = serve(smtp_username="app", smtp_password=SecretStr("wrong-" + PASSWORD))
    with pytest.raises(MailUnavailableError, match="SMTP") as caught:
        SmtpMail(settings).send(letter())
    assert letters.arrived == []
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"smtp_host": "mail.example.com"}, "Set MAIL_FROM"),
        ({"smtp_username": "app", "smtp_password": SecretStr("x")}, "Set SMTP_HOST"),
        (
            {"smtp_host": "m", "mail_from": "a@example.org", "smtp_username": "app"},
            "go together",
        ),
        ({"mail_from": "nobody"}, "MAIL_FROM must be one address"),
        ({"mail_from": "a@example.org, b@example.org"}, "MAIL_FROM must be one address"),
        ({"mail_from": "a@example.org\r\nBcc: eve@example.com"}, "MAIL_FROM must be one address"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    clean_environment: pytest.MonkeyPatch, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        MailSettings(**fields)
