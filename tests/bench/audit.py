"""Who asked the API server for what, and when: read from its audit log."""

from __future__ import annotations

import datetime
import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """One answered request; times are Unix times by the server's clock."""

    user: str
    verb: str
    resource: str
    code: int
    received: float
    ended: float
    object: str = ""
    """Namespace and name of what it was about."""

    @property
    def created(self) -> bool:
        """Return whether it made its object (a server-side apply may do that, too)."""
        return self.code == 201

    @property
    def kind(self) -> str:
        """Return what a table says of it: a word for the verb, and the resource."""
        return f"{'create' if self.created else self.verb} {self.resource}"


def _time(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def _request(event: dict[str, Any]) -> Request:
    reference = event.get("objectRef", {})
    resource = reference.get("resource", "discovery")
    if reference.get("subresource"):
        resource += f"/{reference['subresource']}"
    return Request(
        event["user"]["username"], event["verb"], resource,
        event.get("responseStatus", {}).get("code", 0),
        _time(event["requestReceivedTimestamp"]), _time(event["stageTimestamp"]),
        f"{reference.get('namespace', '')}/{reference.get('name', '')}",
    )  # fmt: skip


@dataclass
class AuditLog:
    """Reads on from where it stopped.

    Watches are left out: they last, and move nothing. So is the Lease, which is renewed whether
    there is something to do or not.
    """

    path: Path
    _offset: int = 0
    _partial: bytes = field(default=b"", repr=False)

    def read(self) -> list[Request]:
        """Return the requests that were answered since the last call."""
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self._offset:
                raise AssertionError("the audit log began anew, and requests are lost")
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        events = (json.loads(line) for line in lines if line)
        return [
            _request(event)
            for event in events
            if event["stage"] == "ResponseComplete"
            and event["verb"] != "watch"
            and event.get("objectRef", {}).get("resource") != "leases"
        ]


def by_kind(requests: Iterable[Request], user: str) -> Counter[str]:
    """Return how many requests of each kind a user made."""
    return Counter(item.kind for item in requests if item.user == user)


def window(requests: Iterable[Request]) -> float:
    """Return the seconds from the first request's arrival to the last one's answer."""
    times = [(item.received, item.ended) for item in requests]
    return max(end for _, end in times) - min(start for start, _ in times) if times else 0.0
