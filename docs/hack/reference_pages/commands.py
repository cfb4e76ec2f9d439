"""The page of the command line, from its own parser."""

from __future__ import annotations

import argparse

from appinstance_operator.cli.main import parser

from .markdown import HEAD, cell, code, page, table


def _options(command: argparse.ArgumentParser) -> list[tuple[str, str, str]]:
    rows = []
    for action in command._actions:
        if isinstance(action, (argparse._HelpAction, argparse._SubParsersAction)):
            continue
        names = (
            ", ".join(f"`{name}`" for name in action.option_strings)
            or f"`{action.metavar or action.dest}`"
        )
        text = action.help if action.help and action.help != argparse.SUPPRESS else ""
        default = (
            action.default if action.default not in (None, False, argparse.SUPPRESS, (), []) else ""
        )
        rows.append(
            (names, code(str(default)) if default != "" else "", cell(text.replace("%%", "%")))
        )
    return rows


def _commands(command: argparse.ArgumentParser, prefix: str) -> list[str | list[str]]:
    parts: list[str | list[str]] = []
    for action in command._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {item.dest: item.help or "" for item in action._choices_actions}
        for name, inner in action.choices.items():
            words = helps.get(name, "")
            options = _options(inner)
            parts += [
                f"## {prefix}{name}",
                cell(words[:1].upper() + words[1:]).removesuffix(".") + "." if words else "",
            ]
            parts.append(table(("argument", "default", "meaning"), options) if options else "")
            parts += _commands(inner, f"{prefix}{name} ")
    return parts


def commands_page() -> str:
    """Every command with its options."""
    made = parser()
    made.prog = "appinstance"
    return page(
        "# Command line",
        HEAD,
        "`appinstance`, and `kubectl appi` as a plug-in. How to install it and what for: "
        "[operator/README.md](../../operator/README.md).",
        *_commands(made, ""),
    )
