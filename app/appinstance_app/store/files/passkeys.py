"""Passkeys and recovery codes in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appinstance_app.store.protocol import PasskeyTakenError, TooManyPasskeysError
from appinstance_app.store.records import Passkey, Removal

from .base import FileBase, Row, moment, moment_or_none, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class FilePasskeys(FileBase):
    """See `protocol.Passkeys`."""

    def add_passkey(self, passkey: Passkey, *, most: int) -> None:
        with self._change() as state:
            owner = state["users"].get(passkey.user_id)
            if owner is None or owner.get("passkeys", 0) >= most:
                raise TooManyPasskeysError
            if any(
                row["credential_id"] == passkey.credential_id for row in state["passkeys"].values()
            ):
                raise PasskeyTakenError
            state["passkeys"][passkey.id] = {
                "user_id": passkey.user_id,
                "credential_id": passkey.credential_id,
                "public_key": passkey.public_key,
                "name": passkey.name,
                "sign_count": passkey.sign_count,
                "created_at": words(passkey.created_at),
                "last_used_at": words(passkey.last_used_at),
            }
            owner["passkeys"] = owner.get("passkeys", 0) + 1

    def passkey(self, credential_id: str) -> Passkey | None:
        with self._look() as state:
            for key, row in state["passkeys"].items():
                if row["credential_id"] == credential_id:
                    return _passkey(key, row)
        return None

    def passkeys_of(self, user_id: str) -> Sequence[Passkey]:
        with self._look() as state:
            found = [
                _passkey(key, row)
                for key, row in state["passkeys"].items()
                if row["user_id"] == user_id
            ]
        return tuple(sorted(found, key=lambda item: (item.created_at, item.id)))

    def use_passkey(self, passkey_id: str, *, sign_count: int, now: datetime) -> bool:
        with self._change() as state:
            row = state["passkeys"].get(passkey_id)
            if row is None:
                return False
            # 0 is what an authenticator says that has no counter.
            if not (row["sign_count"] < sign_count if sign_count else row["sign_count"] == 0):
                return False
            row |= {"sign_count": sign_count, "last_used_at": words(now)}
            return True

    def rename_passkey(self, user_id: str, passkey_id: str, name: str) -> bool:
        with self._change() as state:
            row = state["passkeys"].get(passkey_id)
            if row is None or row["user_id"] != user_id:
                return False
            row["name"] = name
            return True

    def remove_passkey(self, user_id: str, passkey_id: str, *, issuer: str | None) -> Removal:
        with self._change() as state:
            row, owner = state["passkeys"].get(passkey_id), state["users"].get(user_id)
            if row is None or owner is None or row["user_id"] != user_id:
                return Removal.UNKNOWN
            last = owner["passkeys"] == 1
            known = any(
                (item["user_id"], item["issuer"]) == (user_id, issuer)
                for item in state["identities"].values()
            )
            if last and not owner["password_hash"] and not known:
                return Removal.LAST_WAY_IN
            del state["passkeys"][passkey_id]
            owner["passkeys"] -= 1
            if not last:
                return Removal.GONE
            was_on = owner.get("second_factor", False)
            owner["second_factor"] = False
            state["recovery_codes"].pop(user_id, None)
            return Removal.GONE_WITH_SECOND_FACTOR if was_on else Removal.GONE

    def set_second_factor(self, user_id: str, *, on: bool) -> bool:
        with self._change() as state:
            owner = state["users"].get(user_id)
            if owner is None or (on and not owner.get("passkeys", 0)):
                return False
            owner["second_factor"] = on
            return True

    def replace_recovery_codes(self, user_id: str, hashes: Sequence[str]) -> None:
        with self._change() as state:
            if user_id in state["users"]:
                state["recovery_codes"][user_id] = list(hashes)

    def recovery_codes_left(self, user_id: str) -> int:
        with self._look() as state:
            return len(state["recovery_codes"].get(user_id, ()))

    def use_recovery_code(self, user_id: str, code_hash: str) -> bool:
        with self._change() as state:
            codes = state["recovery_codes"].get(user_id, [])
            if code_hash not in codes:
                return False
            codes.remove(code_hash)
            return True


def _passkey(passkey_id: str, row: Row) -> Passkey:
    return Passkey(
        id=passkey_id,
        user_id=row["user_id"],
        credential_id=row["credential_id"],
        public_key=row["public_key"],
        name=row["name"],
        sign_count=row["sign_count"],
        created_at=moment(row["created_at"]),
        last_used_at=moment_or_none(row["last_used_at"]),
    )
