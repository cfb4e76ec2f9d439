"""Creating instances, in blocks that alternate with blocks of the same objects applied raw."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import yaml
from support.operator_world import GOLDEN
from support.waiting import wait_for

from appinstance_operator.api.settings import load_settings
from appinstance_operator.api.spec import parse
from appinstance_operator.desired.names import MANAGED_BY
from appinstance_operator.desired.plan import plan
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.comparison import with_hash
from appinstance_operator.kube.kinds import APPINSTANCE, CHILDREN, NAMESPACE
from appinstance_operator.reconcile.templates import recorded
from appinstance_operator.runtime.workers import WORKERS

from .audit import Request, by_kind, window
from .stage import Stage
from .standins import KNOWN_BY, watch

Body = dict[str, Any]
BLOCK = 34  # three blocks of a hundred, so that each side is first, second and last once
PATIENCE_SECONDS = 900.0
BARE, ANSWERED, OPERATOR = "baseline that nobody answers", "baseline", "operator"
CHILD_RESOURCES = frozenset(kind.plural for kind in CHILDREN)


@dataclass
class Side:
    """One of the sides: seconds until the last object was there, block by block, and the cost."""

    seconds: list[float] = field(default_factory=list)
    settled_seconds: list[float] = field(default_factory=list)
    """Until nobody wrote any more: instances Ready, objects answered."""
    cpu: Counter[str] = field(default_factory=Counter)


@dataclass
class Creation:
    """What creating took."""

    sides: dict[str, Side] = field(
        default_factory=lambda: {name: Side() for name in (BARE, ANSWERED, OPERATOR)}
    )
    requests: Counter[str] = field(default_factory=Counter)
    aws: int = 0
    others: float = 0.0
    """The share of the machine that work took which is not ours."""


def instance(number: int) -> Body:
    """Return the ten-line AppInstance of the golden files, in a namespace of its own."""
    name = f"tenant-{number:04}"
    text = (GOLDEN / "appinstance.yaml").read_text()
    body: Body = yaml.safe_load(text.replace("apps/acme/acme/", f"apps/{name}/acme/"))
    body["metadata"] = {"name": "acme", "namespace": name}
    body["spec"]["host"] = f"{name}.apps.localhost"
    return body


def creates_a_child(kind: str) -> bool:
    """Return whether a kind of request made one of an instance's objects."""
    verb, _, resource = kind.partition(" ")
    return verb == "create" and resource in CHILD_RESOURCES


