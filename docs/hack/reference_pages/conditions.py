"""The page of conditions and reasons, from operator/appinstance_operator/api/reasons.py."""

from __future__ import annotations

from appinstance_operator.api.reasons import CONDITIONS, REASONS

from .markdown import HEAD, cell, page, table


def conditions_page() -> str:
    """Every condition with its reasons, and what to do."""
    parts: list[str | list[str]] = [
        "# Conditions and reasons",
        HEAD,
        "The status says in conditions how each area of an AppInstance stands. `Ready` sums them up; `Reconciling` and "
        "`Stalled` are there only while true. `kubectl appi why NAME` follows them down to the pod and its events.",
        "```console\n$ kubectl get appi acme -n acme -o jsonpath="
        "'{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{\"\\n\"}{end}'\n```",
        table(
            ("condition", "what it says"),
            [(f"[{name}](#{name.lower()})", cell(words)) for name, words in CONDITIONS.items()],
        ),
    ]
    for name, words in CONDITIONS.items():
        own = [reason for reason in REASONS if reason.condition == name]
        parts += [f"## {name}", cell(words)]
        for reason in own:
            step = reason.step[:1].upper() + reason.step[1:]
            parts += [
                f"### {reason.name} {{ #{name.lower()}-{reason.name.lower()} }}",
                cell(reason.means[:1].upper() + reason.means[1:]).removesuffix(".") + ".",
                f"**What to do:** {cell(step)}." if step else "",
            ]
    return page(*parts)
