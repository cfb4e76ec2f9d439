"""How a mail leaves. Blocking: `outgoing.Outgoing` calls it in threads of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from email.message import EmailMessage


class MailUnavailableError(Exception):
    """The mail could not be handed over; the message says why, without an address."""


class Mail(Protocol):
    """A way out for mails."""

    def send(self, message: EmailMessage) -> None:
        """Hands a mail over. Raises MailUnavailableError."""
