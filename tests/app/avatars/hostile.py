"""Files that nobody sends by accident, made here so that no binary lies in the repository."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, PngImagePlugin

SCRIPT: Final = b"<script>alert('planted')</script>"
HTML: Final = b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"


@dataclass(frozen=True)
class Upload:
    """A file and what the client says of it; `statuses`: the answers that are right."""

    name: str
    content: bytes
    declared: str = "image/png"
    filename: str = "picture.png"
    statuses: tuple[int, ...] = (422,)


def drawn(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """A picture with some detail."""
    image = Image.radial_gradient("L").resize(size)
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with its right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int = 8, color: int = 2, data: bytes = b"") -> bytes:
    """A PNG that claims this size, whatever its data is."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def animated(kind: str) -> bytes:
    frames = [drawn(), drawn().rotate(90).resize((64, 48)), drawn().rotate(180)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, loop=0)


def with_everything() -> bytes:
    """A JPEG with EXIF (place, camera), an ICC profile, XMP and a comment, all planted."""
    exif = Image.Exif()
    exif[0x010F] = "planted-camera"
    exif[0x9286] = "planted-comment"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return saved(
        drawn((640, 480)),
        "JPEG",
        exif=exif,
        icc_profile=profile,
        xmp=b"<x:xmpmeta>planted-xmp</x:xmpmeta>",
        comment=b"planted-note",
    )


def png_text_bomb() -> bytes:
    """A small file whose compressed text unfolds to 64 MiB."""
    info = PngImagePlugin.PngInfo()
    info.add_text("planted", "A" * (64 * 1024 * 1024), zip=True)
    return saved(drawn(), "PNG", pnginfo=info)


def pixel_bomb() -> bytes:
    """50,000 × 50,000 pixels of one colour in a few hundred kilobytes (1 bit each)."""
    row = b"\x00" + bytes(50_000 // 8)
    return png(50_000, 50_000, depth=1, color=0, data=row * 2_000)


_JPEG: Final = saved(drawn(), "JPEG")
_PNG: Final = saved(drawn(), "PNG")
_WEBP: Final = saved(drawn(), "WEBP")
_GIF: Final = saved(drawn(), "GIF")

REFUSED: Final = (
    # not pictures at all
    Upload("empty", b""),
    Upload("svg with a script", SVG, "image/svg+xml", "a.svg", (415,)),
    Upload("svg declared as png", SVG, statuses=(415,)),
    Upload("html declared as jpeg", HTML, "image/jpeg", "a.jpg", (415,)),
    Upload("html declared as html", HTML, "text/html", "a.html", (415,)),
    Upload("javascript", b"alert(1)", "text/javascript", "a.js", (415,)),
    Upload("pdf", b"%PDF-1.7\n%planted", statuses=(415,)),
    Upload("zip", b"PK\x03\x04" + bytes(60), statuses=(415,)),
    Upload("elf", b"\x7fELF" + bytes(60), statuses=(415,)),
    Upload("php", b"<?php system($_GET['c']); ?>", filename="a.php.png", statuses=(415,)),
    Upload("zero bytes", bytes(4096), statuses=(415,)),
    Upload("text in utf-16", HTML.decode().encode("utf-16"), statuses=(415,)),
    # pictures of kinds that are not accepted
    Upload("gif", _GIF, "image/gif", "a.gif", (415,)),
    Upload("gif declared as png", _GIF, statuses=(415,)),
    Upload("gif and javascript", b"GIF89a=1;alert(1);//" + bytes(40), statuses=(415,)),
    Upload("bmp", saved(drawn(), "BMP"), "image/bmp", "a.bmp", (415,)),
    Upload("tiff declared as webp", saved(drawn(), "TIFF"), "image/webp", statuses=(415,)),
    Upload("icon", saved(drawn((32, 32)), "ICO"), "image/x-icon", "a.ico", (415,)),
    Upload("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", statuses=(415,)),
    Upload("avif", b"\x00\x00\x00\x1cftypavif" + bytes(60), "image/avif", "a.avif", (415,)),
    # declared as something else than a picture
    Upload("png declared as html", _PNG, "text/html", statuses=(415,)),
    Upload("png declared as anything", _PNG, "application/octet-stream", statuses=(415,)),
    Upload("png without a type", _PNG, "", statuses=(415,)),
    Upload("png declared as a list", _PNG, "image/png, text/html", statuses=(415,)),
    # broken
    Upload("png signature only", _PNG[:8]),
    Upload("png header only", _PNG[:33]),
    Upload("png cut off", _PNG[: len(_PNG) // 2]),
    Upload("jpeg cut off", _JPEG[: len(_JPEG) // 2], "image/jpeg"),
    Upload("jpeg signature only", b"\xff\xd8\xff", "image/jpeg"),
    Upload("jpeg of markers", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2000, "image/jpeg"),
    Upload("webp cut off", _WEBP[: len(_WEBP) // 2], "image/webp"),
    Upload("webp header only", b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
    Upload("riff that lies about its length", b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff"),
    Upload("png with broken data", png(64, 48).replace(b"IDAT", b"IDAT\xff")),
    Upload("png without data", png(64, 48)),
    Upload("png with html behind its signature", _PNG[:8] + HTML),
    Upload("png of no size", png(0, 0)),
    # too much
    Upload("pixel bomb", pixel_bomb()),
    Upload("huge header, no data", png(2**31 - 1, 2**31 - 1)),
    Upload("wide header", png(60_000, 1)),
    Upload("just over the pixel ceiling", png(5_001, 5_000)),
    Upload("animated png", animated("PNG")),
    Upload("animated webp", animated("WEBP"), "image/webp"),
    Upload("animated gif as webp", animated("GIF"), "image/webp", statuses=(415,)),
)

# Taken, because they are pictures; what else they hold must be gone afterwards.
REBUILT: Final = (
    Upload("exif, icc, xmp and comment", with_everything(), "image/jpeg", statuses=(200,)),
    Upload("jpeg with html behind it", _JPEG + HTML, "image/jpeg", statuses=(200,)),
    Upload("png with html behind it", _PNG + HTML, statuses=(200,)),
    Upload(
        "png with a script in its text",
        statuses=(200,),
        content=(_PNG[:33] + chunk(b"tEXt", b"Comment\x00" + SCRIPT) + _PNG[33:]),
    ),
    Upload("jpeg and zip", _JPEG + b"PK\x03\x04planted" + bytes(60), "image/jpeg", statuses=(200,)),
    Upload("webp with html behind it", _WEBP + HTML, "image/webp", statuses=(200,)),
    Upload("jpeg declared as png", _JPEG, "image/png", statuses=(200,)),
    Upload("several pictures in one jpeg", animated("MPO"), "image/jpeg", statuses=(200,)),
    Upload("text bomb", png_text_bomb(), statuses=(200,)),
    Upload(
        "png with a wrong checksum",
        _PNG[:29] + b"\x00\x00\x00\x00" + _PNG[33:],
        statuses=(200,),
    ),
    Upload("path in the name", _PNG, filename="../../../etc/passwd", statuses=(200,)),
    Upload("windows path in the name", _PNG, filename="..\\..\\planted.exe", statuses=(200,)),
    Upload("html in the name", _PNG, filename='"><img src=x onerror=planted>.png', statuses=(200,)),
    Upload("null in the name", _PNG, filename="planted.php\x00.png", statuses=(200,)),
    Upload("script's ending", _PNG, filename="planted.html", statuses=(200,)),
    Upload("very long name", _PNG, filename="planted" * 100 + ".png", statuses=(200,)),
    Upload("no name to speak of", _PNG, filename=".", statuses=(200,)),
)
