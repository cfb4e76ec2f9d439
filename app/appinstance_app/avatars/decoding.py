"""The child process that decodes one picture: `python -I -m appinstance_app.avatars.decoding`.

The file comes on standard input, the finished picture goes to standard output, and the exit code
says what became of it. Before it reads a byte it takes its own rights away: memory, CPU time and
files are limited for good, and nothing of the server is in it, neither secrets nor connections.
Whatever a decoder does with hostile bytes, it does here, and the process ends.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyvips

SIDE: Final = 512
MAX_PIXELS: Final = 25_000_000  # a phone's 24-megapixel photo
MAX_SIDE: Final = 16_384
QUALITY: Final = 85
# What a picture may take beside the program itself. A progressive JPEG of 24 megapixels as cameras
# write it takes half; what takes more is refused, because the pod has 512 MiB for everything.
MAX_DATA_BYTES: Final = 160 * 1024**2
MAX_CPU_SECONDS: Final = 5
# One worker thread and one arena, so that memory is used for pixels.
ENVIRONMENT: Final = {"VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1", "VIPS_DISC_THRESHOLD": "4g"}
_LOADERS: Final = ("Jpeg", "Png", "Webp")


class Outcome(IntEnum):
    """The exit code. What a crash or a signal of the kernel ends with is none of these."""

    DONE = 0
    MALFORMED = 81
    DIMENSIONS = 82
    FRAMES = 83
    COSTLY = 84


def limit_self() -> None:
    """Takes away what the decoder does not need; no code that runs later can have it back."""
    for kind, most in (
        (resource.RLIMIT_DATA, MAX_DATA_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(10)  # the server's requests go first
    with suppress(OSError):
        # Should the container's memory end nevertheless, this process ends and not the server.
        Path("/proc/self/oom_score_adj").write_text("1000")


def decoded(content: bytes) -> tuple[Outcome, bytes]:
    """What became of a file, and the picture if it is one: a square WebP without metadata."""
    import pyvips  # the limits come first

    # Of libvips' three dozen loaders only these can be reached, whatever a file claims to be.
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    try:
        # Without a name: the header is given up before the pixels are decoded. libvips' WebP holds
        # memory for the whole size in it.
        refused, shrink = _judged(pyvips.Image.new_from_buffer(content, "", access="sequential"))
        if refused:
            return refused, b""
        picture = pyvips.Image.new_from_buffer(
            content, "", access="sequential", fail_on="truncated", **shrink
        )
        # The square in the middle, which is the same however the picture is turned. Cut first: of a
        # strip, one pixel wide, the rest would be scaled up to millions.
        side = min(picture.width, picture.height)
        square = picture.crop((picture.width - side) // 2, (picture.height - side) // 2, side, side)
        # Turns upright, and brings the colours to sRGB.
        small = square.thumbnail_image(SIDE, height=SIDE, output_profile="srgb")
        return Outcome.DONE, small.webpsave_buffer(Q=QUALITY, effort=4, keep="none")
    except pyvips.Error as error:
        scarce = "memory" in str(error).lower()
        return (Outcome.COSTLY if scarce else Outcome.MALFORMED), b""
    except MemoryError:
        return Outcome.COSTLY, b""


def _judged(header: pyvips.Image) -> tuple[Outcome | None, dict[str, float]]:
    """From the header alone: why it is refused, or what its decoder may leave out.

    Detail that the result has no room for is never decoded, which is most of a large picture.
    """
    if max(header.width, header.height) > MAX_SIDE or header.width * header.height > MAX_PIXELS:
        return Outcome.DIMENSIONS, {}
    if header.get_n_pages() != 1:
        return Outcome.FRAMES, {}
    spare = min(header.width, header.height) / (2 * SIDE)
    loader = header.get("vips-loader")
    if loader.startswith("jpeg"):
        return None, {"shrink": next(step for step in (8, 4, 2, 1) if step <= max(1, spare))}
    if loader.startswith("webp"):
        return None, {"scale": min(1.0, 1 / spare)}
    return None, {}


def main() -> None:
    """Reads, decodes, writes, ends."""
    limit_self()
    outcome, picture = decoded(sys.stdin.buffer.read())
    sys.stdout.buffer.write(picture)
    sys.stdout.flush()
    # No tidying up: the process ends here, whatever threads a library holds.
    os._exit(outcome)


if __name__ == "__main__":
    main()
