"""What every store can do. Blocking: callers on the event loop go through `workers.in_thread`.

Each method is one transaction: it happens whole or not at all, also beside other replicas.
tests/app/store/ runs the same tests against every implementation.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .records import (
        Activity,
        Client,
        Credentials,
        Hit,
        Identity,
        Leftovers,
        Link,
        OldPicture,
        Passkey,
        PendingUser,
        Proof,
        Purpose,
        RefreshToken,
        Removal,
        Rotation,
        Session,
        User,
    )

NO_GRACE: Final = timedelta(0)


class StoreUnavailableError(Exception):
    """The store can't be reached or is overloaded at the moment; trying again later may help."""


class SchemaUnfitError(StoreUnavailableError):
    """The database's schema is not one that this version can work with; says what to do."""


class EmailTakenError(Exception):
    """There is already an account with this email."""


class PasskeyTakenError(Exception):
    """There is already a passkey with this credential id."""


class TooManyPasskeysError(Exception):
    """The account has as many passkeys as one may have."""


class IdentityTakenError(Exception):
    """This identity belongs to an account already."""


class Accounts(Protocol):
    """Who there is."""

    def add_user(self, user: User, password_hash: str) -> None:
        """Raises EmailTakenError."""

    def user(self, user_id: str) -> User | None:
        """The account with this id."""

    def credentials(self, email: str) -> Credentials | None:
        """The account with this normalised email, and its hash."""

    def credentials_of(self, user_id: str) -> Credentials | None:
        """The account with this id, and its hash."""

    def replace_password_hash(self, user_id: str, old: str, new: str) -> bool:
        """Sets the hash to `new` if it still is `old`; whether it was."""

    def set_password_hash(self, user_id: str, new: str, *, keep: str | None, now: datetime) -> None:
        """Sets the hash, whatever it was; ends all sessions but `keep`, and all links with them.

        All at once: whoever had the old password, a session or a link has nothing of it left.
        """

    def set_display_name(self, user_id: str, name: str) -> None:
        """Renames the account."""

    def set_email(self, user_id: str, email: str, *, verified_at: datetime) -> None:
        """Gives the account a (verified) address. Raises EmailTakenError."""

    def set_disabled(self, user_id: str, at: datetime | None) -> None:
        """Shuts the account, or opens it again (None). A shut one has no session."""

    def delete_user(self, user_id: str, *, now: datetime) -> User | None:
        """Removes the account with all that belongs to it; the account as it was. Its picture is an
        old one from then on."""


class Pictures(Protocol):
    """Which picture is whose now, and which objects are to go.

    An object is on the list of old pictures before it is made, and leaves it in the transaction
    that makes it somebody's picture, in which the one before enters it. So whatever is cut off
    between the objects and the accounts, the list has it.
    """

    def announce_picture(self, user_id: str, name: str, *, due_at: datetime) -> None:
        """There may be an object of this name: an old picture from `due_at` on, should it not have
        become the account's until then. Of two announcements the earlier time counts."""

    def replace_avatar(self, user_id: str, name: str | None, *, now: datetime) -> bool:
        """Makes an announced picture the account's (or none). False, and nothing is changed, where
        the account is gone, or the deletion of the object has begun."""

    def claim_old_picture(self, *, now: datetime, again_at: datetime) -> OldPicture | None:
        """The one that is due the longest, for at most one caller until `again_at`."""

    def forget_old_picture(self, name: str) -> None:
        """Its object is gone."""

    def old_pictures(self, *, now: datetime) -> Leftovers:
        """What is left to be deleted, whether or not somebody is at it."""


class Sessions(Protocol):
    """Who is signed in where."""

    def open_session(
        self,
        session: Session,
        token: RefreshToken,
        *,
        instead_of: str | None = None,
        noted: Activity | None = None,
        cleared: str | None = None,
    ) -> None:
        """Keeps a session with its first token; ends the one of the token hash `instead_of`.

        With it goes the note for the account's owner, so that there is no session without one, and
        the counter (`cleared`) of what was tried before.
        """

    def rotate(
        self,
        token_hash: str,
        *,
        successor: str,
        expires_at: datetime,
        now: datetime,
        grace: timedelta = NO_GRACE,
    ) -> Rotation:
        """Uses the token up and keeps `successor` (a hash) in its place, for at most one caller.

        The successor lives until `expires_at` or the session's end, whichever is first. A token
        that was used up less than `grace` ago is taken once more while its successor is unused: the
        answer that carried it was lost. That one is then used up, too. A refusal changes nothing:
        revoking the family is a transaction of its own, so that no rollback can undo it.
        """

    def note_use(self, session_id: str, client: Client, *, now: datetime) -> None:
        """Notes when and from where a session was last used."""

    def confirm_session(self, session_id: str, *, now: datetime) -> None:
        """Notes that the session's person has just proved to be the owner."""

    def caller(self, session_id: str, *, now: datetime) -> tuple[User, Session] | None:
        """The session and its account; None if either is over, revoked or shut."""

    def sessions_of(self, user_id: str, *, now: datetime) -> Sequence[Session]:
        """The account's sessions that are not over, the one used last first."""

    def revoke_session(self, session_id: str, *, now: datetime) -> None:
        """No token of this session is accepted from now on."""

    def revoke_sessions(self, user_id: str, *, keep: str | None, now: datetime) -> int:
        """Revokes all of the account's sessions but `keep`; how many."""

    def session_of(self, token_hash: str) -> Session | None:
        """The session that a token belongs to, whatever has become of either."""


