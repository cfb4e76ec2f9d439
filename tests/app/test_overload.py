"""Ten times the sign-ins that the process can do, on the real server with real argon2."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from app.processes import EMAIL, SIGN_UP, USER_PASSWORD, ended

from appinstance_app.auth.passwords import MEMORY_KIB, MEMORY_SHARE
from appinstance_app.avatars.decoding import MAX_DATA_BYTES
from appinstance_app.workers import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.processes import Process

pytestmark = pytest.mark.integration
# What runs at a time and what may wait in line, ten times over.
AT_ONCE = usable_cpus()
CAPACITY = AT_ONCE * (1 + 32)
FLOOD = min(10 * CAPACITY, 900)  # the server's own ceiling of connections is 1,000
GOLDEN = Path(__file__).parents[1] / "operator/desired/golden/minimal/expected.yaml"
POD_BYTES = 512 * 1024**2
DECODER_BYTES = MAX_DATA_BYTES + 32 * 1024**2  # what avatars/test_bombs.py holds each file to


def peak_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("It has no peak.")


@dataclass(frozen=True)
class Answer:
    status: int
    head: str
    body: str


async def asked(port: int) -> Answer:
    """A sign-in over a bare socket: with a client that works more, the flood would not be one."""
    body = json.dumps({"email": EMAIL, "password": USER_PASSWORD})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    head, _, content = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return Answer(int(head.split()[1]), head.lower(), content)


async def flooded(process: Process) -> list[Answer]:
    """The answers to a flood of sign-ins, while probes are answered."""
    over = asyncio.Event()
    probes: list[int] = []

    async def probe() -> None:
        async with httpx.AsyncClient() as kubelet:
            while not over.is_set():
                for path in ("healthz", "readyz"):
                    url = f"http://127.0.0.1:{process.metrics_port}/{path}"
                    probes.append((await kubelet.get(url, timeout=60)).status_code)

    probing = asyncio.create_task(probe())
    answers = await asyncio.gather(*(asked(process.port) for _ in range(FLOOD)))
    over.set()
    await probing
    assert len(probes) >= 2
    assert probes[0::2] == [200] * len(probes[0::2]), "It is alive."
    assert set(probes[1::2]) <= {200, 503}
    return answers


async def test_a_flood_of_sign_ins_gets_503_at_worst_and_costs_no_memory(
    launch: Callable[..., Process], production: dict[str, str], tmp_path: Path
) -> None:
    assert ended(production, tmp_path, "migrate") == (0, "")
    many = {"APP_SIGN_IN_PER_ADDRESS": "1000000", "APP_SIGN_IN_PER_ACCOUNT": "1000000"}
    process = launch(production | many, "serve")
    process.until(lambda: process.status("/readyz") == 200)
    async with httpx.AsyncClient(base_url=process.url(""), timeout=60) as client:
        (await client.post("/api/v1/auth/sign-up", json=SIGN_UP)).raise_for_status()
    rest = peak_bytes(process.popen.pid)
    assert "memory: 512Mi" in GOLDEN.read_text()
    hashing = MEMORY_SHARE * POD_BYTES
    assert rest + DECODER_BYTES + hashing <= POD_BYTES, "It fits the pod with all else in it."
    first = await flooded(process)
    after_first = peak_bytes(process.popen.pid)
    second = await flooded(process)
    after_second = peak_bytes(process.popen.pid)
    for answers in (first, second):
        statuses = [answer.status for answer in answers]
        assert set(statuses) <= {200, 503}
        assert statuses.count(200) >= AT_ONCE
        refused = [answer for answer in answers if answer.status == 503]
        assert refused, "It was no flood."
        assert all("\r\nretry-after: " in answer.head for answer in refused)
        assert {json.loads(answer.body)["type"] for answer in refused} == {"/problems/busy"}
    # Hashes at a time, and a connection with its request for each that floods.
    assert after_first - rest <= AT_ONCE * MEMORY_KIB * 1024 + FLOOD * 128 * 1024
    # Nothing is kept of the first flood. How many of its hashes met at one time is luck.
    assert after_second - after_first <= (AT_ONCE - 1) * MEMORY_KIB * 1024 + 16 * 1024**2
    assert "Traceback" not in process.text
