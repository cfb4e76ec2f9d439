"""What was mailed, in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.store.protocol import EmailTakenError
from appinstance_app.store.records import Link, Purpose, User

from .accounts import insert_user
from .base import FileBase, moment, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from appinstance_app.store.records import PendingUser


class FileLinks(FileBase):
    """See `protocol.Links`."""

    def keep_link(self, link: Link) -> None:
        with self._change() as state:
            for key, row in list(state["links"].items()):
                if (row["user_id"], row["purpose"]) == (link.user_id, link.purpose.value):
                    del state["links"][key]
            state["links"][link.token_hash] = {
                "user_id": link.user_id,
                "purpose": link.purpose.value,
                "email": link.email,
                "expires_at": words(link.expires_at),
            }

    def use_link(
        self, token_hash: str, purposes: Sequence[Purpose], *, now: datetime
    ) -> Link | None:
        with self._change() as state:
            row = state["links"].get(token_hash)
            if row is None or row["purpose"] not in purposes or moment(row["expires_at"]) <= now:
                return None
            del state["links"][token_hash]
            return Link(
                token_hash=token_hash,
                user_id=row["user_id"],
                purpose=Purpose(row["purpose"]),
                email=row["email"],
                expires_at=moment(row["expires_at"]),
            )

    def keep_pending(self, pending: PendingUser) -> None:
        with self._change() as state:
            state["pending_users"][pending.token_hash] = {
                "user_id": pending.user.id,
                "email": pending.user.email,
                "display_name": pending.user.display_name,
                "password_hash": pending.password_hash,
                "created_at": words(pending.user.created_at),
                "expires_at": words(pending.expires_at),
            }

    def admit_pending(self, token_hash: str, *, now: datetime) -> User | None:
        with self._change() as state:
            row = state["pending_users"].get(token_hash)
            if row is None or moment(row["expires_at"]) <= now:
                return None
            user = User(
                id=row["user_id"],
                email=row["email"],
                display_name=row["display_name"],
                created_at=moment(row["created_at"]),
                email_verified_at=now,
            )
            try:
                insert_user(state, user, row["password_hash"])
            except EmailTakenError:
                return None
            del state["pending_users"][token_hash]
            return user
