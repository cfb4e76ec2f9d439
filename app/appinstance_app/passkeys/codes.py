"""Recovery codes: ten, each good once, shown once, kept as argon2 hashes.

A code has 50 random bits, and its hash costs what a password's does: the store's hashes can't be
guessed at in a useful time. The salt is the account's, so one hash is enough to look for a code.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final

from appinstance_app.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appinstance_app.auth.passwords import Passwords
    from appinstance_app.store.protocol import Passkeys

COUNT: Final = 10
LENGTH: Final = 10
# Crockford's: nothing that could be read as something else.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS: Final = str.maketrans({"o": "0", "i": "1", "l": "1", "-": "", " ": ""})


class RecoveryCodes:
    """Makes and uses them."""

    def __init__(self, store: Passkeys, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    async def made(self, user_id: str) -> Sequence[str]:
        """New codes; the ones before are no longer good. Raises Busy."""
        codes = [_code() for _ in range(COUNT)]
        salt = _salt(user_id)
        hashes = [await self._passwords.digest(_read(code), salt) for code in codes]
        await in_thread(self._store.replace_recovery_codes, user_id, hashes)
        return codes

    async def used(self, user_id: str, code: str) -> bool:
        """Whether it was a good one, which it no longer is. Raises Busy."""
        code_hash = await self._passwords.digest(_read(code), _salt(user_id))
        return await in_thread(self._store.use_recovery_code, user_id, code_hash)


def _code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
    return f"{text[:5]}-{text[5:]}"


def _read(code: str) -> str:
    """However it was typed."""
    return code.lower().translate(_READ_AS)


def _salt(user_id: str) -> bytes:
    return hashlib.sha256(f"recovery-codes:{user_id}".encode()).digest()[:16]
