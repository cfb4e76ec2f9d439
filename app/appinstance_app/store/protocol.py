"""What every store can do. Blocking: callers on the event loop go through `workers.in_thread`.

Each method is one transaction: it happens whole or not at all, also beside other replicas.
tests/app/store/test_contract.py runs the same tests against every implementation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from .records import Credentials, RefreshToken, Rotation, Session, User


class StoreUnavailableError(Exception):
    """The store can't be reached or is overloaded at the moment; trying again later may help."""


class SchemaUnfitError(StoreUnavailableError):
    """The database's schema is not one that this version can work with; says what to do."""


class EmailTakenError(Exception):
    """There is already an account with this email."""


class Store(Protocol):
    """Accounts, sessions and counters."""

    def check(self) -> None:
        """Returns if requests can be served. Raises StoreUnavailableError."""

    def close(self) -> None:
        """Gives back what the store holds open."""

    def add_user(self, user: User, password_hash: str) -> None:
        """Raises EmailTakenError."""

    def user(self, user_id: str) -> User | None:
        """The account with this id."""

    def credentials(self, email: str) -> Credentials | None:
        """The account with this normalised email, and its hash."""

    def replace_password_hash(self, user_id: str, old: str, new: str) -> bool:
        """Sets the hash to `new` if it still is `old`; whether it was."""

    def replace_avatar(self, user_id: str, name: str | None) -> str | None:
        """Sets the picture's name and returns the one before, which nobody else gets to see."""

    def open_session(self, session: Session, token: RefreshToken) -> None:
        """Keeps a session with its first token."""

    def rotate(
        self, token_hash: str, *, successor: str, expires_at: datetime, now: datetime
    ) -> Rotation:
        """Uses the token up and keeps `successor` (a hash) in its place, for at most one caller.

        The successor lives until `expires_at` or the session's end, whichever is first. A refusal
        changes nothing: revoking the family is a transaction of its own, so that no rollback of
        this one can undo it.
        """

    def revoke_session(self, session_id: str, *, now: datetime) -> None:
        """No token of this session is accepted from now on."""

    def session_of(self, token_hash: str) -> Session | None:
        """The session that a token belongs to, whatever has become of either."""

    def count_hit(self, key: str, *, expires_at: datetime) -> int:
        """Adds one to a counter (at most 100 characters) and returns it, across all replicas."""

    def clear_hits(self, key: str) -> None:
        """Forgets a counter."""

    def purge_expired(self, *, now: datetime) -> int:
        """Deletes what has expired, and nothing sooner; how many rows."""
