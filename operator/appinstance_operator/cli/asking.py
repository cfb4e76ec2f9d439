"""`appinstance init`: asks for what one AppInstance needs and writes its YAML.

Questions go to stderr and the YAML to stdout, so that `appinstance init > acme.yaml` works. What is
given as an option is not asked for. An answer that the API server would refuse is asked for again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from . import judge, output
from .command import Commands
from .documents import to_yaml
from .fleet import CommandError

_TRIES = 5
_QUESTIONS = (
    ("name", "metadata.name", "Name of the AppInstance", "acme"),
    ("namespace", "metadata.namespace", "Namespace", "{name}"),
    ("host", "spec.host", "Host that it answers on", "{name}.apps.example.com"),
    ("image", "spec.backend.image", "Image of the backend, with a tag", None),
    ("frontend_image", "spec.frontend.image", "Image of the frontend (empty: only the API)", ""),
    (
        "database", "spec.database",
        "Database (provision: the platform makes it; an entry of Secrets Manager: one you have; "
        "none: the app needs none)",
        "provision",
    ),
    (
        "secret_key", "spec.secrets[0].remoteRef.key",
        "Entry with the app's secret key (none: it needs none)", "apps/{namespace}/{name}/app",
    ),
)  # fmt: skip
_NONE = ("", "none", None)
_MADE = "provision"
_SAMPLE = {"name": "x", "namespace": "x", "host": "x.example.com", "image": "x:1", "database": "x"}


def resource(answers: Mapping[str, str]) -> dict[str, Any]:
    """Return the AppInstance that answers describe."""
    spec: dict[str, Any] = {
        "host": answers["host"],
        "backend": {"image": answers["image"]},
    }
    if answers.get("database") == _MADE:
        spec["database"] = {"provision": True}
    elif answers.get("database") not in _NONE:
        spec["database"] = {"credentials": {"remoteRef": {"key": answers["database"]}}}
    if answers.get("frontend_image"):
        spec["frontend"] = {"image": answers["frontend_image"]}
    if answers.get("secret_key") not in _NONE:
        reference = {"key": answers["secret_key"], "property": "secretKey"}
        spec["secrets"] = [{"name": "APP_SECRET_KEY", "remoteRef": reference}]
    return {
        "apiVersion": judge.API_VERSION,
        "kind": "AppInstance",
        "metadata": {"name": answers["name"], "namespace": answers["namespace"]},
        "spec": spec,
    }


def complaint(question: str, answer: str) -> str | None:
    """Return what the API server would say of one answer, None where it would take it."""
    said = judge.refusals(resource({**_SAMPLE, question: answer}))
    return said[0].message if said else None


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def answers_of(given: Mapping[str, str | None], ask: Callable[[str], str]) -> dict[str, str]:
    """Return an answer for each question: as given, or asked for."""
    answers: dict[str, str] = {}
    for key, field, words, default in _QUESTIONS:
        proposed = None if default is None else default.format(**answers)
        told = given.get(key)
        if told is not None:
            said = complaint(key, told) if told or proposed != "" else None
            if said:
                raise CommandError(f"--{key.replace('_', '-')}: {said}")
            answers[key] = told
            continue
        answers[key] = _answer(key, words, proposed, ask, field)
    return answers


def _answer(
    key: str, words: str, proposed: str | None, ask: Callable[[str], str], field: str
) -> str:
    shown = f"{words} [{proposed}]: " if proposed else f"{words}: "
    for _ in range(_TRIES):
        try:
            answer = ask(shown) or proposed or ""
        except (EOFError, UnicodeDecodeError):
            option = f"--{key.replace('_', '-')}"
            raise CommandError(f"no answer for {field}; give {option}") from None
        if not answer and proposed == "":
            return ""
        said = complaint(key, answer)
        if said is None:
            return answer
        output.complain(said, "no")
    raise CommandError(f"no usable answer for {field} after {_TRIES} tries")


def _init(options: argparse.Namespace) -> int:
    given = {key: getattr(options, key) for key, *_ in _QUESTIONS}
    answers = answers_of(given, _ask)
    body = resource(answers)
    sys.stdout.write(to_yaml([body]))
    then = f"kubectl apply -f FILE; kubectl appi why {answers['name']} -n {answers['namespace']}"
    if "credentials" in body["spec"].get("database", {}):
        then = (
            f"put the entries into Secrets Manager first ({answers['database']}: host, port, "
            f"username, password, dbname), then: {then}"
        )
    output.complain(then, "next")
    return 0


def add_commands(commands: Commands) -> None:
    """Add the command to `appinstance`."""
    init = commands.add("init", _init, "ask for what an AppInstance needs and write its YAML")
    for key, _, words, _ in _QUESTIONS:
        init.add_argument(f"--{key.replace('_', '-')}", help=words)