def side_by_side(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Do the work on all items with as many threads as the operator has."""
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for _ in pool.map(work, items):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # who ends it waits for no more of them
            raise


def make_namespaces(stage: Stage, numbers: range, *prefixes: str) -> None:
    """Make the namespaces of instances (`tenant`) or of a baseline, and wait until all is quiet."""

    def make(name: str) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        stage.admin._send("create", NAMESPACE, "POST", "/api/v1/namespaces", body=body)

    side_by_side(make, [f"{who}-{number:04}" for number in numbers for who in prefixes])
    stage.wait_quiet()


def create(stage: Stage, numbers: Iterable[int]) -> None:
    """Create instances, as fast as the API server takes them."""
    side_by_side(lambda number: stage.admin.create(APPINSTANCE, instance(number)), numbers)


class Readiness(threading.Thread):
    """Watches which instances are Ready for the spec that they have."""

    def __init__(self, kube: Kube) -> None:
        super().__init__(daemon=True)
        self._kube = kube
        self.ready: dict[str, bool] = {}

    def run(self) -> None:
        """Follow the instances for ever."""
        for body in watch(self._kube, APPINSTANCE):
            meta, conditions = body["metadata"], body.get("status", {}).get("conditions") or ()
            self.ready[meta["namespace"]] = any(
                item["type"] == "Ready"
                and item["status"] == "True"
                and item["observedGeneration"] == meta["generation"]
                for item in conditions
            )

    def wait(self, count: int) -> None:
        """Wait until so many instances are Ready and none is not."""
        wait_for(
            f"{count} instances to be Ready",
            lambda: len(self.ready) == count and all(list(self.ready.values())),
            PATIENCE_SECONDS,
        )


class Creator:
    """Creates instances by their numbers, and the same objects raw, each twice elsewhere."""

    def __init__(self, stage: Stage, readiness: Readiness, numbers: range) -> None:
        self._stage = stage
        self._readiness = readiness
        self._numbers = numbers
        self._settings = load_settings(stage.world.settings())
        self._made = Creation()

    def run(self) -> Creation:
        """Create block by block; whose turn is first goes round."""
        make_namespaces(self._stage, self._numbers, "tenant", "bare", "base")
        turns: list[Callable[[range], None]] = [
            lambda numbers: self._raw(BARE, "bare", numbers),
            lambda numbers: self._raw(ANSWERED, "base", numbers),
            self._operator,
        ]
        before = self._stage.others()
        for start in self._numbers[::BLOCK]:
            for turn in turns:
                turn(range(start, min(start + BLOCK, self._numbers.stop)))
            turns = turns[1:] + turns[:1]
        spent = self._stage.others()
        spent.subtract(before)
        self._made.others = spent["others"] / spent["all"]
        return self._made

    def _raw(self, name: str, prefix: str, numbers: range) -> None:
        foreign = (MANAGED_BY,) if name == ANSWERED else (MANAGED_BY, KNOWN_BY)
        sets = [self._objects(f"{prefix}-{number:04}", foreign) for number in numbers]

        def apply_all(objects: list[Body]) -> None:
            for item in objects:
                self._stage.raw.apply(item, live=None)

        seen = self._measured(name, lambda: side_by_side(apply_all, sets))
        self._note(name, seen, [item for item in seen if item.user == "raw"])

    def _objects(self, namespace: str, foreign: Sequence[str]) -> list[Body]:
        """Return what the operator applies for an instance, as somebody else's.

        The labels by which the operator (and the stand-ins, where they are not to answer) know
        theirs have another value of the same length; the owner is one that does not exist, which
        only a garbage collector would mind.
        """
        body = instance(0)
        body["metadata"] |= {"namespace": namespace, "uid": "0" * 36, "generation": 1}
        body["spec"]["host"] = f"{namespace}.apps.localhost"
        planned = plan(parse(body), self._settings).objects
        objects = [with_hash(recorded(item, "0" * 16)) for item in planned]
        made: list[Body] = json.loads(json.dumps(objects))  # labels may be shared between objects
        for item in made:
            labels = item["metadata"]["labels"]
            labels |= {label: "x" * len(labels[label]) for label in foreign}
        return made

    def _operator(self, numbers: range) -> None:
        def create_and_wait() -> None:
            create(self._stage, numbers)
            self._readiness.wait(numbers.stop)

        aws = self._stage.aws_requests()
        seen = self._measured(OPERATOR, create_and_wait)
        self._made.aws += sum((self._stage.aws_requests() - aws).values())
        self._made.requests += by_kind(seen, "operator")
        begun = [item for item in seen if item.resource == "appinstances" and item.created]
        ours = [item for item in seen if item.user == "operator"]
        children = [item for item in ours if creates_a_child(item.kind)]
        self._note(OPERATOR, seen, [*begun, *children])

    def _measured(self, name: str, act: Callable[[], None]) -> list[Request]:
        """Act, and return the requests until all is quiet; note the processor time."""
        before = self._stage.cpu_seconds()
        act()
        seen = self._stage.wait_quiet()
        self._made.sides[name].cpu += self._stage.cpu_seconds() - before
        return seen

    def _note(self, name: str, seen: list[Request], creating: list[Request]) -> None:
        side = self._made.sides[name]
        side.seconds.append(window(creating))
        answers = [item for item in seen if item.user in {"operator", "standins"}]
        side.settled_seconds.append(window([*creating, *answers]))
