"""What an instance's things are called: by these names it is kept apart from every other one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_SCHEMA_LENGTH: Final = 64
_DIGEST_LENGTH: Final = 16
TURNS: Final = ("a", "b")


@dataclass(frozen=True)
class Identity:
    """Whose database it is: cluster (its OIDC issuer), namespace, and the AppInstance's name."""

    cluster: str
    namespace: str
    name: str

    @property
    def digest(self) -> str:
        """Return what no other identity has; the separator is in none of the three."""
        whole = "\0".join((self.cluster, self.namespace, self.name))
        return hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST_LENGTH]

    @property
    def schema(self) -> str:
        """Return the schema: words for people, and the digest, which alone tells it apart.

        Without `_` and `%`, which are wildcards where rights are granted on a schema.
        """
        room = _SCHEMA_LENGTH - len("app--") - _DIGEST_LENGTH
        words = re.sub(r"[^a-z0-9-]", "-", f"{self.namespace}-{self.name}")[:room].strip("-")
        return f"app-{words}-{self.digest}"

    @property
    def users(self) -> tuple[str, str]:
        """Return the two users that take turns."""
        first, second = TURNS
        return f"app-{self.digest}-{first}", f"app-{self.digest}-{second}"

    @property
    def lock(self) -> str:
        """Return the lock that whoever works on this instance holds."""
        return f"appinstance-{self.digest}"

    def other(self, user: str) -> str:
        """Return the user whose turn it is after `user`."""
        first, second = self.users
        return first if user == second else second
