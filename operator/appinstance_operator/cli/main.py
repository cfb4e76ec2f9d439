"""`appinstance`: what becomes of an AppInstance, what is wrong with one, and why it waits."""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from pathlib import Path

from . import (
    asking,
    cluster,
    completion,
    databases,
    differing,
    drain,
    left_roles,
    looking,
    offline,
    trial,
    wait,
)
from .command import Commands, run
from .offline import role_document

__all__ = ["main", "parser", "role_document"]
DISTRIBUTION = "appinstance-operator"
PLUGIN = "kubectl-appi"


def _program() -> str:
    return "kubectl appi" if Path(sys.argv[0]).name.startswith(PLUGIN) else "appinstance"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    made = argparse.ArgumentParser(prog=_program(), description=__doc__, allow_abbrev=False)
    made.add_argument(
        "--version", action="version", version=f"appinstance {metadata.version(DISTRIBUTION)}"
    )
    commands = Commands(made)
    offline.add_commands(commands)
    differing.add_commands(commands)
    looking.add_commands(commands)
    asking.add_commands(commands)
    completion.add_commands(commands)
    # The operator's own; what they need is imported when they run.
    cluster.add_commands(commands.add)
    drain.add_command(commands.parsers)
    left_roles.add_command(commands.parsers)
    wait.add_command(commands.parsers)
    trial.add_command(commands.parsers)
    databases.add_commands(commands.parsers)
    return made


def main() -> None:
    """Run one command; exit 2 with a sentence when something has to be changed first."""
    made = parser()
    completion.answer(made)
    run(made)


if __name__ == "__main__":
    main()
