"""What becomes of honest pictures: upright, square, small, in the right colours."""

from __future__ import annotations

import io
from typing import Any

import pytest
from app.avatars.hostile import drawn, png, saved
from PIL import Image

from appinstance_app.avatars.images import (
    MAX_PIXELS,
    SIDE,
    Fault,
    UnusableError,
    rebuilt,
    signature,
)

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (240, 240, 240)


def corners() -> Image.Image:
    """Red, green / blue, white."""
    image = Image.new("RGB", (200, 200))
    for color, place in ((RED, (0, 0)), (GREEN, (100, 0)), (BLUE, (0, 100)), (WHITE, (100, 100))):
        image.paste(color, (*place, place[0] + 100, place[1] + 100))
    return image


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=["WEBP"])
    image.load()
    return image


def near(pixel: Any, color: tuple[int, int, int]) -> bool:
    return all(abs(int(a) - b) < 40 for a, b in zip(pixel[:3], color, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (3000, 40), (40, 3000), (1024, 1024)])
def test_every_picture_becomes_a_square(kind: str, size: tuple[int, int]) -> None:
    image = opened(rebuilt(saved(drawn(size), kind)))
    assert image.size == (SIDE, SIDE)
    assert image.format == "WEBP"


@pytest.mark.parametrize(
    ("orientation", "top_left"),
    [(1, RED), (2, GREEN), (3, WHITE), (4, BLUE), (5, RED), (6, BLUE), (7, WHITE), (8, GREEN)],
)
def test_a_picture_that_lies_on_its_side_is_put_upright(
    orientation: int, top_left: tuple[int, int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = opened(rebuilt(saved(corners(), "JPEG", exif=exif, quality=95)))
    assert near(image.getpixel((60, 60)), top_left)
    assert not image.getexif()


def test_the_middle_is_kept() -> None:
    wide = Image.new("RGB", (900, 300), BLUE)
    wide.paste(RED, (300, 0, 600, 300))
    image = opened(rebuilt(saved(wide, "PNG")))
    assert near(image.getpixel((5, 5)), RED)
    assert near(image.getpixel((506, 506)), RED)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("I;16", "PNG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
    ],
)
def test_every_mode_of_the_accepted_formats_is_understood(mode: str, kind: str) -> None:
    if mode == "I;16":
        source = Image.new("I;16", (64, 64), 0xFFFF // 2)
    else:
        source = drawn((64, 64), "RGB").convert(mode)
    image = opened(rebuilt(saved(source, kind)))
    assert image.mode in ("RGB", "RGBA")
    if mode == "I;16":
        assert near(image.getpixel((256, 256)), (127, 127, 127))


def test_transparency_stays() -> None:
    image = opened(rebuilt(saved(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG")))
    assert image.mode == "RGBA"
    assert image.getpixel((256, 256))[3] == 0  # type: ignore[index]


def test_a_picture_at_the_pixel_ceiling_is_taken() -> None:
    assert opened(rebuilt(saved(Image.new("L", (5000, 5000)), "PNG"))).size == (SIDE, SIDE)
    assert MAX_PIXELS == 5000 * 5000


def test_a_picture_over_the_ceiling_is_refused_from_its_header(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("It decoded the pixels.")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    for width, height in ((5001, 5000), (20_000, 2), (60_000, 60_000)):
        with pytest.raises(UnusableError) as caught:
            rebuilt(png(width, height))
        assert caught.value.fault is Fault.DIMENSIONS


def test_only_the_decoder_that_the_first_bytes_name_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[Any] = []
    real = Image.open

    def noted(file: Any, mode: Any = "r", formats: Any = None) -> Any:
        tried.append(formats)
        return real(file, mode, formats)

    monkeypatch.setattr(Image, "open", noted)
    rebuilt(saved(drawn(), "JPEG"))
    assert tried == [["JPEG"]]


@pytest.mark.parametrize("size", [0, 1, 3, 8, 12])
def test_short_files_have_no_signature(size: int) -> None:
    assert signature(bytes(size)) is None
    assert signature(b"RIFF\x00\x00\x00\x00WEBX"[:size]) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_no_single_changed_byte_causes_anything_but_a_refusal(kind: str) -> None:
    """A small, fixed fuzz: every byte of the header and every 61st after it."""
    content = saved(drawn((24, 24)), kind)
    for position in [*range(min(64, len(content))), *range(64, len(content), 61)]:
        broken = bytearray(content)
        broken[position] ^= 0xFF
        try:
            picture = rebuilt(bytes(broken))
        except UnusableError:
            continue
        assert opened(picture).size == (SIDE, SIDE)
