"""What every command of `appinstance` is added with, and what is said of every failure."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from appinstance_operator.api.errors import InvalidSpec, NotAllowed, SettingsError

from . import output
from .fleet import CommandError

Work = Callable[[argparse.Namespace], int]
_BROKEN_PIPE, _INTERRUPTED, _INTERNAL = 141, 130, 70
_OPERATOR_ALONE = frozenset(
    {"aiohttp", "boto3", "botocore", "kopf", "kubernetes", "msgspec", "prometheus_client"}
    | {"structlog", "urllib3"}
)


class Commands:
    """The commands of a parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parsers = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")

    def add(self, name: str, run: Work, text: str) -> argparse.ArgumentParser:
        """Add a command and return its parser."""
        added = self.parsers.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(run=run)
        return added


def ended(options: argparse.Namespace, run: Work) -> int:
    """Run a command and return its exit code; whatever it fails with is one sentence on stderr."""
    try:
        code = run(options)
        sys.stdout.flush()
    except (InvalidSpec, NotAllowed, SettingsError, CommandError) as error:
        output.complain(str(error))
    except BrokenPipeError:
        # Whoever read has had enough (`| head`). Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OPERATOR_ALONE:
            raise
        output.complain(
            "this command is the operator's own and needs its parts: install "
            "'appinstance-operator[operator]', or run it in the operator's image"
        )
    except OSError as error:
        output.complain(f"{error.filename or 'the system'}: {error.strerror or error}")
    except Exception as error:
        if getattr(options, "raises", False) or os.environ.get("APPINSTANCE_DEBUG"):
            raise
        output.complain(
            f"internal error ({type(error).__name__}); please report it with what you ran. "
            "APPINSTANCE_DEBUG=1 shows where it happened"
        )
        return _INTERNAL
    else:
        return code
    return 2


def run(parser: argparse.ArgumentParser, words: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit."""
    options = parser.parse_args(words)
    sys.exit(ended(options, options.run))
