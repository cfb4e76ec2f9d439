"""Time to the first byte while S3 hangs, each request beside itself before."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from app.processes import USER_PASSWORD

from .load import Load, asked, request
from .stage import Person, Server, Stage

WAITING = 40
"""So many ask for a picture all the while."""


@dataclass
class Answers:
    """Of one request: how long it took before, and while S3 hangs."""

    name: str
    before: Load
    during: Load

    @property
    def statuses(self) -> Counter[int]:
        return self.during.statuses


def measure(
    stage: Stage, server: Server, person: Person, picture: str, *, seconds: float,
    say: Callable[[str], None],
) -> list[Answers]:  # fmt: skip
    """Asks with one connection, before and during."""
    requests = {
        "`/healthz`": request("GET", "/healthz", {}),
        "own account": request("GET", "/api/v1/users/me", person.headers),
        "sign-in": request(
            "POST", "/api/v1/auth/sign-in",
            {"Content-Type": "application/json", "X-Forwarded-For": "10.9.9.9"},
            json.dumps({"email": person.email, "password": USER_PASSWORD}).encode(),
        ),
        "a picture": request("GET", picture, {"X-Forwarded-For": "10.9.9.9"}),
    }  # fmt: skip

    def look() -> dict[str, Load]:
        return {name: _one_by_one(server, ask, seconds) for name, ask in requests.items()}

    say("S3 answers")
    before = look()
    stage.hang(hangs=True)
    crowd = threading.Thread(
        target=asked, args=(server.port, itertools.repeat(requests["a picture"])),
        kwargs={"seconds": (len(requests) + 1) * (seconds + 1), "connections": WAITING},
    )  # fmt: skip
    crowd.start()
    say("S3 hangs")
    during = look()
    stage.hang(hangs=False)
    crowd.join()
    return [Answers(name, before[name], during[name]) for name in requests]


def _one_by_one(server: Server, ask: bytes, seconds: float) -> Load:
    return asked(server.port, itertools.repeat(ask), seconds=seconds, connections=1)
