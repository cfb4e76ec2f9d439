"""A terminal recording: commands under a pseudo terminal, kept as asciicast, drawn as one SVG.

    python docs/hack/recording.py record docs/pictures/demo.cast "make demo"
    python docs/hack/recording.py draw docs/pictures/demo.cast

What is drawn is what was printed, with its times: of those only the long waits are shortened, and
the home folder is written `~`. The picture moves by CSS alone, and is whole where nothing moves.
"""

from __future__ import annotations

import argparse
import codecs
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 110
_MOST_SECONDS_BETWEEN = 1.2
"""A longer wait is shown as this one."""
_FASTER = 3.0
# Colours stay; whatever else moves a cursor can't be told line by line.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="TITLE">
<!-- Written by `make recording` of a real run; do not edit. -->
<style>
.{unique_id}-matrix {{ font: 18px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }}
{styles}
@media (prefers-reduced-motion: no-preference) {{
.{unique_id}-matrix text {{ animation: appear 1ms both; }}
DELAYS
}}
@keyframes appear {{ from {{ opacity: 0; }} to {{ opacity: 1; }} }}
</style>
<defs>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


@dataclass(frozen=True)
class Line:
    """A line of the terminal and when it was there, in seconds from the start."""

    seconds: float
    text: str


def _run(command: str, width: int) -> Iterator[str]:
    """Yield what a command prints to a terminal of that width, as it comes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env={**os.environ, "COLUMNS": str(width), "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        while chunk := os.read(ours, 65536):
            yield decoder.decode(chunk)
    except OSError:  # how a pseudo terminal says that nobody writes to it any more
        pass
    finally:
        os.close(ours)
    if process.wait():
        raise SystemExit(f"`{command}` ended with {process.returncode}; nothing was recorded")


def record(commands: Sequence[str], width: int = WIDTH) -> str:
    """Run commands one after another and return the recording (asciicast, version 2)."""
    start, home = time.monotonic(), str(Path.home()).rstrip("/")
    events: list[tuple[float, str]] = []
    for command in commands:
        events.append((time.monotonic() - start, f"\x1b[1;32m$\x1b[0m {command}\r\n"))
        events += [(time.monotonic() - start, text) for text in _run(command, width)]
    head = {"version": 2, "width": width, "height": 50, "title": commands[0]}
    body = [
        [round(when, 3), "o", text.replace(f"{home}/", "~/") if home else text]
        for when, text in events
    ]
    return "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in [head, *body])


def lines(cast: str) -> list[Line]:
    """Return the lines of a recording. Raises ValueError where something moved the cursor."""
    found, text, since = [], "", 0.0
    for event in map(json.loads, cast.splitlines()[1:]):
        when, _, printed = event
        for part in re.split(r"(?<=\n)", printed):
            since = when if not text else since
            text += part
            if text.endswith("\n"):
                found.append(Line(since, text.rstrip("\r\n")))
                text = ""
    if text:
        found.append(Line(since, text))
    for line in found:
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", _COLOUR.sub("", line.text)):
            raise ValueError(f"this moves the cursor, and can't be drawn: {line.text!r}")
    return found


def shown_at(seconds: Sequence[float]) -> list[float]:
    """Return when each line is shown: faster, and no wait longer than is watched."""
    shown, before = [], 0.0
    for index, when in enumerate(seconds):
        wait = (when - seconds[index - 1]) / _FASTER if index else 0.0
        before += min(wait, _MOST_SECONDS_BETWEEN)
        shown.append(round(before, 2))
    return shown


def draw(cast: str) -> str:
    """Return the recording as an SVG; a line that is too long goes on in the next."""
    head = json.loads(cast.splitlines()[0])
    console = Console(
        width=head["width"] + 2, record=True, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", legacy_windows=False,
        _environ={},  # the same picture wherever it is drawn
    )  # fmt: skip
    told = lines(cast)
    rows: list[float] = []
    for line, when in zip(told, shown_at([line.seconds for line in told]), strict=True):
        wrapped = Text.from_ansi(line.text).wrap(console, head["width"]) or [Text()]
        for row in wrapped:
            row.rstrip()
            row.pad_left(1)  # some letters begin a little to the left of where they stand
            console.print(row, no_wrap=True, crop=False, highlight=False)
        rows += [when] * len(wrapped)
    console.print()  # rich clips all lines but the last
    delays = "\n".join(
        f'.rec-matrix text[clip-path$="-line-{row})"] {{{{ animation-delay: {when}s; }}}}'
        for row, when in enumerate(rows)
    )
    form = _FORMAT.replace("TITLE", f"Terminal: {head['title']}").replace("DELAYS", delays)
    svg = console.export_svg(title="", code_format=form, unique_id="rec", font_aspect_ratio=0.55)
    # rich draws the end of each line, too, to the right of the box; and a wide font is to be narrowed.
    svg = re.sub(r"<text [^>]*>\n</text>", "", svg)
    return svg.replace(" textLength=", ' lengthAdjust="spacingAndGlyphs" textLength=')


def main() -> None:
    """Record or draw; what is recorded is drawn beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["record", "draw"])
    parser.add_argument("cast", type=Path)
    parser.add_argument("commands", nargs="*")
    given = parser.parse_args()
    if given.what == "record":
        given.cast.write_text(record(given.commands))
    given.cast.with_suffix(".svg").write_text(draw(given.cast.read_text()))


if __name__ == "__main__":
    main()
