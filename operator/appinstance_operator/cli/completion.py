"""Completion in bash, zsh and fish (argcomplete), and in kubectl's own for `kubectl appi`."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
from pathlib import Path

from .command import Commands

_SHELLS = ("bash", "zsh", "fish")
_NAMES = ("appinstance", "kubectl-appi")
_SEPARATOR = "\013"
_NO_DIRECTIVE = 0
"""What cobra calls "default": where nothing fits, the shell completes names of files."""


def answer(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and exit; do nothing where none does."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)


def candidates(parser: argparse.ArgumentParser, words: list[str]) -> list[str]:
    """Return what may stand in place of the last word."""
    from argcomplete import finders

    line = f"{_NAMES[0]} {' '.join(map(shlex.quote, words[:-1]))} {words[-1] if words else ''}"
    given = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": _SEPARATOR,
        "_ARGCOMPLETE_COMP_WORDBREAKS": "",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line.encode())),
    }
    written, before = io.StringIO(), dict(os.environ)
    os.environ.update(given)
    try:
        finders.CompletionFinder()(parser, exit_method=_stop, output_stream=written)
    except _Stopped:
        pass
    finally:
        os.environ.clear()
        os.environ.update(before)
    found = written.getvalue().split(_SEPARATOR)
    return [item.strip() for item in found if item.strip()]


class _Stopped(BaseException):
    pass


def _stop(_code: int) -> None:
    raise _Stopped


def kubectl_complete() -> None:
    """Answer kubectl, which runs `kubectl_complete-appi` with the words after `kubectl appi`."""
    from .main import parser

    for item in candidates(parser(), sys.argv[1:]):
        sys.stdout.write(f"{item}\n")
    sys.stdout.write(f":{_NO_DIRECTIVE}\n")


def _completion(options: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    names = [name for name in _NAMES if name == Path(sys.argv[0]).name] or list(_NAMES[:1])
    sys.stdout.write(shellcode(names, shell=options.shell))
    return 0


def add_commands(commands: Commands) -> None:
    """Add the command to `appinstance`."""
    added = commands.add("completion", _completion, "print what makes a shell complete this")
    added.add_argument("shell", choices=_SHELLS)
    added.epilog = "For instance: source <(appinstance completion bash)"
