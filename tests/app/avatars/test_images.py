"""What becomes of honest pictures: upright, square, small, in the right colours."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from app.avatars.hostile import drawn, png, saved
from PIL import Image, ImageCms

from appinstance_app.avatars import decoding, images
from appinstance_app.avatars.decoding import MAX_DATA_BYTES, MAX_PIXELS, SIDE, Outcome
from appinstance_app.avatars.images import Fault, UnusableError, rebuilt, signature

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


@pytest.mark.parametrize(("width", "height"), [(5001, 5000), (20_000, 2), (60_000, 60_000)])
def test_a_picture_over_the_ceiling_is_refused_from_its_header(width: int, height: int) -> None:
    with pytest.raises(UnusableError) as caught:
        rebuilt(png(width, height))  # it has no pixels: were they looked at, it would be malformed
    assert caught.value.fault is Fault.DIMENSIONS


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM"])
def test_no_other_decoder_can_be_reached(kind: str) -> None:
    """In a process of its own, as always: what it blocks stays blocked."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        content = saved(drawn(), kind)
        assert pool.submit(decoding.decoded, content).result() == (Outcome.MALFORMED, b"")


def test_the_decoder_gets_nothing_of_the_servers_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APP_SECRET_KEY", "planted")
    dump = f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)))"
    monkeypatch.setattr(images, "_COMMAND", (sys.executable, "-I", "-c", dump))
    rebuilt(saved(drawn(), "PNG"))
    assert "planted" not in (tmp_path / "seen").read_text()


def test_a_decoder_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = (
        "import os; print(os.getpid(), flush=True); import threading; threading.Event().wait()"
    )
    monkeypatch.setattr(images, "_COMMAND", (sys.executable, "-I", "-c", forever))
    monkeypatch.setattr(images, "DECODING_SECONDS", 0.5)
    with pytest.raises(UnusableError) as caught:
        rebuilt(saved(drawn(), "PNG"))
    assert caught.value.fault is Fault.COSTLY
    assert caught.value.__cause__ is None
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert not [child for child in children if b"threading" in _command(child)]


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_its_limits_are_real(tmp_path: Path) -> None:
    """Each is tried on a process that has taken them."""
    limited = "from appinstance_app.avatars import decoding as d; d.limit_self()\n"
    for attempt, expected in (
        (f"x = bytearray({MAX_DATA_BYTES})", "MemoryError"),
        ("import resource as r; r.setrlimit(r.RLIMIT_DATA, (-1, -1))", "ValueError"),
        (
            "import os; os.write(os.open('planted', os.O_CREAT | os.O_WRONLY), b'x')",
            "File too large",
        ),
        ("while True: pass", str(-signal.SIGKILL)),
    ):
        code = limited.replace("d.limit_self", "d.MAX_CPU_SECONDS = 1; d.limit_self") + attempt
        done = subprocess.run(
            [sys.executable, "-I", "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected in done.stderr + str(done.returncode)


def test_a_profile_that_does_not_fit_is_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    odd = opened(rebuilt(saved(Image.new("RGB", (64, 64), RED), "PNG", icc_profile=profile)))
    assert near(odd.getpixel((9, 9)), RED)


@pytest.mark.parametrize("size", [0, 1, 3, 8, 12])
def test_short_files_have_no_signature(size: int) -> None:
    assert signature(bytes(size)) is None
    assert signature(b"RIFF\x00\x00\x00\x00WEBX"[:size]) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_no_single_changed_byte_causes_anything_but_a_refusal(kind: str) -> None:
    """A small, fixed fuzz: every byte of the header and every 61st after it."""
    content = saved(drawn((24, 24)), kind)
    # One process for all of them: a crash would break it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for position in [*range(min(64, len(content))), *range(64, len(content), 61)]:
            broken = bytearray(content)
            broken[position] ^= 0xFF
            found, picture = pool.submit(decoding.decoded, bytes(broken)).result()
            assert isinstance(found, Outcome)
            assert found is not Outcome.DONE or opened(picture).size == (SIDE, SIDE)
