"""What the mails say: in plain text, and once more as a page that looks the same without a network.

What people wrote (their names) is never in a mail: a stranger could use it to write to somebody
under our address.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from html import escape
from string import Template
from typing import Final
from urllib.parse import urlsplit

_PAGE: Final = Template("""\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>$subject</title></head>
<body style="margin:0;padding:32px 16px;background:#f5f4f0;color:#1d2423;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:480px;margin:0 auto;padding:32px;background:#ffffff;border-radius:16px">
<p style="margin:0 0 24px;font-weight:600;color:#0b6b5d">$host</p>
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">$subject</h1>
$paragraphs$button
<p style="margin:24px 0 0;font-size:14px;color:#5d6765">$footer</p>
</div></body></html>
""")
_BUTTON: Final = Template("""\
<p style="margin:24px 0"><a href="$link" style="display:inline-block;padding:12px 20px;\
background:#0b6b5d;color:#ffffff;text-decoration:none;border-radius:10px">$label</a></p>
<p style="margin:0;font-size:14px;color:#5d6765;word-break:break-all">$link</p>
""")


@dataclass(frozen=True)
class Messages:
    """The mails of one instance. `origin`: where its page is; `sender`: whom they are from."""

    origin: str
    sender: str

    def verify(self, to: str, token: str) -> EmailMessage:
        """To whoever signed up, or asks for it again."""
        return self._message(
            to,
            "Confirm your email address",
            f"Somebody signed up at {self.host} with this address. If it was you, follow this link"
            " within 24 hours; your account opens with the password that you chose.",
            footer="If it was not you, do nothing: without the link there is no account.",
            link=self._link("verify-email", token),
            label="Confirm",
        )

    def already(self, to: str) -> EmailMessage:
        """To the owner of an address that somebody signed up with again."""
        return self._message(
            to,
            "You already have an account",
            f"Somebody signed up at {self.host} with this address, which has an account. If it was"
            " you, sign in, or ask there for a new password.",
            footer="If it was not you, do nothing: your account is as it was.",
            link=f"{self.origin}/",
            label="Sign in",
        )

    def reset(self, to: str, token: str) -> EmailMessage:
        """To whoever forgot the password."""
        return self._message(
            to,
            "Choose a new password",
            f"Somebody asked for a new password for your account at {self.host}. If it was you,"
            " follow this link within 30 minutes. All your sessions end with it.",
            footer="If it was not you, do nothing: your password is as it was.",
            link=self._link("reset-password", token),
            label="Choose a new password",
        )

    def new_address(self, to: str, token: str) -> EmailMessage:
        """To an address that is to become an account's."""
        return self._message(
            to,
            "Confirm your new email address",
            f"Your account at {self.host} is to have this address. Follow this link within 24"
            " hours to make it so.",
            footer="If you have no account there, do nothing.",
            link=self._link("verify-email", token),
            label="Confirm",
        )

    def address_changing(self, to: str) -> EmailMessage:
        """To the address that an account is about to lose."""
        return self._message(
            to,
            "Your email address is about to change",
            f"Somebody who is signed in to your account at {self.host} asked to give it another"
            " address. It stays as it is until a link is followed that was sent there.",
            footer="If it was not you, change your password now and end all other sessions.",
        )

    def password_changed(self, to: str) -> EmailMessage:
        """To the owner, after the fact."""
        return self._message(
            to,
            "Your password was changed",
            f"The password of your account at {self.host} was changed, and all other sessions"
            " ended.",
            footer="If it was not you, ask on the sign-in page for a new password at once.",
        )

    @property
    def host(self) -> str:
        """The instance's name as people know it."""
        return urlsplit(self.origin).netloc

    def _link(self, what: str, token: str) -> str:
        # In the fragment: it is sent to no server, so it is in no log and no Referer.
        return f"{self.origin}/#{what}={token}"

    def _message(
        self, to: str, subject: str, *paragraphs: str, footer: str, link: str = "", label: str = ""
    ) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self.host.partition(":")[0])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join([*paragraphs, *([link] if link else []), footer]) + "\n")
        button = _BUTTON.substitute(link=escape(link), label=escape(label)) if link else ""
        page = _PAGE.substitute(
            subject=escape(subject),
            host=escape(self.host),
            paragraphs="".join(f"<p style='margin:0'>{escape(text)}</p>\n" for text in paragraphs),
            button=button,
            footer=escape(footer),
        )
        message.add_alternative(page, subtype="html")
        return message
