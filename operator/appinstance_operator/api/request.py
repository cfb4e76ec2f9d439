"""What the operator asks the provisioner for, and what that answers: arguments, and an exit code.

The two share this vocabulary and nothing else (docs/adr/0034). No secret has a place in it: the
arguments of a Job can be read by whoever may read Jobs.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_EXIT_CODE = re.compile(r"exit code (\d+)")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{0,64}")


class What(enum.Enum):
    """What is to be done for one instance."""

    ENSURE = "ensure"
    """Schema, users and entry are there and right."""
    DELETE = "delete"
    """All of it goes, after a dump that was seen to be readable."""


class Answer(enum.IntEnum):
    """How a request ended; the number is the exit code."""

    DONE = 0
    REFUSED = 20
    UNREACHABLE = 21
    NO_TLS = 22
    FULL = 23
    TAKEN = 24
    LOST = 25
    ENTRIES_DENIED = 26
    ENTRIES_UNREACHABLE = 27
    ROTATION_WAITS = 28
    WITHHELD = 29
    DUMP_FAILED = 30
    UNCONFIGURED = 31
    BUSY = 32
    NOT_EMPTY = 33

    @property
    def reason(self) -> str:
        """Return the word for the condition."""
        return _WORDS[self][0]

    @property
    def sentence(self) -> str:
        """Return what is amiss and what to do, for the status."""
        return _WORDS[self][1]


_WORDS = {
    Answer.DONE: ("Provisioned", "schema, user and entry are in place"),
    Answer.REFUSED: (
        "CredentialsRefused",
        "the database server refuses the administrator's credentials; see that their entry is "
        "the current one and that External Secrets syncs it",
    ),
    Answer.UNREACHABLE: (
        "DatabaseUnreachable",
        "the database server does not answer; see that it runs, and the policies and security "
        "groups between it and the provisioner",
    ),
    Answer.NO_TLS: (
        "NoVerifiedTLS",
        "the database server offers no TLS that holds (none at all, another authority, or another "
        "name), or does not keep REQUIRE SSL; nothing was sent to it. See database.caBundle and "
        "database.provisioning.host",
    ),
    Answer.FULL: (
        "DatabaseFull",
        "the database server has no room left (disk, or connections); give it more",
    ),
    Answer.TAKEN: (
        "NameTaken",
        "an entry or a schema of the name that the instance needs exists and is somebody else's; "
        "it was left as it is. Remove it, or give the AppInstance another name",
    ),
    Answer.LOST: (
        "DataMissing",
        "the schema that this instance had is not on the server any more; an empty one is not made "
        "in its place. Restore a backup of the server or a dump",
    ),
    Answer.ENTRIES_DENIED: (
        "AccessDenied",
        "Secrets Manager refuses the provisioner; compare its role with Terraform's",
    ),
    Answer.ENTRIES_UNREACHABLE: (
        "EntriesUnreachable",
        "Secrets Manager does not answer; see the VPC endpoint and the provisioner's NetworkPolicy",
    ),
    Answer.ROTATION_WAITS: (
        "RotationWaits",
        "schema, user and entry are in place; the rotation that was asked for waits until pods "
        "have taken up the one before it",
    ),
    Answer.WITHHELD: (
        "RightsMissing",
        "the administrator lacks a right on the database server; the log of the Job names it",
    ),
    Answer.DUMP_FAILED: (
        "DumpFailed",
        "no dump was written that could be read back, so nothing was removed; the log of the Job "
        "says why",
    ),
    Answer.BUSY: (
        "Busy",
        "another request for this database is under way, such as the deletion of an earlier "
        "AppInstance of this name; it is tried again",
    ),
    Answer.NOT_EMPTY: (
        "NotEmpty",
        "the schema has tables, so nothing was loaded into it; --replace has them replaced",
    ),
    Answer.UNCONFIGURED: (
        "Unconfigured",
        "the platform's settings lack what this needs; the log of the Job names it",
    ),
}


def answer_in(words: str) -> Answer | None:
    """Return the answer in what Kubernetes says of a failed Job, None when it names none."""
    found = _EXIT_CODE.search(words)
    return answer_of(int(found[1])) if found else None


def answer_of(code: int) -> Answer | None:
    """Return the answer that an exit code is, None when it is none (a crash)."""
    return next((answer for answer in Answer if answer == code), None)


@dataclass(frozen=True)
class Request:
    """One request. `rotation` is a word of the asker's: another one than before asks to rotate."""

    what: What
    namespace: str
    name: str
    rotation: str = ""

    def __post_init__(self) -> None:
        """Refuse what could be read as something else."""
        for part in (self.namespace, self.name):
            if not _NAME.fullmatch(part):
                raise ValueError(f"{part!r} is not the name of a namespace or an AppInstance")
        if not _TOKEN.fullmatch(self.rotation):
            raise ValueError(
                f"rotation {self.rotation!r} must have at most 64 letters, digits, '.', '_' or '-'"
            )

    @property
    def arguments(self) -> list[str]:
        """Return the request as the provisioner's command line takes it."""
        words = [self.what.value, f"{self.namespace}/{self.name}"]
        return [*words, f"--rotation={self.rotation}"] if self.rotation else words
