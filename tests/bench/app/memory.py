"""The memory of the server and of the decoders it starts: at rest, and with 200 uploads at once."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .load import asked, request
from .stage import Person, Server

UPLOADS = 200
_BOUNDARY = "part"
_SAMPLE_SECONDS = 0.02


@dataclass
class Memory:
    """MiB, and what the uploads were answered with."""

    rest: float
    highest: float
    server: float
    """Of the highest, the server's own."""
    after: float
    statuses: Counter[int]
    file_mib: float
    seconds: float


def photo() -> bytes:
    """A photo as phones make them: 12 megapixels, under the 5 MiB that are taken."""
    small = Image.effect_noise((400, 300), 80).convert("RGB")
    out = io.BytesIO()
    small.resize((4000, 3000), Image.Resampling.BICUBIC).save(out, "JPEG", quality=92)
    return out.getvalue()


def at_rest(server: Server) -> float:
    """MiB of a server that has just begun."""
    return _mib(server.process.pid)


def measure(server: Server, people: list[Person], *, rest: float) -> Memory:
    """Everybody sends a photo at the same moment."""
    picture = photo()
    with _sampled(server.process.pid) as highest:
        load = asked(
            server.port, iter([_upload(person, picture) for person in people]),
            seconds=0, connections=len(people),
        )  # fmt: skip
    time.sleep(2)  # for what is given back
    return Memory(
        rest=rest,
        highest=max(total for total, _ in highest),
        server=max(own for _, own in highest),
        after=_mib(server.process.pid),
        statuses=load.statuses,
        file_mib=len(picture) / 2**20,
        seconds=load.seconds,
    )


def _upload(person: Person, picture: bytes) -> bytes:
    head = (
        f"--{_BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = head.encode() + picture + f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = person.headers | {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    return request("PUT", "/api/v1/users/me/avatar", headers, body)


@contextlib.contextmanager
def _sampled(pid: int) -> Iterator[list[tuple[float, float]]]:
    """MiB of the server with its children and of the server alone, many times a second."""
    found, over = [(_mib(pid), _pss(pid))], threading.Event()

    def look() -> None:
        while not over.wait(_SAMPLE_SECONDS):
            found.append((_mib(pid), _pss(pid)))

    thread = threading.Thread(target=look)
    thread.start()
    yield found
    over.set()
    thread.join()


def _mib(pid: int) -> float:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    ids = [pid]
    for file in children:
        with contextlib.suppress(OSError):
            ids += map(int, file.read_text().split())
    return sum(map(_pss, ids))


def _pss(pid: int) -> float:
    """Of a process that may have ended meanwhile; what it shares counts in parts."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
