"""Mails as files, for development: whoever runs the app opens them with an editor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from .protocol import MailUnavailableError

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path


class FolderMail:
    """See `protocol.Mail`. The files' names sort by time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{uuid4().hex[:6]}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Whole or not there: a reader may be waiting for it.
            half = self._folder / f".{name}"
            half.write_bytes(message.as_bytes())
            half.rename(self._folder / name)
        except OSError as error:
            raise MailUnavailableError(type(error).__name__) from None
