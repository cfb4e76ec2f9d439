"""The objects of a namespace, read and written over one connection that is kept.

A kubectl for each would take longer than what is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support.apiserver import ApiServer
from support.people import Answer, Person, administrator, kind_of
from support.waiting import wait_for


def done(answer: Answer) -> Answer:
    """Return an answer; fail with its message when it is a refusal."""
    assert answer.status < 300, answer.message
    return answer


class Objects:
    """What is in a namespace. Kinds are named by the words that kubectl takes."""

    server: ApiServer
    namespace: str

    @property
    def admin(self) -> Person:
        """Return who may do everything there."""
        return administrator(self.server)

    def kubectl(self, *words: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl in this namespace."""
        return self.server.kubectl("-n", self.namespace, *words, stdin=stdin, check=check).stdout

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object, empty when it is not there."""
        told = self.admin.get(self.namespace, kind_of(kind), name)
        return {} if told.status == 404 else dict(done(told).body)

    def names(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind, in their order."""
        listed = self.admin.listed(self.namespace, kind_of(kind))
        return [item["metadata"]["name"] for item in listed]

    def patch(
        self, kind: str, name: str, patch: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> None:
        """Patch an object: merge a mapping, or take steps in turn."""
        done(self.admin.patch(self.namespace, kind_of(kind), name, patch))

    def delete(self, kind: str, name: str, *, wait: bool = True, missing_ok: bool = False) -> None:
        """Delete an object and wait until this one is gone, as kubectl does."""
        told = self.admin.delete(
            self.namespace, kind_of(kind), name, propagationPolicy="Background"
        )
        if missing_ok and told.status == 404:
            return
        body = done(told).body
        # The answer is the object, or a word about it.
        uid = body["details"]["uid"] if body["kind"] == "Status" else body["metadata"]["uid"]

        def went() -> bool:
            return bool(self.get(kind, name).get("metadata", {}).get("uid") != uid)

        if wait:
            wait_for(f"{kind} {name} to be deleted", went)

    def is_gone(self, kind: str, name: str) -> bool:
        """Return whether there is no such object."""
        return self.get(kind, name) == {}

    def patch_status(self, kind: str, name: str, status: Mapping[str, Any]) -> None:
        """Write an object's status."""
        patch = {"status": status}
        done(self.admin.patch(self.namespace, kind_of(kind), name, patch, "/status"))
