"""AppInstances as the commands that Helm's hooks run see them.

`appinstance drain` and `appinstance wait-ready` run outside of the operator's process, in short
pods of their own with a narrow account. They need four calls and no cache, so they share the small
`Fleet` rather than the operator's watch caches. Both judge snapshots and then block in
`await_change`, which returns when the API server reports a change: nothing sleeps, nothing polls.
Here is what they look at; `fleet_client.py` asks a real API server for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class CommandError(Exception):
    """A command cannot do what it was asked; the message is a sentence that says what to change."""


class Key(NamedTuple):
    """The namespace and name of one AppInstance."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Return the key that `<namespace>/<name>` names; raise `ValueError` for another form."""
        namespace, slash, name = text.partition("/")
        if not (namespace and slash and name) or "/" in name:
            raise ValueError(f"{text!r} is not of the form <namespace>/<name>")
        return cls(namespace, name)


@dataclass(frozen=True)
class Condition:
    """One entry of `status.conditions`."""

    status: str
    reason: str
    message: str


@dataclass(frozen=True)
class Seen:
    """What a command needs to know of one AppInstance at one moment."""

    key: Key
    uid: str
    generation: int
    observed_generation: int
    deleting: bool
    conditions: Mapping[str, Condition]

    @property
    def current(self) -> bool:
        """Whether the status speaks of the spec as it is now."""
        return self.observed_generation >= self.generation

    def is_true(self, kind: str) -> bool:
        """Return whether the condition is there with status `True`."""
        condition = self.conditions.get(kind)
        return condition is not None and condition.status == "True"

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Seen:
        """Return what the object, as the API server sends it, says."""
        metadata, status = body["metadata"], body.get("status") or {}
        return cls(
            key=Key(metadata["namespace"], metadata["name"]),
            uid=metadata["uid"],
            generation=int(metadata.get("generation", 0)),
            observed_generation=int(status.get("observedGeneration", 0)),
            deleting="deletionTimestamp" in metadata,
            conditions={
                entry["type"]: Condition(
                    entry["status"], entry.get("reason", ""), entry.get("message", "")
                )
                for entry in status.get("conditions") or ()
            },
        )


@dataclass(frozen=True)
class Snapshot:
    """All AppInstances that were asked for, and the version from which a watch continues."""

    instances: Sequence[Seen]
    version: str


class Fleet(Protocol):
    """The four calls; `only` narrows one to a single AppInstance."""

    def snapshot(self, only: Key | None = None) -> Snapshot:
        """Return what is there now; nothing when the CRD is not installed."""

    def delete(self, seen: Seen) -> None:
        """Ask for deletion; one that is gone already, or has been replaced, is fine."""

    def await_change(self, since: str, seconds: float, only: Key | None = None) -> None:
        """Return at the first change after `since`, or when `seconds` have passed."""


def exit_code(work: Callable[[], str]) -> int:
    """Write the sentence that `work` returns to stdout, or that of its error to stderr.

    Return 0, or 1 for a `CommandError`.
    """
    try:
        sys.stdout.write(work() + "\n")
    except CommandError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0
