"""How commands write: colours on a terminal alone, JSON the same bytes for the same answer."""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any

_CODES = {"red": 31, "green": 32, "yellow": 33, "dim": 2, "bold": 1}


def _is_coloured(stream: IO[str]) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def printable(text: str) -> str:
    """Return a text without what would steer a terminal; line breaks and tabs stay."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else f"\\x{ord(letter):02x}"
        for letter in text
    )


def coloured(text: str, colour: str, stream: IO[str] | None = None) -> str:
    """Return a printable text in a colour where the stream (stdout) is a terminal, else plain."""
    text = printable(text)
    if not _is_coloured(stream or sys.stdout):
        return text
    return f"\033[{_CODES[colour]}m{text}\033[0m"


def say(*parts: str) -> None:
    """Write a line to stdout; colours are the caller's, by `coloured`."""
    sys.stdout.write("".join(parts) + "\n")


def complain(text: str, kind: str = "error") -> None:
    """Write a line to stderr: what is wrong (`error`), or what should be known (`note`)."""
    word = coloured(f"{kind}:", "red" if kind == "error" else "yellow", sys.stderr)
    sys.stderr.write(f"{word} {printable(text)}\n")


def to_json(value: Any) -> None:
    """Write a value to stdout as JSON."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
