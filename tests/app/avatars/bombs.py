"""Files that cost a decoder more than they weigh, or that it should choke on; made when asked for.

Each is a maker by name, with the faults that are right for it. None stands for a picture: what is
odd about the file is gone then, and only pixels are left.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING, Final

from app.avatars.hostile import HTML, SCRIPT, animated, chunk, drawn, png, saved
from PIL import Image

from appinstance_app.avatars.images import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

Bomb = tuple["Callable[[], bytes]", tuple[Fault | None, ...]]
TAKEN: Final = (None,)
BROKEN: Final = (Fault.MALFORMED,)
COSTLY: Final = (Fault.COSTLY,)
LARGE: Final = (Fault.DIMENSIONS,)
# libvips itself refuses what is beyond its format.
TOO_LARGE: Final = (Fault.DIMENSIONS, Fault.MALFORMED)
SEVERAL: Final = (Fault.FRAMES,)
# Out of memory looks to some decoders like a damaged file.
SCARCE: Final = (Fault.COSTLY, Fault.MALFORMED)
ODD: Final = (None, Fault.MALFORMED)
JPEG: Final = saved(drawn(), "JPEG")
PNG: Final = saved(drawn(), "PNG")
WEBP: Final = saved(drawn(), "WEBP")
LOSSLESS: Final = saved(drawn(), "WEBP", lossless=True)


@cache
def zeros(size: int) -> bytes:
    """So many zero bytes, deflated, without holding them."""
    deflate = zlib.compressobj(9)
    parts = [deflate.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, deflate.compress(bytes(size % (1 << 20))), deflate.flush()])


def png_of(header: bytes, *chunks: bytes) -> bytes:
    return PNG[:8] + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def ihdr(width: int, height: int, *, depth: int = 8, color: int = 2, interlaced: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)


def interlaced(side: int, depth: int, samples: int) -> bytes:
    """An Adam7 picture, which a decoder holds whole; all its passes are zeros."""
    passes = ((8, 8), (8, 8), (8, 4), (4, 4), (4, 2), (2, 2), (2, 1))
    rows = sum(
        -(-side // down) * (1 + -(-side // across) * samples * depth // 8)
        for down, across in passes
    )
    color = 6 if samples == 4 else 2
    header = ihdr(side, side, depth=depth, color=color, interlaced=1)
    return png_of(header, chunk(b"IDAT", zeros(rows + 1024)))


def with_chunks(*chunks: bytes) -> bytes:
    """An honest PNG with these behind its header."""
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def deflated(kind: bytes, head: bytes, size: int) -> bytes:
    return with_chunks(chunk(kind, head + zeros(size)))


def palette(entries: int, index: int, *, transparent: int = 0) -> bytes:
    parts = [chunk(b"PLTE", bytes(3 * entries))] if entries else []
    if transparent:
        parts.append(chunk(b"tRNS", bytes(transparent)))
    data = zlib.compress((b"\x00" + bytes([index]) * 16) * 16)
    return png_of(ihdr(16, 16, color=3), *parts, chunk(b"IDAT", data))


def apng(frames: int, *, late: bool = False) -> bytes:
    control = chunk(b"acTL", struct.pack(">II", frames, 0))
    return PNG[:-12] + control + PNG[-12:] if late else with_chunks(control)


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_segments(*segments: bytes) -> bytes:
    """An honest JPEG with these at its beginning."""
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def patched(content: bytes, marker: bytes, offset: int, data: bytes) -> bytes:
    """With these bytes so far behind the first of this marker."""
    place = content.index(marker) + offset
    return content[:place] + data + content[place + len(data) :]


def scans(count: int, side: int = 64) -> bytes:
    """A progressive JPEG with so many more scans, which hold nothing."""
    whole = saved(Image.new("L", (side, side)), "JPEG", progressive=True, quality=10)
    # One component, a band of coefficients, refined again and again: end-of-band for all blocks.
    scan = segment(0xDA, bytes([1, 1, 0, 1, 63, 0x00])) + bytes(8)
    return whole[:-2] + scan * count + whole[-2:]


def progressive(size: tuple[int, int], mode: str, **options: object) -> bytes:
    picture = Image.radial_gradient("L").resize(size).convert(mode)
    return saved(picture, "JPEG", progressive=True, quality=50, **options)


def exif(*entries: bytes, after: int = 0) -> bytes:
    """A JPEG whose EXIF has these twelve-byte entries, and another folder at `after`."""
    folder = struct.pack(">H", len(entries)) + b"".join(entries) + struct.pack(">I", after)
    return with_segments(segment(0xE1, b"Exif\0\0MM\0\x2a\0\0\0\x08" + folder))


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack(">HHII", tag, kind, count, value)


def icc(data: bytes, number: int = 1, of: int = 1) -> bytes:
    return segment(0xE2, b"ICC_PROFILE\0" + bytes([number, of]) + data)


def profile(tags: int) -> bytes:
    """The head of an ICC profile that claims so many tags."""
    head = struct.pack(">I", 2**31) + bytes(8) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    return head.ljust(128, b"\0") + struct.pack(">I", tags)


def mpf(count: int, offset: int, size: int) -> bytes:
    """A segment that lists so many more pictures, all at one place."""
    listed = b"".join(struct.pack(">IIIHH", 0x20000, size, offset, 0, 0) for _ in range(count))
    folder = struct.pack(">H", 3) + entry(0xB000, 7, 4, 0x30313030)
    folder += entry(0xB001, 4, 1, count) + entry(0xB002, 7, 16 * count, 50) + bytes(4)
    return segment(0xE2, b"MPF\0MM\0\x2a\0\0\0\x08" + folder + listed)


def camera() -> bytes:
    """As cameras and phones write it: the picture, and a smaller one behind it, listed in MPF."""
    output = io.BytesIO()
    small = drawn((320, 240))
    drawn((640, 480)).save(output, "MPO", save_all=True, append_images=[small], quality=90)
    return output.getvalue()


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + size


def lossless_header(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return riff((b"VP8L", b"\x2f" + struct.pack("<I", bits) + bytes(64)))


def rings(side: int) -> Image.Image:
    """A picture of four different channels."""
    one = Image.radial_gradient("L").resize((side, side))
    return Image.merge("RGBA", (one, one.rotate(90), one.rotate(180), one))


def webp_frames(count: int) -> bytes:
    frame = bytes(6) + (63).to_bytes(3, "little") + (47).to_bytes(3, "little") + bytes(4)
    body = WEBP[12:]
    return riff(
        vp8x(64, 48, 0x02), (b"ANIM", bytes(6)), *[(b"ANMF", frame + body) for _ in range(count)]
    )


BOMBS: Final[dict[str, Bomb]] = {
    # pixels
    "webp, lossless, of one colour": (
        lambda: saved(Image.new("RGBA", (5000, 5000)), "WEBP", lossless=True),
        TAKEN,
    ),
    "webp, lossless, 25 megapixels": (
        lambda: saved(rings(5000), "WEBP", lossless=True, quality=0, method=0),
        (None, *SCARCE),
    ),
    "webp, lossy with alpha, 25 megapixels": (
        lambda: saved(rings(5000), "WEBP", quality=5, method=0),
        TAKEN,
    ),
    "webp, one row too wide": (lambda: lossless_header(16384, 1526), TOO_LARGE),
    "webp, as large as its header can say": (lambda: lossless_header(16384, 16384), TOO_LARGE),
    "webp, header at the ceiling and no pixels": (lambda: lossless_header(5000, 5000), SCARCE),
    "webp, canvas of 16 million squared": (
        lambda: riff(vp8x(2**24, 2**24), (b"VP8 ", WEBP[20:])),
        TOO_LARGE,
    ),
    "png, 25 megapixels of 64 bits": (
        lambda: png_of(
            ihdr(5000, 5000, depth=16, color=6), chunk(b"IDAT", zeros(5000 * (1 + 5000 * 8)))
        ),
        TAKEN,
    ),
    "png, interlaced, 24 bits": (lambda: interlaced(5000, 8, 3), (None, *SCARCE)),
    "png, interlaced, 64 bits": (lambda: interlaced(5000, 16, 4), SCARCE),
    "png, one bit, a line of 16,384": (
        lambda: png(16_384, 1, depth=1, color=0, data=bytes(1 + 2048)),
        TAKEN,
    ),
    "png, one pixel wide": (lambda: png(1, 16_384, data=bytes(4) * 16_384), TAKEN),
    "png, over the side": (lambda: png(16_385, 1, data=bytes(3 * 16_385 + 1)), LARGE),
    "jpeg, as large as its header can say": (
        lambda: patched(JPEG, b"\xff\xc0", 5, b"\xff\xff\xff\xff"),
        TOO_LARGE,
    ),
    "jpeg, 25 megapixels, baseline": (
        lambda: saved(drawn((5000, 5000)), "JPEG", quality=50),
        TAKEN,
    ),
    "jpeg, 25 megapixels, progressive as cameras write it": (
        lambda: progressive((5000, 5000), "RGB", subsampling=2),
        TAKEN,
    ),
    "jpeg, 25 megapixels, progressive, full colour": (
        lambda: progressive((5000, 5000), "RGB", subsampling=0),
        SCARCE,
    ),
    "jpeg, 25 megapixels, progressive, four inks": (
        lambda: progressive((5000, 5000), "CMYK", subsampling=0),
        SCARCE,
    ),
    # scans
    "jpeg, 20,000 empty scans": (lambda: scans(20_000), COSTLY),
    "jpeg, one scan too many": (lambda: scans(101), COSTLY),
    "jpeg, as many scans as are allowed, each over 16 megapixels": (
        lambda: scans(90, 4000),
        (None, *SCARCE),
    ),
    # chunks and segments
    "png, 30,000 empty pieces of data": (
        lambda: with_chunks(chunk(b"IDAT", b"") * 30_000),
        COSTLY,
    ),
    "png, 30,000 texts": (lambda: with_chunks(chunk(b"tEXt", b"a\0b") * 30_000), COSTLY),
    "png, 5,000 texts": (lambda: with_chunks(chunk(b"tEXt", b"planted\0b") * 5_000), ODD),
    "png, text that unfolds to 256 MiB": (
        lambda: deflated(b"zTXt", b"planted\0\0", 256 << 20),
        (None, *SCARCE),
    ),
    "png, international text that unfolds": (
        lambda: deflated(b"iTXt", b"planted\0\1\0\0\0", 256 << 20),
        (None, *SCARCE),
    ),
    "png, profile that unfolds to 256 MiB": (
        lambda: deflated(b"iCCP", b"planted\0\0", 256 << 20),
        (None, *SCARCE),
    ),
    "png, data that unfolds to 256 MiB more than it needs": (
        lambda: png_of(ihdr(64, 48), chunk(b"IDAT", zeros(256 << 20))),
        ODD,
    ),
    "png, chunk that claims 4 GiB": (
        lambda: PNG[:33] + b"\xff\xff\xff\xfftEXt" + PNG[33:],
        BROKEN,
    ),
    "png, unknown critical chunk": (lambda: with_chunks(chunk(b"PLNT", b"planted")), BROKEN),
    "png, two headers": (lambda: with_chunks(PNG[8:33]), BROKEN),
    "png, data before its header": (lambda: PNG[:8] + chunk(b"IDAT", b"") + PNG[8:], BROKEN),
    "png, no end": (lambda: PNG[:-12], ODD),
    "png, bit depth of three": (lambda: png(16, 16, depth=3, data=bytes(4096)), BROKEN),
    "png, colour type of five": (lambda: png(16, 16, color=5, data=bytes(4096)), BROKEN),
    "png, filter that is none": (lambda: png(16, 16, data=(b"\x09" + bytes(48)) * 16), ODD),
    "png, data with a wrong checksum": (
        lambda: PNG[:-20] + b"\0\0\0\0" + PNG[-16:],
        ODD,
    ),
    "png, size over 2³¹": (lambda: png(2**32 - 1, 1), BROKEN),
    "jpeg, 75 comments of 64 KiB": (
        lambda: with_segments(segment(0xFE, SCRIPT.ljust(65_000)) * 75),
        TAKEN,
    ),
    "jpeg, 50,000 empty segments": (lambda: with_segments(segment(0xEF, b"") * 50_000), TAKEN),
    "jpeg, segment longer than the file": (
        lambda: JPEG[:2] + b"\xff\xe5\xff\xff" + JPEG[2:],
        BROKEN,
    ),
    "jpeg, no tables": (lambda: patched(JPEG, b"\xff\xdb", 1, b"\xef"), BROKEN),
    "jpeg, no components": (lambda: patched(JPEG, b"\xff\xc0", 9, b"\x00"), BROKEN),
    "jpeg, 255 components": (lambda: patched(JPEG, b"\xff\xc0", 9, b"\xff"), BROKEN),
    "jpeg, odd sampling": (lambda: patched(JPEG, b"\xff\xc0", 11, b"\x41"), ODD),
    "jpeg, sampling of nothing": (lambda: patched(JPEG, b"\xff\xc0", 11, b"\x00"), BROKEN),
    "jpeg, no height": (lambda: patched(JPEG, b"\xff\xc0", 5, b"\x00\x00"), BROKEN),
    "jpeg, 12 bits": (lambda: patched(JPEG, b"\xff\xc0", 4, b"\x0c"), ODD),
    "jpeg, lossless": (lambda: patched(JPEG, b"\xff\xc0", 1, b"\xc3"), BROKEN),
    "jpeg, arithmetic coding": (lambda: patched(JPEG, b"\xff\xc0", 1, b"\xc9"), ODD),
    "jpeg, taller than its data": (lambda: patched(JPEG, b"\xff\xc0", 5, b"\x13\x88"), ODD),
    "jpeg, no end": (lambda: JPEG[:-2], ODD),
    # frames
    "png, animated, 10,000 frames": (lambda: apng(10_000), SEVERAL),
    "png, animated behind its pixels": (lambda: apng(2, late=True), SEVERAL),
    "webp, animated, 1,000 frames": (lambda: webp_frames(1_000), SEVERAL),
    "webp, animated, of one frame": (lambda: webp_frames(1), ODD),
    "webp, animated, without frames": (lambda: webp_frames(0), BROKEN),
    "gif in a riff": (lambda: riff((b"VP8 ", animated("GIF"))), BROKEN),
    # palettes
    "png, palette of 257": (lambda: palette(257, 0), BROKEN),
    "png, palette missing": (lambda: palette(0, 0), BROKEN),
    "png, palette that is read over its end": (lambda: palette(2, 255), ODD),
    "png, more transparency than palette": (lambda: palette(2, 1, transparent=256), ODD),
    # ICC
    "jpeg, profile of noise": (lambda: with_segments(icc(bytes(range(256)) * 200)), TAKEN),
    "jpeg, profile with 2³² tags": (lambda: with_segments(icc(profile(2**32 - 1))), TAKEN),
    "jpeg, 255 pieces of a profile": (
        lambda: with_segments(*[icc(bytes(16_000), part, 255) for part in range(1, 256)]),
        TAKEN,
    ),
    "jpeg, piece nought of a profile": (lambda: with_segments(icc(b"planted", 0, 0)), TAKEN),
    "webp, profile of noise": (
        lambda: riff(vp8x(64, 48, 0x20), (b"ICCP", SCRIPT * 100), (b"VP8 ", WEBP[20:])),
        TAKEN,
    ),
    # EXIF
    "jpeg, exif that leads back to itself": (
        lambda: exif(entry(0x8769, 4, 1, 8), entry(0x8825, 4, 1, 8), after=8),
        TAKEN,
    ),
    "jpeg, exif that points out of the file": (
        lambda: exif(entry(0x010F, 2, 2**32 - 1, 2**32 - 1), entry(0x8769, 4, 1, 2**31)),
        TAKEN,
    ),
    "jpeg, exif with an orientation of 65,535": (
        lambda: exif(entry(0x0112, 3, 1, 0xFFFF0000)),
        TAKEN,
    ),
    "jpeg, exif of 5,000 entries": (lambda: exif(*[entry(0x927C, 7, 4, 0)] * 5_000), TAKEN),
    "jpeg, exif with a bomb for a thumbnail": (
        lambda: exif(entry(0x0201, 4, 1, 64), entry(0x0202, 4, 1, 2**31)),
        TAKEN,
    ),
    "png, exif of noise": (lambda: with_chunks(chunk(b"eXIf", SCRIPT * 500)), TAKEN),
    "webp, exif of noise": (
        lambda: riff(vp8x(64, 48, 0x08), (b"VP8 ", WEBP[20:]), (b"EXIF", SCRIPT * 100)),
        TAKEN,
    ),
    # MPF
    "jpeg of a camera, with a preview": (camera, TAKEN),
    "jpeg, list of pictures that points at itself": (
        lambda: with_segments(mpf(3, 0, 2**31)),
        TAKEN,
    ),
    "jpeg, list of 4,000 pictures": (lambda: with_segments(mpf(4_000, 2**31, 2**31)), TAKEN),
    # truncated
    "webp, lossless, cut off": (lambda: LOSSLESS[: len(LOSSLESS) // 2], BROKEN),
    "jpeg, progressive, cut off": (lambda: progressive((640, 480), "RGB")[:3_000], BROKEN),
    "webp, alpha of noise": (
        lambda: riff(vp8x(64, 48, 0x10), (b"ALPH", SCRIPT), (b"VP8 ", WEBP[20:])),
        ODD,
    ),
    # polyglots
    "jpeg and javascript": (
        lambda: with_segments(segment(0xFE, b"*/=1;" + SCRIPT + b"/*")),
        TAKEN,
    ),
    "jpeg and php": (lambda: with_segments(segment(0xFE, b"<?php system('id'); ?>")), TAKEN),
    "png and pdf": (lambda: PNG + b"%PDF-1.7\n1 0 obj<</JS(planted)>>", TAKEN),
    "png and exe": (lambda: PNG + b"MZ" + bytes(60) + b"PE\0\0planted", TAKEN),
    "png and svg": (
        lambda: with_chunks(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + HTML)),
        TAKEN,
    ),
    "webp and jar": (lambda: WEBP + b"PK\x03\x04META-INF/planted" + bytes(40), TAKEN),
    "webp that holds a png": (lambda: riff((b"VP8 ", PNG)), BROKEN),
    "webp that holds a jpeg": (lambda: riff((b"VP8L", JPEG)), BROKEN),
    "png that holds a jpeg": (lambda: PNG[:8] + JPEG, BROKEN),
    "jpeg that holds a png": (lambda: b"\xff\xd8\xff" + PNG, BROKEN),
}
