"""The mails that the app has written to its folder."""

from __future__ import annotations

import email
import email.policy
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Mailbox:
    """Everyone's: `<data_dir>/mail`."""

    folder: Path

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to this address, the oldest first."""
        files = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        mails = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in files
        ]
        return [mail for mail in mails if address in str(mail["To"])]

    def link(self, address: str, kind: str) -> str:
        """The newest link of this kind in a mail to this address, once it has come."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            for mail in reversed(self.to(address)):
                body = mail.get_body(("plain",))
                found = re.search(rf"\S+/#{kind}=\S+", body.get_content() if body else "")
                if found:
                    return found[0]
            time.sleep(0.05)
        raise AssertionError(f"no mail to {address} has a link to {kind}")
