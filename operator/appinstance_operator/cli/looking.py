"""`appinstance why`, `tree` and `logs`: what a cluster says of an AppInstance."""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import causes, output
from .command import Commands
from .fleet import CommandError
from .kubectl import Kubectl, add_options
from .standing import standing

_OURS = (
    "deployments,replicasets,pods,cronjobs,jobs,services,ingresses,horizontalpodautoscalers,"
    "poddisruptionbudgets,networkpolicies,serviceaccounts,configmaps"
)
_EXTERNAL = "secretstores.external-secrets.io,externalsecrets.external-secrets.io"
_COMPONENTS = ("backend", "frontend", "migrate")
_PROCESS = re.compile(r"(worker|job)-[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_HIDDEN = ("ReplicaSet",)


def _selector(name: str) -> str:
    return f"app.kubernetes.io/instance={name},app.kubernetes.io/part-of=appinstance-platform"


def seen(client: Kubectl, name: str) -> tuple[causes.World, list[str]]:
    """Return what the cluster says of an AppInstance, and what could not be looked at."""
    instance = client.instance(name)
    where = ("-n", instance["metadata"]["namespace"])
    calls = (
        (_OURS, *where, "-l", _selector(name)),
        (_EXTERNAL, *where, "-l", _selector(name)),
        ("events", *where, "--field-selector", "type=Warning"),
    )
    with ThreadPoolExecutor(len(calls)) as pool:
        ours, external, events = pool.map(lambda words: client.seen(*words), calls)
    notes = [why for _, why in (ours, external, events) if why]
    return causes.World(instance, [*ours[0], *external[0]], events[0]), notes


def lines(cause: causes.Cause, first: str = "", rest: str = "") -> Iterator[str]:
    """Yield a tree of causes line by line."""
    yield first + output.coloured(cause.what, "bold") + f": {output.printable(cause.says)}"
    for index, item in enumerate(cause.because):
        last = index == len(cause.because) - 1
        yield from lines(item, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))


def _why(options: argparse.Namespace) -> int:
    world, notes = seen(Kubectl(options), options.name)
    for note in notes:
        output.complain(f"not everything could be looked at: {note}", "note")
    tree, ready = causes.why(world), causes.is_ready(world.instance)
    if options.output == "json":
        body = {"ready": ready, "cause": tree.as_json(), "next": causes.next_steps(tree)}
        output.to_json(body)
        return 0 if ready else 1
    for line in lines(tree):
        output.say(line)
    for step in causes.next_steps(tree):
        output.say(output.coloured("next: ", "green"), output.printable(step))
    return 0 if ready else 1


Body = Mapping[str, Any]


def nested(instance: Body, objects: Sequence[Body]) -> dict[str, Any]:
    """Return an object with what it owns under it; ReplicaSets are passed over."""
    own = instance["metadata"].get("uid")
    owned: list[dict[str, Any]] = []
    for item in objects:
        owners = item["metadata"].get("ownerReferences") or ()
        if own is not None and any(owner.get("uid") == own for owner in owners):
            below = nested(item, objects)
            owned += below["owns"] if item["kind"] in _HIDDEN else [below]
    fine, words = standing(instance)
    return {
        "kind": instance["kind"],
        "name": instance["metadata"]["name"],
        "fine": fine,
        "says": words,
        "owns": sorted(owned, key=lambda item: (item["kind"], item["name"])),
    }


def _branches(item: Mapping[str, Any], first: str = "", rest: str = "") -> Iterator[str]:
    colour = {True: "green", False: "red", None: "dim"}[item["fine"]]
    words = f"  {output.coloured(item['says'], colour)}" if item["says"] else ""
    yield f"{first}{item['kind']}/{output.printable(item['name'])}{words}"
    for index, inner in enumerate(item["owns"]):
        last = index == len(item["owns"]) - 1
        yield from _branches(
            inner, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  ")
        )


def _tree(options: argparse.Namespace) -> int:
    world, notes = seen(Kubectl(options), options.name)
    for note in notes:
        output.complain(f"not everything could be looked at: {note}", "note")
    tree = nested(world.instance, world.objects)
    if options.output == "json":
        output.to_json(tree)
        return 0
    for line in _branches(tree):
        output.say(line)
    return 0


def _logs(options: argparse.Namespace) -> int:
    client = Kubectl(options)
    instance = client.instance(options.name)
    selector = _selector(options.name)
    if options.component:
        selector += f",app.kubernetes.io/component={options.component}"
    words = [
        "-n",
        instance["metadata"]["namespace"],
        "-l",
        selector,
        "--all-containers",
        "--prefix",
    ]
    words += [f"--tail={options.tail}", "--max-log-requests=50"]
    words += ["--follow"] if options.follow else []
    words += ["--previous"] if options.previous else []
    try:
        return min(subprocess.run(client.command("logs", *words), check=False).returncode, 2)
    except OSError as error:
        raise CommandError(f"kubectl could not be run: {error}") from None


def _component(word: str) -> str:
    """Return a component that an AppInstance may have."""
    if word not in _COMPONENTS and not _PROCESS.fullmatch(word):
        known = ", ".join(_COMPONENTS)
        raise argparse.ArgumentTypeError(
            f"{word!r} is none of {known}, or worker- or job-<its name>"
        )
    return word


def add_commands(commands: Commands) -> None:
    """Add the commands to `appinstance`."""
    why = commands.add("why", _why, "say why an AppInstance is not ready, and what to do next")
    why.epilog = "Exits with 0 when it is ready, 1 when it is not, 2 when it can't be told."
    tree = commands.add("tree", _tree, "show all objects of an AppInstance and how they stand")
    logs = commands.add("logs", _logs, "print the logs of all pods of an AppInstance")
    for added in (why, tree, logs):
        added.add_argument("name", help="of the AppInstance")
        add_options(added)
        if added is not logs:
            added.add_argument("-o", "--output", choices=("text", "json"), default="text")
    logs.add_argument(
        "-c", "--component", type=_component, metavar="COMPONENT",
        help=f"{', '.join(_COMPONENTS)} or worker- or job-<its name>; default: all of them",
    )  # fmt: skip
    logs.add_argument("-f", "--follow", action="store_true", help="go on as they are written")
    logs.add_argument("-p", "--previous", action="store_true", help="of the container before")
    logs.add_argument("--tail", type=int, default=50, help="lines of each (default 50; -1: all)")
