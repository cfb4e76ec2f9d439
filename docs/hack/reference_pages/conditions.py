"""The page of conditions and reasons, from operator/appinstance_operator/api/reasons.py.

Each reason's own page is written by hand, below docs/reasons.
"""

from __future__ import annotations

from appinstance_operator.api.reasons import CONDITIONS, REASONS

from .markdown import HEAD, cell, page, table


def conditions_page() -> str:
    """Every condition with its reasons, and what to do."""
    parts: list[str | list[str]] = [
        "# Conditions and reasons",
        HEAD,
        "The status says in conditions how each area of an AppInstance stands. `Ready` sums them up; `Reconciling` and "
        "`Stalled` are there only while true. `kubectl appi why NAME` follows them down to the pod and its events. Each reason "
        "has a page: what its message looks like, who acts, what goes on meanwhile, why, and what to do.",
        "```console\n$ kubectl get appi acme -n acme -o jsonpath="
        "'{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{\"\\n\"}{end}'\n```",
        table(
            ("condition", "what it says"),
            [(f"[{name}](#{name.lower()})", cell(words)) for name, words in CONDITIONS.items()],
        ),
    ]
    for name, words in CONDITIONS.items():
        rows = [
            (
                f"[{reason.name}](../reasons/{name}/{reason.name}.md)",
                cell(_sentence(reason.means)),
                cell(_sentence(reason.step)),
            )
            for reason in REASONS
            if reason.condition == name
        ]
        parts += [f"## {name}", cell(words), table(("reason", "what it says", "what to do"), rows)]
    return page(*parts)


def _sentence(words: str) -> str:
    """Return it with a capital and a full stop, where there is any."""
    return words[:1].upper() + words[1:].removesuffix(".") + "." if words else ""
