"""`aws` for tests: the commands that documents give, sent to the stand-in by botocore's own models.

    python -m support.aws_cli SERVICE OPERATION --parameter value …

An operation or a parameter that AWS does not have is refused, as are values of another type. Of the
real program's ways only those are here that the documents use: JSON and lists of words as values,
`--flag` and `--no-flag`, `--query` and `--output text`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.config import Config
from botocore.model import OperationModel, Shape


class UsageError(Exception):
    """A command that the real program would refuse, too."""


def _client(service: str) -> Any:
    proxy = os.environ["HTTPS_PROXY"]
    make: Any = boto3.client  # its types know names of services, not a name that is given
    return make(
        service,
        region_name=os.environ["AWS_REGION"],
        verify=os.environ["AWS_CA_BUNDLE"],
        config=Config(proxies={"https": proxy, "http": proxy}),
    )


def _operation(client: Any, words: str) -> tuple[str, OperationModel]:
    for method, name in client.meta.method_to_api_mapping.items():
        if method.replace("_", "-") == words:
            return method, client.meta.service_model.operation_model(name)
    raise UsageError(f"{client.meta.service_model.service_name} has no {words}")


def _value(shape: Shape, given: list[str], word: str) -> Any:
    """Return a parameter's value from its words."""
    kind = shape.type_name
    if kind == "list":
        return given if not given[0].startswith("[") else json.loads(given[0])
    if len(given) != 1:
        raise UsageError(f"{word} takes one value")
    if kind == "string":
        return given[0]
    if kind in {"structure", "map"} or kind in {"integer", "long", "float", "double"}:
        return json.loads(given[0])
    raise UsageError(f"{word} is of a kind that is not here: {kind}")


def parameters(model: OperationModel, words: Sequence[str]) -> dict[str, Any]:
    """Return an operation's parameters from a command's words; raises UsageError."""
    members = model.input_shape.members if model.input_shape else {}
    known = {f"--{xform_name(name, '-')}": name for name in members}
    flags = {f"--no-{word[2:]}" for word, name in known.items()
             if members[name].type_name == "boolean"}  # fmt: skip
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        given = []
        while rest and not rest[0].startswith("--"):
            given.append(rest.pop(0))
        if word in flags and not given:
            found[known[f"--{word[5:]}"]] = False
        elif word not in known:
            raise UsageError(f"{model.name} has no {word}")
        elif members[known[word]].type_name == "boolean" and not given:
            found[known[word]] = True
        elif not given:
            raise UsageError(f"{word} needs a value")
        else:
            found[known[word]] = _value(members[known[word]], given, word)
    return found


def main(words: list[str]) -> int:
    """Run one command; prints what AWS answers, as JSON or as text."""
    service, operation, *rest = words
    asked = {"--query": "@", "--output": "json"}
    for word in asked:
        if word in rest:
            place = rest.index(word)
            asked[word] = rest[place + 1]
            del rest[place : place + 2]
    client = _client(service)
    try:
        method, model = _operation(client, operation)
        answer = getattr(client, method)(**parameters(model, rest))
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 252
    answer.pop("ResponseMetadata", None)
    told = jmespath.search(asked["--query"], answer)
    text = told if asked["--output"] == "text" else json.dumps(told, default=str)
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
