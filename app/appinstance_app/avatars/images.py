"""From untrusted bytes to a picture of our own making.

Nothing of the file survives but pixels: they are decoded, turned upright, cut to a square, scaled
and encoded anew, so EXIF (places, devices), ICC profiles, comments and anything hidden behind or
inside the file are gone. What is refused is refused before its pixels are decoded, if possible:

* the first bytes decide which one decoder is tried, whatever the client declared;
* the size comes from the header; Pillow's own warning about bombs is an error here;
* more than one frame is not a picture of a person.

A decoder fed with hostile bytes may raise nearly anything; all of it means "malformed".
"""

from __future__ import annotations

import io
import warnings
from enum import Enum, auto
from typing import Final

from PIL import Image, ImageOps

from .schemas import ACCEPTED

SIDE: Final = 512
MAX_PIXELS: Final = 25_000_000  # a phone's 24-megapixel photo; decoded at most 100 MB
MAX_SIDE: Final = 16_384
CONTENT_TYPE: Final = "image/webp"
_QUALITY: Final = 85
_FORMATS: Final = tuple(ACCEPTED.values())


class Fault(Enum):
    """What is wrong with a file."""

    EMPTY = auto()
    TYPE = auto()
    MALFORMED = auto()
    DIMENSIONS = auto()
    FRAMES = auto()


class UnusableError(Exception):
    """The file can't become a picture; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def rebuilt(content: bytes) -> bytes:
    """A square WebP picture of SIDE × SIDE pixels without metadata. Raises UnusableError."""
    if not content:
        raise UnusableError(Fault.EMPTY)
    kind = signature(content)
    if kind is None:
        raise UnusableError(Fault.TYPE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=[kind]) as image:
                _check(image)
                return _encoded(_square(image))
    except UnusableError:
        raise
    except Image.DecompressionBombError:
        raise UnusableError(Fault.DIMENSIONS) from None
    except Image.DecompressionBombWarning:
        raise UnusableError(Fault.DIMENSIONS) from None
    except Exception:  # noqa: BLE001 see the module's docstring
        raise UnusableError(Fault.MALFORMED) from None


def signature(content: bytes) -> str | None:
    """Pillow's name of the format that the first bytes are those of, if it is an accepted one."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return None


def _check(image: Image.Image) -> None:
    """Looks at the header only."""
    width, height = image.size
    if width < 1 or height < 1:
        raise UnusableError(Fault.MALFORMED)
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise UnusableError(Fault.DIMENSIONS)
    # A JPEG that holds several pictures comes out as MPO, which is none of ours.
    if image.format not in _FORMATS or getattr(image, "n_frames", 1) != 1:
        raise UnusableError(Fault.FRAMES)


def _square(image: Image.Image) -> Image.Image:
    # A JPEG decoder can leave out detail that the result has no room for: less memory, less time.
    image.draft("RGB", (SIDE * 2, SIDE * 2))
    image.load()
    orientation = image.getexif()
    plain = _plain(image)
    side = min(plain.size)
    left, top = (plain.width - side) // 2, (plain.height - side) // 2
    small = plain.resize(
        (SIDE, SIDE),
        Image.Resampling.LANCZOS,
        box=(left, top, left + side, top + side),
        reducing_gap=3.0,
    )
    # Only now, on few pixels: the square in the middle is the same however the picture is turned.
    small.getexif().update(orientation)
    return ImageOps.exif_transpose(small)


def _plain(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent; 16-bit greys are scaled to 8."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    transparent = image.has_transparency_data
    return image.convert("RGBA" if transparent else "RGB")


def _encoded(image: Image.Image) -> bytes:
    # A fresh image: nothing that the old one carried in its `info` can come along.
    fresh = Image.new(image.mode, image.size)
    fresh.paste(image)
    output = io.BytesIO()
    fresh.save(output, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return output.getvalue()
