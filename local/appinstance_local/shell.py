"""The one place that starts other programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import LocalError

_TAIL_LINES = 25


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes | None = None,
    log: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program and return its standard output.

    `env` is added to our own environment. With `log`, both streams go to that file and the
    result is empty. Raises LocalError with the end of what the program said when it fails.
    """
    words = [str(word) for word in command]
    data = stdin.encode() if isinstance(stdin, str) else stdin
    merged = {**os.environ, **(env or {})}
    try:
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as sink:
                result = subprocess.run(
                    words,
                    cwd=cwd,
                    env=merged,
                    input=data,
                    timeout=timeout,
                    check=False,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                )
            output = ""
            said = log.read_text(errors="replace") if result.returncode else ""
        else:
            result = subprocess.run(
                words,
                cwd=cwd,
                env=merged,
                input=data,
                timeout=timeout,
                check=False,
                capture_output=True,
            )
            output = result.stdout.decode(errors="replace")
            said = output + result.stderr.decode(errors="replace")
    except FileNotFoundError as error:
        raise LocalError(f"{words[0]} is not installed or not on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise LocalError(f"{words[0]} gave no answer within {timeout:.0f} s") from error
    if result.returncode:
        tail = "\n".join(said.strip().splitlines()[-_TAIL_LINES:])
        raise LocalError(f"`{' '.join(words[:4])}` failed (exit {result.returncode}):\n{tail}")
    return output


def succeeds(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> bool:
    """Return whether a program exits with 0; its output is dropped."""
    try:
        run(command, env=env, timeout=60)
    except LocalError:
        return False
    return True
