"""Password hashes: argon2id for all, the legacy salted SHA-256 read once and replaced.

Parameters are OWASP's (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane), written out so that
an update of the library changes nothing by itself. Whoever signs in gets the current ones.
An email that nobody has costs the same time as one that somebody has.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw

from appinstance_app.problems import FieldError, Kind, Problem
from appinstance_app.workers import CGROUP, Bounded, at_once

from .strength import is_easily_guessed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from appinstance_app.metrics import Metrics

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
# Of the container's memory, for all hashing at a time: argon2 fills what it is given.
MEMORY_SHARE: Final = 0.2
_WAITING_EACH: Final = 32
# Whoever signs in waits no longer; a line that is longer than that is no service.
_SECONDS: Final = 10.0
# sha256$<salt>$<hex of SHA-256(salt + password)>, both as UTF-8
_LEGACY: Final = re.compile(r"sha256\$([^$]*)\$([0-9a-f]{64})")


@dataclass(frozen=True)
class Verdict:
    """`replacement`: a hash to keep instead, made when the password matched an outdated one."""

    matches: bool
    replacement: str | None = None


class Passwords:
    """Hashes and verifies, as many at a time as there are CPUs and memory for.

    `words`: what is easily guessed beside the account's own.
    """

    def __init__(
        self,
        metrics: Metrics | None = None,
        *,
        words: Sequence[str] = (),
        together: int | None = None,
        cgroup: Path = CGROUP,
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        self._words = words
        together = together or at_once(MEMORY_KIB * 1024, share=MEMORY_SHARE, cgroup=cgroup)
        self._pool = Bounded(
            "passwords", together, waiting=together * _WAITING_EACH, seconds=_SECONDS
        )
        # From the live hasher: were its cost changed, the dummy's would change with it.
        self._dummy = self._hasher.hash(secrets.token_urlsafe())
        if metrics:
            metrics.hashing_in_line.set_function(lambda: self._pool.in_line)

    async def hash_new(self, password: str, email: str, display_name: str) -> str:
        """The hash of a new password. Raises Busy; Problem (422) where it is easily guessed."""
        return await self._pool.run(self._judged_hash, password, email, display_name)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Whether the password is that of `stored`; None stands for an unknown account, "" for
        one without a password."""
        return await self._pool.run(self._verdict, stored, password)

    async def digest(self, secret: str, salt: bytes) -> str:
        """What a secret and a salt always give: 64 hex digits, as costly as a hash. Raises Busy."""
        return await self._pool.run(self._digest, secret, salt)

    def _digest(self, secret: str, salt: bytes) -> str:
        raw = hash_secret_raw(
            secret.encode(),
            salt,
            time_cost=self._hasher.time_cost,
            memory_cost=self._hasher.memory_cost,
            parallelism=self._hasher.parallelism,
            hash_len=32,
            type=Type.ID,
        )
        return raw.hex()

    def _judged_hash(self, password: str, email: str, display_name: str) -> str:
        if is_easily_guessed(password, email, display_name, self._words):
            easy = "This password is too easily guessed; take another one."
            field = FieldError(field="password", message=easy)
            raise Problem(422, easy, errors=[field], kind=Kind.COMMON_PASSWORD)
        return self._hasher.hash(password)

    def _verdict(self, stored: str | None, password: str) -> Verdict:
        legacy = _LEGACY.fullmatch(stored) if stored else None
        if not stored or legacy:
            # Also for a legacy hash, which alone would be checked a thousand times faster.
            self._matches(self._dummy, password)
        if not stored:
            return Verdict(matches=False)
        if legacy:
            digest = hashlib.sha256((legacy[1] + password).encode()).hexdigest()
            if not hmac.compare_digest(digest, legacy[2]):
                return Verdict(matches=False)
            return Verdict(matches=True, replacement=self._hasher.hash(password))
        if not self._matches(stored, password):
            return Verdict(matches=False)
        outdated = self._hasher.check_needs_rehash(stored)
        return Verdict(matches=True, replacement=self._hasher.hash(password) if outdated else None)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
