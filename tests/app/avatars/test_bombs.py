"""What a hostile file costs: never more than its process may take, and nobody waits for ever."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from app.avatars.bombs import BOMBS
from app.avatars.hostile import REBUILT, REFUSED
from PIL import Image

from appinstance_app.avatars import images
from appinstance_app.avatars.decoding import MAX_CPU_SECONDS, MAX_DATA_BYTES, SIDE
from appinstance_app.avatars.images import Fault, UnusableError, rebuilt
from appinstance_app.avatars.schemas import MAX_UPLOAD_BYTES

# Its data, and what is mapped from files: the interpreter and libvips.
PEAK_BYTES = MAX_DATA_BYTES + 32 * 1024**2
MEASURE = Path(__file__).with_name("measure.py")


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the peak of each decoder is noted."""
    path = tmp_path / "report"
    command = (sys.executable, "-I", "-S", str(MEASURE), str(path), *images._COMMAND)
    monkeypatch.setattr(images, "_COMMAND", command)
    return path


def outcome(content: bytes) -> tuple[Fault | None, bytes]:
    try:
        return None, rebuilt(content)
    except UnusableError as error:
        return error.fault, b""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_within_its_bounds(name: str, report: Path) -> None:
    make, expected = BOMBS[name]
    content = make()
    assert len(content) <= MAX_UPLOAD_BYTES
    fault, picture = outcome(content)
    assert fault in expected
    if report.exists():  # else it was refused before any process was made
        peak, seconds = report.read_text().split()
        assert int(peak) * 1024 <= PEAK_BYTES
        assert float(seconds) <= MAX_CPU_SECONDS + 1
    if fault is None:
        with Image.open(io.BytesIO(picture), formats=["WEBP"]) as image:
            assert image.size == (SIDE, SIDE)
            assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info)
        assert b"planted" not in picture
        assert b"<script" not in picture


def test_there_are_at_least_eighty_of_them() -> None:
    assert len(BOMBS) + len(REFUSED) + len(REBUILT) >= 130
    assert len(BOMBS) >= 80
