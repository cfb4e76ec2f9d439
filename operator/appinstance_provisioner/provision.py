"""Making an instance's database and keeping it right: whatever was there, the end is the same.

What the entry holds is the truth about who logs in. Two users take turns: the one in the entry, and
the one that was there before it, whose password stays until the next turn, so that a pod is served
with either. docs/adr/0034 has the reasons.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from appinstance_operator.api.request import Answer

from . import accounts
from .entries import Credentials, Entries
from .failures import Failure
from .ledger import Ledger, Line, State
from .names import Identity
from .server import Administrator, Place, may_log_in
from .steps import point

_PASSWORD_BYTES = 30


@dataclass(frozen=True)
class Terms:
    """What every database gets: its place, connections, and how long a password serves."""

    place: Place
    connections: int
    rotation_seconds: int
    """After how long a password is followed by another one."""
    gap_seconds: int
    """How long pods have to take up a password before the next one may come."""


@dataclass
class Done:
    """What was done, for the log; `waits`: a rotation that has to come later."""

    repaired: list[str] = field(default_factory=list)
    rotated: bool = False
    waits: bool = False


@dataclass(frozen=True)
class Provisioner:
    """The steps, with what they work on."""

    admin: Administrator
    entries: Entries
    terms: Terms

    def ensure(self, identity: Identity, key: str, rotation: str = "") -> Done:
        """Bring schema, users and entry to what they should be.

        `rotation`: a word other than the last one asks for a new password, no word for nothing.
        Raises Failure.
        """
        with self.admin.alone(identity.lock):
            ledger = Ledger(self.admin)
            exists = self.entries.is_there(key, identity)
            line = self._begun(ledger, identity)
            if line.state is State.DELETING:
                raise Failure(Answer.BUSY, "an earlier AppInstance of this name is being deleted")
            done = Done()
            self._schema(identity, line)
            self._users(identity, done)
            self._credentials(ledger, identity, key, line, rotation, done, exists=exists)
            if line.state is not State.ACTIVE:
                ledger.put_state(identity, State.ACTIVE)
            return done

    def _begun(self, ledger: Ledger, identity: Identity) -> Line:
        """Return the instance's line, which is written before anything is made."""
        line = ledger.line(identity)
        if line is None:
            if accounts.schema_exists(self.admin, identity.schema):
                raise Failure(
                    Answer.TAKEN,
                    f"schema {identity.schema} exists and the ledger has no line of it",
                )
            ledger.begin(identity)
            line = ledger.line(identity)
            point("after-ledger")
        if line is None or line.schema != identity.schema:
            raise Failure(Answer.TAKEN, f"the ledger has {identity.schema} as somebody else's")
        return line

    def _schema(self, identity: Identity, line: Line) -> None:
        if line.state is State.MAKING:
            accounts.make_schema(self.admin, identity.schema)
            point("after-schema")
        elif not accounts.schema_exists(self.admin, identity.schema):
            raise Failure(Answer.LOST, f"schema {identity.schema} is not on the server any more")

    def _users(self, identity: Identity, done: Done) -> None:
        for user in identity.users:
            if not accounts.user_exists(self.admin, user):
                # Nobody knows this password: it opens nothing until the user's turn comes.
                accounts.make_user(self.admin, user, _password(), self.terms.connections)
                point("after-users")
            done.repaired += self._repaired(user, identity)
        point("after-grants")

    def _repaired(self, user: str, identity: Identity) -> list[str]:
        """Put a user right; made anew where it has more than the administrator can take away."""
        schema, connections = identity.schema, self.terms.connections
        try:
            return accounts.repaired(self.admin, user, schema, connections)
        except Failure as failure:
            if failure.answer is not Answer.WITHHELD:
                raise
        accounts.drop_users(self.admin, [user])
        accounts.make_user(self.admin, user, _password(), connections)
        accounts.repaired(self.admin, user, schema, connections)
        return [f"{user}: had rights that cannot be taken away; made anew"]

    def _credentials(
        self,
        ledger: Ledger,
        identity: Identity,
        key: str,
        line: Line,
        rotation: str,
        done: Done,
        *,
        exists: bool,
    ) -> None:
        held = self.entries.value(key) if exists else None
        if held is None or not self._is_ours(held, identity):
            if line.active:
                done.repaired.append("the entry was gone or changed")
            # Pods may still run with the active user's password, so it is the other one's turn.
            user = identity.other(line.active) if line.active else identity.users[0]
            self._issue(ledger, identity, key, user, exists=exists)
            self._note(ledger, identity, line, rotation)
            return
        if not self._opens(held):
            if line.digest == _digest(held.password):
                # The entry is as we wrote it, so it is the server's side that was changed.
                accounts.set_password(self.admin, held.username, held.password)
                done.repaired.append(f"{held.username}: the password was another one")
            else:
                done.repaired.append("the entry held a password that opens nothing")
                user = identity.other(line.active or held.username)
                self._issue(ledger, identity, key, user, exists=True)
                self._note(ledger, identity, line, rotation)
                return
        if line.digest != _digest(held.password):
            # Somebody died between the entry and the ledger: what opens is right.
            ledger.issued(identity, held.username, _digest(held.password))
            self._note(ledger, identity, line, rotation)
            return
        self._rotate_if_due(ledger, identity, key, held, line, rotation, done)

    def _rotate_if_due(
        self,
        ledger: Ledger,
        identity: Identity,
        key: str,
        held: Credentials,
        line: Line,
        rotation: str,
        done: Done,
    ) -> None:
        age = line.age_seconds or 0
        asked = bool(rotation) and rotation != line.rotation
        if not asked and age < self.terms.rotation_seconds:
            return
        if age < self.terms.gap_seconds:
            done.waits = asked
            return
        self._issue(ledger, identity, key, identity.other(held.username), exists=True)
        self._note(ledger, identity, line, rotation)
        done.rotated = True

    def _issue(
        self, ledger: Ledger, identity: Identity, key: str, user: str, *, exists: bool
    ) -> None:
        """Give a user a new password, see that it opens the schema, and write the entry."""
        password = _password()
        accounts.set_password(self.admin, user, password)
        point("after-password")
        place = self.terms.place
        if not may_log_in(place, user, password, identity.schema):
            raise Failure(Answer.WITHHELD, f"{user} cannot log in with its new password")
        credentials = Credentials(place.host, place.port, user, password, identity.schema)
        self.entries.put(key, identity, credentials, exists=exists)
        point("after-entry")
        ledger.issued(identity, user, _digest(password))
        point("after-issue")

    @staticmethod
    def _note(ledger: Ledger, identity: Identity, line: Line, rotation: str) -> None:
        if rotation and rotation != line.rotation:
            ledger.rotated(identity, rotation)

    def _is_ours(self, held: Credentials, identity: Identity) -> bool:
        place = self.terms.place
        return (
            held.username in identity.users
            and held.dbname == identity.schema
            and (held.host, held.port) == (place.host, place.port)
        )

    def _opens(self, held: Credentials) -> bool:
        return may_log_in(self.terms.place, held.username, held.password, held.dbname)


def _password() -> str:
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
