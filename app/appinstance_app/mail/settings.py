"""What the environment says about mail. Without it there is none, nor what needs it."""

from __future__ import annotations

from email.headerregistry import Address
from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from appinstance_app.variables import Variables


class MailSettings(Variables):
    """A part of `settings.Settings`."""

    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls_ca_file: Path | None = None
    mail_from: str = ""

    @property
    def has_mail(self) -> bool:
        """Whether mails can leave."""
        return bool(self.mail_from)

    @model_validator(mode="after")
    def _check_mail(self) -> MailSettings:
        if not self.smtp_host and (self.smtp_username or self.smtp_password.get_secret_value()):
            raise ValueError("Set SMTP_HOST to the mail server, or unset SMTP_USERNAME.")
        if bool(self.smtp_username) != bool(self.smtp_password.get_secret_value()):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD go together; set both or none.")
        if self.smtp_host and not self.mail_from:
            raise ValueError("Set MAIL_FROM to the address that mails come from.")
        if self.mail_from:
            _check_address(self.mail_from)
        if self.smtp_tls_ca_file is not None and not self.smtp_tls_ca_file.is_file():
            raise ValueError("SMTP_TLS_CA_FILE names no file that can be read; mount the CA there.")
        return self


def _check_address(text: str) -> None:
    try:
        good = bool(Address(addr_spec=text).domain)
    except (ValueError, IndexError):
        good = False
    if not good:
        raise ValueError("MAIL_FROM must be one address, such as accounts@example.com.")
