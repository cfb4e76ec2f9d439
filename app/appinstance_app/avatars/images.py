"""From untrusted bytes to a picture of our own making.

Nothing of the file survives but pixels: they are decoded, turned upright, cut to a square, scaled
and encoded anew, so EXIF (places, devices), ICC profiles, comments and anything hidden behind or
inside the file are gone. The decoder runs in a process of its own that has little memory and time
and ends after one picture (`decoding`). What can be told from the bytes alone is told before:

* the first bytes decide which formats are tried at all, whatever the client declared;
* an animated PNG says so in a chunk, which its decoder would overlook;
* a progressive JPEG is decoded once for each of its scans, of which a camera makes a dozen.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from enum import Enum, auto
from typing import Final

from .decoding import ENVIRONMENT, MAX_CPU_SECONDS, Outcome

CONTENT_TYPE: Final = "image/webp"
MAX_SCANS: Final = 100
MAX_CHUNKS: Final = 20_000
# On a busy CPU it lasts longer than the CPU time that it is allowed.
DECODING_SECONDS: Final = 4.0 * MAX_CPU_SECONDS
_COMMAND: Final = (sys.executable, "-I", "-m", f"{__package__}.decoding")
_START_OF_SCAN: Final = b"\xff\xda"


class Fault(Enum):
    """What is wrong with a file."""

    EMPTY = auto()
    TYPE = auto()
    MALFORMED = auto()
    DIMENSIONS = auto()
    FRAMES = auto()
    COSTLY = auto()


class UnusableError(Exception):
    """The file can't become a picture; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


_FAULTS: Final = {
    Outcome.MALFORMED: Fault.MALFORMED,
    Outcome.DIMENSIONS: Fault.DIMENSIONS,
    Outcome.FRAMES: Fault.FRAMES,
    Outcome.COSTLY: Fault.COSTLY,
    # Out of CPU time; out of memory, as GLib and the kernel put it.
    -signal.SIGXCPU: Fault.COSTLY,
    -signal.SIGKILL: Fault.COSTLY,
    -signal.SIGTRAP: Fault.COSTLY,
    -signal.SIGABRT: Fault.COSTLY,
}


def rebuilt(content: bytes) -> bytes:
    """A square WebP picture without metadata. Blocks until its process has ended.

    Raises UnusableError.
    """
    _check(content)
    try:
        done = subprocess.run(
            _COMMAND,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a decoder's words can hold parts of the file
            env=ENVIRONMENT,
            timeout=DECODING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:  # it was ended
        raise UnusableError(Fault.COSTLY) from None
    if done.returncode != Outcome.DONE:
        # A decoder that crashed was fed something that is no picture.
        raise UnusableError(_FAULTS.get(done.returncode, Fault.MALFORMED))
    return done.stdout


def signature(content: bytes) -> str | None:
    """The name of the format that the first bytes are those of, if it is an accepted one."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return None


def _check(content: bytes) -> None:
    if not content:
        raise UnusableError(Fault.EMPTY)
    kind = signature(content)
    if kind is None:
        raise UnusableError(Fault.TYPE)
    if kind == "JPEG" and content.count(_START_OF_SCAN) > MAX_SCANS:
        raise UnusableError(Fault.COSTLY)
    if kind == "PNG":
        _check_chunks(content)


def _check_chunks(content: bytes) -> None:
    """Walks a PNG's chunks up to the first pixels, without looking into them."""
    position = 8
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(content[position : position + 4])
        kind = content[position + 4 : position + 8]
        if kind == b"acTL":
            raise UnusableError(Fault.FRAMES)
        if len(kind) < 4 or kind == b"IEND":
            return
        position += 12 + length
    raise UnusableError(Fault.COSTLY)
