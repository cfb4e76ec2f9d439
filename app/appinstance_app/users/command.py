"""`appinstance-app users …`: what who runs the service does about one account.

Not a page: it takes the right to run a command in the pod, which the cluster already guards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from appinstance_app.auth.limits import account_key
from appinstance_app.auth.tokens import utc_now
from appinstance_app.fields import Email

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appinstance_app.settings import Settings
    from appinstance_app.store.protocol import Store

USAGE: Final = "users disable EMAIL | users enable EMAIL | users unlock EMAIL"
_DONE: Final = {
    "disable": "The account is shut and its sessions have ended.",
    "enable": "The account is open again; its owner can sign in.",
    "unlock": "Attempts to sign in to the account are counted anew.",
}


class UsersCommandError(Exception):
    """What can't be done, in a sentence."""


def run(words: Sequence[str], store: Store, settings: Settings) -> str:
    """Does it, and returns what was done. Raises UsersCommandError."""
    if len(words) != 2 or words[0] not in _DONE:
        raise UsersCommandError(f"Say what to do, and to whom: {USAGE}.")
    action, given = words
    try:
        email = TypeAdapter(Email).validate_python(given)
    except ValidationError:
        raise UsersCommandError("This is no email address.") from None
    found = store.credentials(email)
    if found is None:
        raise UsersCommandError("There is no account with this email address.")
    now = utc_now()
    if action == "unlock":
        store.clear_hits(account_key(settings, email, now))
    else:
        store.set_disabled(found.user.id, now if action == "disable" else None)
    return _DONE[action]
