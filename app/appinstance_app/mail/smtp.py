"""Mails by SMTP, over TLS with the server's name verified, or not at all.

Port 465 speaks TLS from the first byte; any other one begins with STARTTLS, and a server that does
not offer it gets no mail and no password.
"""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING, Final

from .protocol import MailUnavailableError

if TYPE_CHECKING:
    from email.message import EmailMessage

    from .settings import MailSettings

IMPLICIT_TLS_PORT: Final = 465
TIMEOUT_SECONDS: Final = 10.0
"""For each answer of the server."""


class SmtpMail:
    """See `protocol.Mail`. A connection for each mail: they are few, and servers end idle ones."""

    def __init__(self, settings: MailSettings) -> None:
        self._host = settings.smtp_host
        self._port = settings.smtp_port
        self._username = settings.smtp_username
        self._password = settings.smtp_password
        ca = settings.smtp_tls_ca_file
        self._tls = ssl.create_default_context(cafile=str(ca) if ca else None)

    def send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                if self._username:
                    server.login(self._username, self._password.get_secret_value())
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailableError(_cause(error)) from None

    def _connected(self) -> smtplib.SMTP:
        if self._port == IMPLICIT_TLS_PORT:
            return smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=self._tls
            )
        server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            server.starttls(context=self._tls)
        except BaseException:
            server.close()
            raise
        return server


def _cause(error: Exception) -> str:
    """The kind of failure and the server's number; its words may repeat an address."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
