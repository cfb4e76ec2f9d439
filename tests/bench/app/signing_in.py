"""Sign-ins a second of one processor, beside argon2 alone on the same one.

`python -m bench.app.signing_in SECONDS` is argon2 alone; it prints how many there were, and the
processor time they took.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.processes import USER_PASSWORD
from argon2 import PasswordHasher, Type

from appinstance_app.auth.passwords import LANES, MEMORY_KIB, PASSES

from .load import asked, request
from .stage import Person, Server, Stage

CONNECTIONS = 4


@dataclass
class SigningIn:
    """Blocks in turn: so many a second of the wall's clock, and of processor time."""

    ours: list[float] = field(default_factory=list)
    ours_cpu: list[float] = field(default_factory=list)
    argon2: list[float] = field(default_factory=list)
    argon2_cpu: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def measure(
    stage: Stage, server: Server, people: list[Person], *, blocks: int, seconds: float,
    say: Callable[[str], None],
) -> SigningIn:  # fmt: skip
    """Signs people in, and verifies alone, in turn."""
    found = SigningIn()
    requests = itertools.cycle([_sign_in(person) for person in people])
    for block in range(blocks):
        say(f"sign-ins, {block + 1} of {blocks}")
        before = server.cpu_seconds
        load = asked(server.port, requests, seconds=seconds, connections=CONNECTIONS)
        if set(load.statuses) != {200}:
            sys.exit(f"error: sign-ins answered {dict(load.statuses)}")
        found.ours.append(load.rate)
        found.p99.append(load.quantile(0.99))
        found.ours_cpu.append(len(load.latencies) / (server.cpu_seconds - before))
        say(f"argon2 alone, {block + 1} of {blocks}")
        count, wall, cpu = stage.on_the_servers_processor("bench.app.signing_in", str(seconds))
        found.argon2.append(count / wall)
        found.argon2_cpu.append(count / cpu)
    return found


def _sign_in(person: Person) -> bytes:
    headers = {
        "Content-Type": "application/json", "X-Forwarded-For": person.headers["X-Forwarded-For"],
    }  # fmt: skip
    body = json.dumps({"email": person.email, "password": USER_PASSWORD}).encode()
    return request("POST", "/api/v1/auth/sign-in", headers, body)


def _alone(seconds: float) -> tuple[int, float, float]:
    hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES, type=Type.ID)
    stored = hasher.hash(USER_PASSWORD)
    count, begun, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < seconds:
        hasher.verify(stored, USER_PASSWORD)
        count += 1
    return count, time.perf_counter() - begun, time.process_time() - cpu


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, _alone(float(sys.argv[1])))))