class Links(Protocol):
    """What was mailed."""

    def keep_link(self, link: Link) -> None:
        """Keeps a link; older ones of the same account and purpose are no longer good."""

    def use_link(
        self, token_hash: str, purposes: Sequence[Purpose], *, now: datetime
    ) -> Link | None:
        """The link, for at most one caller, if it is for one of these purposes and still good."""

    def keep_pending(self, pending: PendingUser) -> None:
        """Keeps an account that is to be."""

    def admit_pending(self, token_hash: str, *, now: datetime) -> User | None:
        """Makes the account, verified, for at most one caller; None if there is none to make, or
        its address is taken by now."""


class History(Protocol):
    """What people see of their own account."""

    def add_activity(self, activity: Activity) -> None:
        """Keeps it until it expires; nothing if the account is gone."""

    def activity_of(self, user_id: str, *, most: int, failed: bool) -> Sequence[Activity]:
        """The newest first: sign-ins that failed, or all the rest."""


class Counters(Protocol):
    """Numbers that all replicas count together."""

    def count_hit(self, key: str, *, expires_at: datetime) -> int:
        """Adds one to a counter (at most 100 characters) and returns it, across all replicas."""

    def count_in_turn(self, hits: Sequence[Hit]) -> Sequence[int]:
        """Counts in turn up to the first beyond its `most`; the numbers, told when all are kept."""

    def clear_hits(self, key: str) -> None:
        """Forgets a counter."""


class Passkeys(Protocol):
    """What an account's owner holds, and what helps where it is lost."""

    def add_passkey(self, passkey: Passkey, *, most: int) -> None:
        """Raises PasskeyTakenError, TooManyPasskeysError beyond `most`."""

    def passkey(self, credential_id: str) -> Passkey | None:
        """The passkey with this credential id."""

    def passkeys_of(self, user_id: str) -> Sequence[Passkey]:
        """The account's passkeys, the oldest first."""

    def use_passkey(self, passkey_id: str, *, sign_count: int, now: datetime) -> bool:
        """Notes a use with the authenticator's counter. False, and nothing noted, if the counter
        did not grow and is not 0 as ever: somebody else has used a copy."""

    def rename_passkey(self, user_id: str, passkey_id: str, name: str) -> bool:
        """Whether the account has it."""

    def remove_passkey(self, user_id: str, passkey_id: str, *, issuer: str | None) -> Removal:
        """Removes it. With the last one the second factor is off and recovery codes are gone. It
        stays if the account had neither password nor an identity at `issuer` then."""

    def set_second_factor(self, user_id: str, *, on: bool) -> bool:
        """Whether it is as asked now: without a passkey it can't be on."""

    def replace_recovery_codes(self, user_id: str, hashes: Sequence[str]) -> None:
        """These are the account's codes from now on, and no others."""

    def recovery_codes_left(self, user_id: str) -> int:
        """How many are not used."""

    def use_recovery_code(self, user_id: str, code_hash: str) -> bool:
        """Uses a code up, for at most one caller; whether there was one."""


class Proofs(Protocol):
    """Challenges, tickets and states, so that any replica can answer."""

    def keep_proof(self, proof: Proof) -> None:
        """Keeps it until it expires."""

    def proof(self, token_hash: str, kind: str, *, now: datetime) -> Proof | None:
        """The proof, which stays."""

    def take_proof(self, token_hash: str, kind: str, *, now: datetime) -> Proof | None:
        """The proof, for at most one caller; it is used up."""


class Identities(Protocol):
    """Whom a provider knows."""

    def identified(self, issuer: str, subject: str) -> User | None:
        """The account of an identity."""

    def add_identity(self, identity: Identity) -> None:
        """Links it to an account that there is. Raises IdentityTakenError."""

    def add_identified(self, user: User, identity: Identity) -> None:
        """A new account without a password. Raises EmailTakenError, IdentityTakenError."""


class Store(
    Accounts, Pictures, Sessions, Links, History, Counters, Passkeys, Proofs, Identities, Protocol
):
    """All of it."""

    def check(self) -> None:
        """Returns if requests can be served. Raises StoreUnavailableError."""

    def close(self) -> None:
        """Gives back what the store holds open."""

    def purge_expired(self, *, now: datetime) -> int:
        """Deletes what has expired, and nothing sooner; how many rows."""
