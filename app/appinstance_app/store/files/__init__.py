"""The store in one JSON file, for development: no server, and an editor can read the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .accounts import FileAccounts
from .base import FileStoreBusyError, Table, moment
from .history import FileCounters, FileHistory
from .links import FileLinks
from .passkeys import FilePasskeys
from .pictures import FilePictures
from .proofs import FileProofs
from .sessions import FileSessions

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["FileStore", "FileStoreBusyError"]
_EXPIRING: Final = ("refresh_tokens", "sessions", "hits", "links", "pending_users", "proofs")


class FileStore(
    FileAccounts,
    FilePictures,
    FileSessions,
    FileLinks,
    FileHistory,
    FileCounters,
    FilePasskeys,
    FileProofs,
):
    """See `protocol.Store`. Raises FileStoreBusyError."""

    def purge_expired(self, *, now: datetime) -> int:
        with self._change() as state:
            gone = sum(_purged(state[table], now) for table in _EXPIRING)
            for token_hash, row in list(state["refresh_tokens"].items()):
                if row["session_id"] not in state["sessions"]:
                    del state["refresh_tokens"][token_hash]
            left = [item for item in state["activity"] if moment(item["expires_at"]) > now]
            gone += len(state["activity"]) - len(left)
            state["activity"] = left
            return gone


def _purged(table: Table, now: datetime) -> int:
    expired = [key for key, row in table.items() if moment(row["expires_at"]) <= now]
    for key in expired:
        del table[key]
    return len(expired)
