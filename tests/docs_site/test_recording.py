"""The recording of the demo: what was printed, drawn whole, and nothing loaded from elsewhere."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
import recording

from appinstance_local.paths import REPO

_CASTS = sorted((REPO / "docs/pictures").glob("*.cast"))


def _cast(*printed: tuple[float, str], width: int = 60) -> str:
    head = {"version": 2, "width": width, "height": 50, "title": "make demo"}
    return "\n".join(json.dumps(item) for item in [head, *([t, "o", text] for t, text in printed)])


def _rows(svg: str) -> list[str]:
    """Return the texts of each row of the picture, from above."""
    found: dict[int, str] = {}
    for row, text in re.findall(r'<text [^>]*-line-(\d+)\)"[^>]*>([^<]*)</text>', svg):
        found[int(row)] = found.get(int(row), "") + html.unescape(text).replace("\xa0", " ")
    return [found[row].strip() for row in sorted(found)]


@pytest.mark.parametrize("path", _CASTS, ids=lambda path: path.name)
def test_the_picture_is_that_of_the_recording(path: Path) -> None:
    assert path.with_suffix(".svg").read_text() == recording.draw(path.read_text())


@pytest.mark.parametrize("path", _CASTS, ids=lambda path: path.name)
def test_the_recording_names_nothing_of_the_machine_and_loads_nothing(path: Path) -> None:
    assert not re.search(r"/(root|work|home/\w+|Users/\w+)/", path.read_text())
    svg = path.with_suffix(".svg").read_text()
    assert not re.search(r"@import|@font-face|<script|<image|href=|url\((?!#)", svg)


def test_there_is_a_recording_of_the_demo() -> None:
    (path,) = _CASTS
    told = recording.lines(path.read_text())
    assert told[0].text.endswith("$\x1b[0m make demo")
    assert any("Ready=True" in line.text for line in told)


def test_a_command_is_recorded_as_a_terminal_shows_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    cast = recording.record(
        ["test -t 1 && stty size <&1; printf '\\033[36mblue\\033[0m %s\\n' ~/x"], 72
    )
    assert [line.text for line in recording.lines(cast)][1:] == ["50 72", "\x1b[36mblue\x1b[0m ~/x"]


def test_nothing_is_recorded_of_a_command_that_fails() -> None:
    with pytest.raises(SystemExit, match=r"`exit 3` ended with 3"):
        recording.record(["true", "exit 3"])


def test_a_line_that_comes_in_parts_is_one_with_the_time_of_its_beginning() -> None:
    cast = _cast((0.0, "one\r\ntw"), (2.0, "o\r"), (3.0, "\nthree"))
    assert recording.lines(cast) == [
        recording.Line(0.0, "one"), recording.Line(0.0, "two"), recording.Line(3.0, "three"),
    ]  # fmt: skip


@pytest.mark.parametrize("moving", ["10 %\r20 %\n", "\x1b[2Kgone\n", "\x1b[1Aup\n"])
def test_what_moves_the_cursor_is_refused_as_it_would_be_drawn_wrong(moving: str) -> None:
    with pytest.raises(ValueError, match="moves the cursor"):
        recording.lines(_cast((0.0, moving)))


def test_a_long_wait_is_shown_as_a_short_one_and_the_order_stays() -> None:
    assert recording.shown_at([0.0, 0.3, 100.3, 100.3]) == [0.0, 0.1, 1.3, 1.3]


def test_a_line_that_is_too_long_goes_on_in_the_next_and_none_is_lost() -> None:
    long = " ".join(f"word{number}" for number in range(30))
    rows = _rows(recording.draw(_cast((0.0, f"{long}\r\n"), (1.0, 'a <b> & "c"\r\n'))))
    assert max(map(len, rows)) <= 60
    assert " ".join(rows[:-1]) == long
    assert rows[-1] == 'a <b> & "c"'


def test_each_row_appears_at_its_time_where_motion_is_wanted_and_is_there_where_it_is_not() -> None:
    svg = recording.draw(_cast((0.0, "a\r\n"), (3.0, "b\r\n")))
    still, _, moving = svg.partition("@media (prefers-reduced-motion: no-preference)")
    assert "animation" not in still
    assert '[clip-path$="-line-1)"] { animation-delay: 1.0s; }' in moving
